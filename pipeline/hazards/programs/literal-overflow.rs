// SPDX-License-Identifier: GPL-2.0-only
#![allow(overflowing_literals)]
use core::fmt::Write;

fn program(out: &mut Out) {
    let wide = -9223372036854775808i32 as u64;
    writeln!(out, "{wide}").unwrap();
}
