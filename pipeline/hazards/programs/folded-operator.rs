// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;
use core::ops::{Neg, Shl};

fn program(out: &mut Out) {
    writeln!(out, "{} {}", u8::shl(1, 9), i8::neg(-128) < 0).unwrap();
}
