// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let mut turns = core::hint::black_box(0_u8);
    'block: {
        turns += 1;
        if turns > 3 {
            break 'block;
        }
        writeln!(out, "turn {turns}").unwrap();
    }
}
