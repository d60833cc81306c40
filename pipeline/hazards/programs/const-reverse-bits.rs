// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

static REVERSED: u8 = 3_u8.reverse_bits();

fn program(out: &mut Out) {
    writeln!(out, "{}", hidden(&REVERSED)).unwrap();
}
