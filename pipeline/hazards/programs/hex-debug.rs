// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

fn program(out: &mut Out) {
    writeln!(out, "{:02x?}", hidden([1_u8, 0xab])).unwrap();
    writeln!(out, "{:x?}}}{:X?}", hidden(255), hidden(254)).unwrap();
}
