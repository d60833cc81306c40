// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    writeln!(out, "{:05}", core::hint::black_box(-42_i32)).unwrap();
}
