// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[repr(i32)]
#[derive(Clone, Copy)]
enum Errno {
    Again = -11,
    Nomem = -12,
}

fn program(out: &mut Out) {
    let error = Errno::Again as i32;
    writeln!(out, "{} {}", error < 0, Errno::Nomem as i64).unwrap();
}
