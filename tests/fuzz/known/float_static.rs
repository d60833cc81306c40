// SPDX-License-Identifier: GPL-2.0-only
// name = "float_static"
// transpiler = "mrustc"
// archs = ["m68k"]
// wrong = """the bytes of floats in statics, on big-endian"""
// workaround = """from_bits at run time"""

static HALVES: [f32; 2] = [1.5, 2.5];
pub fn program() {
    say!("{:x}", bb(&HALVES)[1].to_bits());
}
