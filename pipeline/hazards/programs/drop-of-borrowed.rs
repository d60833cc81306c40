// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

fn program(out: &mut Out) {
    let borrowed = &Guard(1);
    writeln!(out, "{}", borrowed.0).unwrap();
}
