// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn shifted(number: u32, by: u32) -> (u32, u32) {
    (number << by, number >> by)
}

#[inline(never)]
fn narrow(number: i8, by: u32) -> (i8, i8) {
    (number << by, number >> by)
}

fn program(out: &mut Out) {
    for by in [0_u32, 1, 31, 32, 33, 63] {
        writeln!(out, "{:?} {:?}", shifted(0x8000_0001, by), narrow(-100, by)).unwrap();
    }
}
