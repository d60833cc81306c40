// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

struct Named(&'static str);

impl Drop for Named {
    fn drop(&mut self) {
        writeln!(Out, "drop {}", self.0).unwrap();
    }
}

struct Pair {
    _left: Named,
    _right: Named,
}

fn made(name: &'static str) -> Named {
    Named(name)
}

fn program(out: &mut Out) {
    let _first = Named("first");
    let mut pair = Pair { _left: Named("left"), _right: Named("right") };
    pair._left = Named("new left");
    match made("temporary").0 {
        text => writeln!(out, "matched {}", text).unwrap(),
    }
    let moved = pair;
    let [_a, _b] = [Named("a"), Named("b")];
    drop(moved._right);
    writeln!(out, "end").unwrap();
}
