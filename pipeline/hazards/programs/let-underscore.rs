// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

fn program(out: &mut Out) {
    let _ = Guard(1);
    writeln!(out, "after the first").unwrap();
    let _kept = Guard(2);
    writeln!(out, "after the second").unwrap();
}
