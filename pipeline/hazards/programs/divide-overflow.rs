// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn divided(number: i32, by: i32) -> i32 {
    number / by
}

fn program(out: &mut Out) {
    writeln!(out, "{}", divided(i32::MIN + 1, core::hint::black_box(-1))).unwrap();
    writeln!(out, "{}", divided(i32::MIN, core::hint::black_box(-1))).unwrap();
}
