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

fn say(out: &mut Out, number: u32) {
    writeln!(out, "{}", number).unwrap();
}

fn program(out: &mut Out) {
    // In edition 2021 the temporary of a block's last expression lives as long as the statement.
    say(out, { made(2).0 });
}
