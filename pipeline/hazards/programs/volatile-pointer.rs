// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let mut place: *const u8 = core::ptr::null();
    let seen = core::hint::black_box(&raw mut place);
    // A loop that reads the same place twice has to read it twice.
    let first = unsafe { seen.read_volatile() };
    unsafe { seen.write_volatile(core::ptr::dangling()) };
    let second = unsafe { seen.read_volatile() };
    writeln!(out, "{} {}", first.is_null(), second.is_null()).unwrap();
}
