// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

static PRODUCT: Option<u8> = 100_u8.checked_mul(7);
static SUM: Option<i32> = i32::MAX.checked_add(1);

fn program(out: &mut Out) {
    writeln!(out, "{:?} {:?}", hidden(&PRODUCT), hidden(&SUM)).unwrap();
}
