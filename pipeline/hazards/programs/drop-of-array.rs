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
    let held = [made(1), made(2), made(3)];
    let [_, middle, _] = held;
    writeln!(out, "{}", middle.0).unwrap();
}
