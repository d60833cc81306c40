// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[allow(overflowing_literals)]
fn program(out: &mut Out) {
    let wide = 0x1_0000_0001i32 as u64;
    writeln!(out, "{wide}").unwrap();
}
