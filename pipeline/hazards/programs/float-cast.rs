// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn casts(number: f64) -> (u8, i8, u32, i32, u64, i64) {
    (number as u8, number as i8, number as u32, number as i32, number as u64, number as i64)
}

fn program(out: &mut Out) {
    for bits in [0xc05e_c000_0000_0000_u64, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000,
        0x7ff8_0000_0000_0000, 0x43f0_0000_0000_0000, 0x41f0_0000_0000_0000] {
        writeln!(out, "{:?}", casts(f64::from_bits(core::hint::black_box(bits)))).unwrap();
    }
}
