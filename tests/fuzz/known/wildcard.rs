// SPDX-License-Identifier: GPL-2.0-only
// name = "wildcard"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """the value is not dropped"""
// workaround = """drop(value)"""

pub fn program() {
    let _ = End(1);
    say!("then");
}
