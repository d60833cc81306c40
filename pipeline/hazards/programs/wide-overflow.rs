// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let one = core::hint::black_box(1_u128);
    writeln!(out, "{:?} {:?}", one.checked_sub(2), u128::MAX.checked_mul(one << 1)).unwrap();
    let least = core::hint::black_box(i128::MIN);
    writeln!(out, "{:?} {:?}", least.checked_sub(1), least.checked_mul(-1)).unwrap();
    writeln!(out, "{:?}", (least + 1).checked_mul(-1)).unwrap();
}
