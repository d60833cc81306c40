// SPDX-License-Identifier: GPL-2.0-only
// name = "hex_debug"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """printed literally"""
// workaround = """{:02x} of each"""

pub fn program() {
    say!("{:02x?}", bb([1_u8, 0xab]));
}
