// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

static TABLE: [u32; 4] = [10, 20, 30, 40];

#[inline(never)]
fn entry(at: usize) -> u32 {
    TABLE[at]
}

fn program(out: &mut Out) {
    writeln!(out, "{}", entry(core::hint::black_box(3))).unwrap();
    writeln!(out, "{}", entry(core::hint::black_box(4))).unwrap();
}
