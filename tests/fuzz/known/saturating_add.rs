// SPDX-License-Identifier: GPL-2.0-only
// name = "saturating_add"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """the minimum has one digit less"""
// workaround = """checked_add"""

pub fn program() {
    say!("{}", bb(i32::MIN).saturating_add(bb(-1)));
}
