// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn arm(pair: (u32, u32)) -> u32 {
    match pair {
        (a, _) | (_, a) if a > 10 => a,
        _ => 0,
    }
}

fn program(out: &mut Out) {
    writeln!(out, "{} {} {}", arm((11, 3)), arm((3, 42)), arm((1, 2))).unwrap();
}
