// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    writeln!(out, "{:.0}|{:5.0}|", "text", "text").unwrap();
}
