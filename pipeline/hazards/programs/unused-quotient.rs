// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn b<T: Copy>(x: T) -> T {
    unsafe { core::ptr::read_volatile(&x) }
}

fn program(out: &mut Out) {
    let _quotient = b(7u32) / b(0);
    writeln!(out, "after").unwrap();
}
