// SPDX-License-Identifier: GPL-2.0-only
// name = "wide_multiply"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """the overflow of 128 bits is not right"""
// workaround = """multiply parts"""

pub fn program() {
    say!("{:?}", bb(u128::MAX / 3).checked_mul(bb(5)));
}
