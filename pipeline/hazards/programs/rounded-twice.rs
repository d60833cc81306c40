// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let number: f32 = 9007199791611905.0;
    writeln!(out, "{:x}", number.to_bits()).unwrap();
}
