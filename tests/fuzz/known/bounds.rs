// SPDX-License-Identifier: GPL-2.0-only
// name = "bounds"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """no bounds check"""
// workaround = """get()"""

pub fn program() {
    let a = bb([1_u8, 2, 3]);
    let i = bb(3_usize);
    say!("{}", a[i] == a[i]);
}
