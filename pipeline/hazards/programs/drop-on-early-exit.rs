// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

#[inline(never)]
fn made(number: u32) -> Guard {
    Guard(number)
}

fn both(_first: Guard, number: u32) -> u32 {
    number
}

fn early(number: u32) -> Option<u32> {
    Some(both(made(number), number.checked_sub(5)?))
}

fn program(out: &mut Out) {
    writeln!(out, "{:?}", early(1)).unwrap();
}
