// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

static SINGLE: [f32; 2] = [1.5, -2.25];
static DOUBLE: f64 = 0.1;

fn program(out: &mut Out) {
    let words = hidden(&SINGLE);
    writeln!(out, "{:x} {:x}", words[0].to_bits(), words[1].to_bits()).unwrap();
    writeln!(out, "{:x}", hidden(&DOUBLE).to_bits()).unwrap();
}
