// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    writeln!(out, "{}", column!()).unwrap();
}
