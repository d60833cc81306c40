// SPDX-License-Identifier: GPL-2.0-only
// name = "reverse_bits"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """a table of 15 entries for 16 values"""
// workaround = """a loop of shifts"""

pub fn program() {
    say!("{:x}", bb(0xf1_u8).reverse_bits());
}
