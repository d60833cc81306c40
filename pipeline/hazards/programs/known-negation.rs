// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn opposite(number: i32) -> i32 {
    -number
}

fn program(out: &mut Out) {
    writeln!(out, "{}", opposite(i32::MIN) < 0).unwrap();
}
