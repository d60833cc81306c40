// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let number = core::hint::black_box(-0x1234_5678_9abc_def0_1122_3344_5566_7788_i128);
    for by in [0_u32, 1, 63, 64, 65, 127] {
        let by = core::hint::black_box(by);
        writeln!(out, "{:x} {:x}", number >> by, (number as u128).rotate_left(by)).unwrap();
    }
    writeln!(out, "{:?}", (number as u128).to_be_bytes()).unwrap();
}
