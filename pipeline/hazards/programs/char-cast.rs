// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

static LETTER: char = 0x51 as char;

fn program(out: &mut Out) {
    writeln!(out, "{:x}", *hidden(&LETTER) as u32).unwrap();
}
