// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn remainder(number: i32, divisor: i32) -> i32 {
    number % divisor
}

fn program(out: &mut Out) {
    writeln!(out, "{}", remainder(7, -2)).unwrap();
}
