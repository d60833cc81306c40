// SPDX-License-Identifier: GPL-2.0-only
// name = "wide_bytes"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """the bytes of 128 bits, on big-endian"""
// workaround = """the bytes of the two halves"""

pub fn program() {
    say!("{:?}", bb(0x0102_u128 << 64).to_be_bytes());
}
