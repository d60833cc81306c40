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

fn last() -> u32 {
    let _first = Guard(1);
    // In edition 2021 the temporary of a tail expression outlives the locals.
    made(2).0
}

fn program(out: &mut Out) {
    writeln!(out, "{}", last()).unwrap();
}
