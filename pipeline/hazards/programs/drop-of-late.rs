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
    let mut last;
    for number in 0..3 {
        last = made(number);
        writeln!(out, "{}", last.0).unwrap();
    }
    writeln!(out, "end").unwrap();
}
