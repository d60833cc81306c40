// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    writeln!(out, "{:.*} {} {:>2$.*}", 2, "text", 5, 1, "more").unwrap();
}
