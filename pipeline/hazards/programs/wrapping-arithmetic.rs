// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn grows(number: i32) -> bool {
    number + 1 > number
}

#[inline(never)]
fn squared(number: u16) -> u16 {
    number * number
}

#[inline(never)]
fn minus(number: i32) -> i32 {
    -number
}

fn program(out: &mut Out) {
    writeln!(out, "{}", grows(core::hint::black_box(i32::MAX))).unwrap();
    writeln!(out, "{}", squared(core::hint::black_box(0xffff))).unwrap();
    writeln!(out, "{}", minus(core::hint::black_box(i32::MIN))).unwrap();
}
