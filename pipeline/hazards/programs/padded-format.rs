// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let number = core::hint::black_box(-42_i32);
    writeln!(out, "{:05} {:#010x} {:+} {:>6}", number, 255, 7, "ab").unwrap();
    writeln!(out, "{:<05}|{:>05}|{:*>05}|{:05}|", number, "ab", "ab", "ab").unwrap();
}
