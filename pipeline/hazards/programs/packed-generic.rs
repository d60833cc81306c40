// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[repr(packed)]
#[derive(Clone, Copy)]
struct Pair<T, S>(u8, T, S);

fn program(out: &mut Out) {
    let bytes: [u8; 4] = unsafe { core::mem::transmute(Pair(1, 0x0202_u16, 3_u8)) };
    writeln!(out, "{bytes:?}").unwrap();
}
