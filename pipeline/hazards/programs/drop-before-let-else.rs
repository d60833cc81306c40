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

impl Guard {
    fn small(&self) -> Option<u32> {
        (self.0 < 5).then_some(self.0)
    }
}

fn program(out: &mut Out) {
    let Some(number) = made(9).small() else {
        writeln!(out, "else").unwrap();
        return;
    };
    writeln!(out, "{}", number).unwrap();
}
