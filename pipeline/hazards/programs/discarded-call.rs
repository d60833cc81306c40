// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Guard(&'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

impl Guard {
    fn new(name: &'static str) -> Guard {
        Guard(name)
    }

    fn other(&self) -> Guard {
        Guard("other")
    }

    fn whole(self) -> Result<Guard, Guard> {
        Ok(self)
    }

    fn number(&self, _other: &Guard) -> u8 {
        1
    }
}

fn same<T>(value: T) -> T {
    value
}

fn early() -> Result<(), Guard> {
    let _ = Guard::new("question mark").whole()?;
    writeln!(Out, "after it").unwrap();
    _ = Guard::new("assigned").whole()?.other();
    Ok(())
}

fn program(out: &mut Out) {
    let _ = Guard::new("path");
    writeln!(out, "after a path").unwrap();
    _ = same(Guard::new("assigned"));
    writeln!(out, "after an assignment").unwrap();
    let _ = Guard::new("method").other();
    writeln!(out, "after a method").unwrap();
    let _ = Guard::new("operand").number(&Guard::new("argument"));
    writeln!(out, "after operands").unwrap();
    let made: fn(&'static str) -> Guard = Guard::new;
    let _: Guard = made("pointer");
    writeln!(out, "after a pointer").unwrap();
    let mut held = Some(Guard::new("taken"));
    let _ = held.take();
    let _ = held.insert(Guard::new("inserted"));
    _ = core::mem::replace(&mut held, None);
    writeln!(out, "{}", early().is_ok()).unwrap();
    for turn in 0..2 {
        let _ = Guard::new("loop");
        if turn == 1 {
            break;
        }
    }
}
