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
    let first = made(1);
    let second = made(2);
    let closure = move || {
        let (later, earlier) = (&second, &first);
        later.0 + earlier.0
    };
    writeln!(out, "{}", closure()).unwrap();
}
