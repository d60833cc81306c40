// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

const fn rest(of: i128, by: i128) -> i128 {
    of % by
}

const fn shifted(number: i128, by: u32) -> i128 {
    number >> by
}

static NUMBERS: [i128; 2] = [rest(7, -2), shifted(-1 << 100, 90)];

fn program(out: &mut Out) {
    writeln!(out, "{:?}", hidden(&NUMBERS)).unwrap();
}
