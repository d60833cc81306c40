// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

const fn bit(number: u32) -> u32 {
    1 << number
}

fn program(out: &mut Out) {
    writeln!(out, "{} {}", bit(33), 0x35_u8.reverse_bits()).unwrap();
}
