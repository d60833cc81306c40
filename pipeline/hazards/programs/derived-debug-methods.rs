// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[derive(Debug)]
struct Held(#[allow(dead_code)] u32);

trait Finish {
    fn finish(&self) -> core::fmt::Result {
        Ok(())
    }
    fn field(&self, _value: &u32) -> &Self {
        self
    }
}

impl<T> Finish for T {}

fn program(out: &mut Out) {
    writeln!(out, "{:?}", Held(1)).unwrap();
}
