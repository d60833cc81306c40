// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let width = core::hint::black_box(65_536 + 4);
    writeln!(out, "{:width$}", 1).unwrap();
}
