// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let text = concat!("at ", 4.0, " V, ", 1_0.50f32, " A, ", 5);
    writeln!(out, "{text}").unwrap();
}
