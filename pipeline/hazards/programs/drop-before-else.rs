// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

impl Guard {
    fn small(&self) -> Option<u32> {
        (self.0 < 5).then_some(self.0)
    }
}

#[inline(never)]
fn made(number: u32) -> Guard {
    Guard(number)
}

fn program(out: &mut Out) {
    // In edition 2021 the temporary of an `if let` lives until the end of the `else`.
    if let Some(number) = made(9).small() {
        writeln!(out, "{}", number).unwrap();
    } else {
        writeln!(out, "else").unwrap();
    }
}
