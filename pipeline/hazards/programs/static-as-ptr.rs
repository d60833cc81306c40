// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

static TABLE: [u8; 2] = [1, 2];
struct Pointer(*const u8);
unsafe impl Sync for Pointer {}
static FIRST: Pointer = Pointer(TABLE.as_ptr());
static SECOND: &u8 = &TABLE[1];

fn second() -> *const u8 {
    &TABLE[1]
}

fn program(out: &mut Out) {
    let table = core::hint::black_box(&TABLE as *const [u8; 2] as *const u8);
    writeln!(out, "{}", core::hint::black_box(&FIRST).0 == table).unwrap();
    writeln!(out, "{} {}", SECOND as *const u8 == table.wrapping_add(1), second() == SECOND).unwrap();
}
