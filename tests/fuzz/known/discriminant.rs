// SPDX-License-Identifier: GPL-2.0-only
// name = "discriminant"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """a wrong value of a negative discriminant"""
// workaround = """match on the variants"""

#[repr(i64)]
#[derive(Clone, Copy)]
enum Low {
    A = -3,
    B = 4,
}
pub fn program() {
    say!("{}", bb(Low::A) as i64);
}
