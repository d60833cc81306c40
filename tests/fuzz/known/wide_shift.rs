// SPDX-License-Identifier: GPL-2.0-only
// name = "wide_shift"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """i128 >> is not right"""
// workaround = """shift as u128 and put the sign back"""

pub fn program() {
    say!("{} {}", bb(-5_i128) >> bb(70_u32), bb(i128::MIN) >> bb(64_u32));
}
