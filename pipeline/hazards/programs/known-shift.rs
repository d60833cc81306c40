// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn bit(number: u32) -> u32 {
    1 << number
}

fn program(out: &mut Out) {
    writeln!(out, "{}", bit(33)).unwrap();
}
