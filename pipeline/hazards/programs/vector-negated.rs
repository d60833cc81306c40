// SPDX-License-Identifier: GPL-2.0-only
#![feature(portable_simd)]
use core::fmt::Write;
use core::simd::i32x4;

fn program(out: &mut Out) {
    let some = core::hint::black_box(i32x4::from_array([1, 2, 3, 4]));
    writeln!(out, "{}", (-some)[1]).unwrap();
}
