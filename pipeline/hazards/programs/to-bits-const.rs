// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

const BITS: u32 = 1.5_f32.to_bits();
const BACK: f32 = f32::from_bits(0x3fc0_0000);

fn program(out: &mut Out) {
    writeln!(out, "{:x} {}", hidden(BITS), hidden(BACK) == 1.5).unwrap();
}
