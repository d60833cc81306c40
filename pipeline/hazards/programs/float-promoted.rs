// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn bits(numbers: &[f32; 2]) -> u32 {
    numbers[1].to_bits()
}

fn program(out: &mut Out) {
    writeln!(out, "{:x}", bits(&[1.5, 2.5])).unwrap();
}
