// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let text = core::hint::black_box(b"first
second");
    writeln!(out, "{}", text.len()).unwrap();
}
