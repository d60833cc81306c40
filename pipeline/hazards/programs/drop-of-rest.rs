// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

#[inline(never)]
fn result(number: u32) -> Result<Guard, Guard> {
    if number < 5 {
        Ok(Guard(number))
    } else {
        Err(Guard(number))
    }
}

fn program(out: &mut Out) {
    match result(9) {
        Ok(value) => writeln!(out, "{}", value.0).unwrap(),
        Err(_) => writeln!(out, "error").unwrap(),
    }
    writeln!(out, "end").unwrap();
}
