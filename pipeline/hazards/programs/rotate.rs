// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    for by in [0_u32, 1, 7, 8, 31, 32, 40, 64, 100] {
        let by = core::hint::black_box(by);
        writeln!(out, "{:x} {:x} {:x} {:x}", 0x81_u8.rotate_left(by), 0x8001_u16.rotate_right(by),
            0x8000_0001_u32.rotate_left(by), 0x8000_0000_0000_0001_u64.rotate_right(by)).unwrap();
    }
}
