// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

static TABLE: [u8; 2] = [1, 2];
struct Pointer(*const u8);
unsafe impl Sync for Pointer {}
static FIRST: Pointer = Pointer(TABLE.as_ptr());

fn program(out: &mut Out) {
    writeln!(out, "{}", core::hint::black_box(&FIRST).0 == TABLE.as_ptr()).unwrap();
}
