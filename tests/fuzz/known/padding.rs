// SPDX-License-Identifier: GPL-2.0-only
// name = "padding"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """zeros before the sign"""
// workaround = """print the sign by hand"""

pub fn program() {
    say!("{:05} {:#010x}", bb(-7_i32), bb(0xab_u32));
}
