// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[track_caller]
#[inline(never)]
fn caller() -> u32 {
    core::panic::Location::caller().line()
}

fn program(out: &mut Out) {
    let first = caller();
    let second = caller();
    writeln!(out, "{}", second.wrapping_sub(first)).unwrap();
}
