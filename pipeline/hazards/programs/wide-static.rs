// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

static WIDE: u128 = 0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f;

fn program(out: &mut Out) {
    let number = *core::hint::black_box(&WIDE);
    writeln!(out, "{:x} {:x}", (number >> 64) as u64, number as u64).unwrap();
}
