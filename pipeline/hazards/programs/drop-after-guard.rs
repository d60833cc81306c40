// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

#[inline(never)]
fn made(number: u32) -> Option<Guard> {
    Some(Guard(number))
}

fn program(out: &mut Out) {
    match made(1) {
        Some(one) if one.0 == 2 => drop(one),
        Some(_) => writeln!(out, "another").unwrap(),
        None => {}
    }
    writeln!(out, "end").unwrap();
}
