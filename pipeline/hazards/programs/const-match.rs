// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

const fn pick(number: u32) -> u32 {
    match number {
        1 => 10,
        300 => 20,
        _ => 30,
    }
}

static NUMBERS: [u32; 3] = [pick(1), pick(300), pick(0x101)];

fn program(out: &mut Out) {
    writeln!(out, "{:?}", hidden(&NUMBERS)).unwrap();
}
