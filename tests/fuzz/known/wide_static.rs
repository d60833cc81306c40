// SPDX-License-Identifier: GPL-2.0-only
// name = "wide_static"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """a constant of 128 bits, on big-endian"""
// workaround = """two halves"""

static WIDE: u128 = 1 << 100 | 5;
pub fn program() {
    say!("{:x}", bb(&WIDE));
}
