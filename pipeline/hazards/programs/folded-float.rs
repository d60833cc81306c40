// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;
fn sum(one: f32, other: f32) -> f32 {
    one + other
}

fn program(out: &mut Out) {
    let number = sum(sum(16777216.0, 1.0), 1.0);
    writeln!(out, "{}", number as u32).unwrap();
}
