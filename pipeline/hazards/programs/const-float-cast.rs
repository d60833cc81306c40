// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

const fn byte(number: f32) -> u8 {
    number as u8
}

const fn float(number: i32) -> f32 {
    number as f32
}

static BYTE: u8 = byte(300.0);
static FLOAT: f32 = float(-1);

fn program(out: &mut Out) {
    let float = hidden(&FLOAT);
    writeln!(out, "{} {:x}", hidden(&BYTE), float.to_bits()).unwrap();
}
