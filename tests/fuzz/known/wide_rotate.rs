// SPDX-License-Identifier: GPL-2.0-only
// name = "wide_rotate"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """amounts from 64 on are wrong"""
// workaround = """two shifts"""

pub fn program() {
    say!("{:x}", bb(0x8000_0000_0000_0000_0000_0000_0000_0005_u128).rotate_left(bb(100)));
}
