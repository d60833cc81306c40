// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

#[inline(never)]
fn program(out: &mut Out) {
    _ = Guard(1);
    writeln!(out, "end").unwrap();
}
