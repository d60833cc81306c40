// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let mut value = 1i32;
    let copy = &(value as i32);
    value += 1;
    writeln!(out, "{} {}", value, copy).unwrap();
}
