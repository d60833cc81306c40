// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

fn program(out: &mut Out) {
    let least = core::hint::black_box(i32::MIN);
    let most = core::hint::black_box(i32::MAX);
    writeln!(out, "{} {}", least.saturating_add(-1), most.saturating_add(1)).unwrap();
    writeln!(out, "{} {}", least.saturating_sub(1), most.saturating_sub(-1)).unwrap();
    let (least, most) = (core::hint::black_box(i64::MIN), core::hint::black_box(i64::MAX));
    writeln!(out, "{} {}", least.saturating_add(-1), most.saturating_add(1)).unwrap();
    let (least, most) = (core::hint::black_box(i8::MIN), core::hint::black_box(i8::MAX));
    writeln!(out, "{} {}", least.saturating_add(-1), most.saturating_add(1)).unwrap();
}
