// SPDX-License-Identifier: GPL-2.0-only
// name = "leading_zeros"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """counts in 32 bits"""
// workaround = """widen to u32 and subtract"""

pub fn program() {
    say!("{} {}", bb(1_u8).leading_zeros(), bb(1_u16).leading_zeros());
}
