// SPDX-License-Identifier: GPL-2.0-only
// name = "division"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """no check for zero: the processor's trap instead of a panic"""
// workaround = """checked_div"""

pub fn program() {
    say!("{}", bb(7_i32) / bb(0_i32));
}
