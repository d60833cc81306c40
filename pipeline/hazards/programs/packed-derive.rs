// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[derive(Clone, Copy)]
struct Number(u64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::from_ref(self).is_aligned() && self.0 == other.0
    }
}

#[repr(C, packed)]
#[derive(Clone, Copy, PartialEq)]
struct Message {
    kind: u8,
    number: Number,
}

fn program(out: &mut Out) {
    let both = [Message { kind: 1, number: Number(2) }; 2];
    writeln!(out, "{}", both[0] == both[0] && both[1] == both[1]).unwrap();
}
