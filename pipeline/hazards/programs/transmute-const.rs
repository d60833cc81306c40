// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

static PAIR: [u16; 2] = unsafe { core::mem::transmute(0x0001_0002_u32.to_be()) };

fn program(out: &mut Out) {
    let pair = core::hint::black_box(&PAIR);
    writeln!(out, "{} {}", u16::from_be(pair[0]), u16::from_be(pair[1])).unwrap();
}
