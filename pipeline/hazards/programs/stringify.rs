// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

macro_rules! named {
    ($name:ident) => {
        stringify!($name)
    };
}

fn program(out: &mut Out) {
    writeln!(out, "{} {}", stringify!(a+b , c), stringify!(0x1_0 - f ( -5 ) . g [ 1 ])).unwrap();
    writeln!(out, "{} {}", named!(field), concat!(stringify!(x :: y), "!")).unwrap();
}
