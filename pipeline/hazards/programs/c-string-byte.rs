// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let text = core::hint::black_box(c"a\xffb");
    writeln!(out, "{:?}", text.to_bytes()).unwrap();
}
