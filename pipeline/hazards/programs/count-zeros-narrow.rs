// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    for number in [0_u8, 1, 0x40, 0xff] {
        let number = core::hint::black_box(number);
        let wide = u16::from(number) << 4;
        writeln!(out, "{} {} {} {}", number.leading_zeros(), number.trailing_zeros(),
            wide.leading_zeros(), wide.trailing_zeros()).unwrap();
    }
}
