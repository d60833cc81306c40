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

fn both(first: Guard, second: Guard) -> u32 {
    first.0 + second.0
}

fn program(out: &mut Out) {
    writeln!(out, "{}", both(made(1), made(2))).unwrap();
}
