// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn quotient(number: i32, divisor: i32) -> i32 {
    number / divisor
}

fn program(out: &mut Out) {
    writeln!(out, "{}", quotient(i32::MIN, -1)).unwrap();
}
