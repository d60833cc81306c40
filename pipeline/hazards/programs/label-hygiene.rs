// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

macro_rules! twice {
    ($body:expr) => {
        'again: for _turn in 0..2 {
            if $body {
                continue 'again;
            }
        }
    };
}

fn program(out: &mut Out) {
    let mut count = 0;
    'again: for turn in 0..3 {
        twice!({
            count += 1;
            if turn == 1 {
                continue 'again;
            }
            true
        });
        count += 10;
    }
    writeln!(out, "{}", count).unwrap();
}
