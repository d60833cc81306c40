// SPDX-License-Identifier: GPL-2.0-only
use core::any::TypeId;
use core::fmt::Write;

fn program(out: &mut Out) {
    let one = TypeId::of::<fn(&'static u8)>();
    let other = TypeId::of::<for<'a> fn(&'a u8)>();
    writeln!(out, "{}", one == other).unwrap();
}
