// SPDX-License-Identifier: GPL-2.0-only
// name = "static_pointer"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """points to a copy"""
// workaround = """&TABLE as *const _"""

struct Pointer(*const u32);
unsafe impl Sync for Pointer {}
static TABLE: [u32; 2] = [3, 4];
static P: Pointer = Pointer(TABLE.as_ptr());
pub fn program() {
    say!("{}", bb(P.0) == TABLE.as_ptr());
}
