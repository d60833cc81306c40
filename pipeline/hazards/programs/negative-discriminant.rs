// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[repr(i32)]
#[derive(Clone, Copy)]
enum Errno {
    Again = -11,
    Nomem = -12,
}

fn program(out: &mut Out) {
    for one in [Errno::Again, Errno::Nomem] {
        let one = core::hint::black_box(one);
        writeln!(out, "{} {}", one as i32, one as i64).unwrap();
    }
}
