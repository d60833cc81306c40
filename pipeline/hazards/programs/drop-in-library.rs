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
    // In core: match self { Ok(x) => Some(x), Err(_) => None }
    writeln!(out, "{}", result(9).ok().is_some()).unwrap();
    writeln!(out, "{}", result(8).unwrap_or(Guard(1)).0).unwrap();
    writeln!(out, "{}", result(1).err().is_some()).unwrap();
}
