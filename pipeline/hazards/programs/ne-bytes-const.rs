// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

const NUMBER: u32 = u32::from_be_bytes([1, 2, 3, 4]);
const BYTES: [u8; 4] = 0x0102_0304_u32.to_be_bytes();
const SAME: u32 = u32::from_ne_bytes(0x0a0b_0c0d_u32.to_ne_bytes());

fn program(out: &mut Out) {
    writeln!(out, "{:x}", hidden(NUMBER)).unwrap();
    writeln!(out, "{:?}", hidden(BYTES)).unwrap();
    writeln!(out, "{:x}", hidden(SAME)).unwrap();
}
