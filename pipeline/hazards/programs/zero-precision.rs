// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let text = core::hint::black_box("text");
    writeln!(out, "<{:.0}>", text).unwrap();
}
