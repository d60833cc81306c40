// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

static NAME: &[u8] = b"x
y\0\xff";

fn program(out: &mut Out) {
    let text: &[u8] = core::hint::black_box(b"first
second\
    \\third??=");
    let raw: &[u8] = core::hint::black_box(br#"first
"second" \"#);
    let name = core::hint::black_box(NAME);
    writeln!(out, "{:?} {:?} {:?}", text, raw, name).unwrap();
    writeln!(out, "{}", matches!(raw, b"first\n\"second\" \\")).unwrap();
}
