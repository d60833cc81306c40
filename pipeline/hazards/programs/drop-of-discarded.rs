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

fn program(out: &mut Out) {
    let guard = made(1);
    // A statement that is a name moves the value out, and drops it.
    guard;
    writeln!(out, "end").unwrap();
}
