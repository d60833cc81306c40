// SPDX-License-Identifier: GPL-2.0-only
// name = "char_static"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """the bytes of a cast in a static, on big-endian"""
// workaround = """a literal: 'Q'"""

static LETTER: char = 0x51_u8 as char;
pub fn program() {
    say!("{:?}", bb(&LETTER));
}
