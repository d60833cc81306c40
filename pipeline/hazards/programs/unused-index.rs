// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn b<T: Copy>(x: T) -> T {
    unsafe { core::ptr::read_volatile(&x) }
}

fn program(out: &mut Out) {
    let table = b([1u8, 2, 3]);
    let _element = table[b(3usize)];
    writeln!(out, "after").unwrap();
}
