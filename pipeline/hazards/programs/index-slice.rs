// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn set(words: &mut [u16], at: usize) {
    words[at] = 7;
}

fn program(out: &mut Out) {
    let mut words = [1_u16, 2, 3];
    set(&mut words, 2);
    writeln!(out, "{:?}", words).unwrap();
    set(&mut words[..2], 2);
    writeln!(out, "{:?}", words).unwrap();
}
