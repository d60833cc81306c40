// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn rest(number: i64, by: i64) -> i64 {
    number % by
}

fn program(out: &mut Out) {
    writeln!(out, "{}", rest(-9, core::hint::black_box(4))).unwrap();
    writeln!(out, "{}", rest(-9, core::hint::black_box(0))).unwrap();
}
