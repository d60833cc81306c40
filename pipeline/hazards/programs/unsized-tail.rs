// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::{Debug, Write};

struct Inner<T: ?Sized> {
    first: u8,
    tail: T,
}

struct Outer<T: ?Sized> {
    head: u16,
    inner: Inner<T>,
}

fn program(out: &mut Out) {
    let made = Outer { head: 1, inner: Inner { first: 2, tail: 0x0102_0304_0506_0708_u64 } };
    let seen: &Outer<dyn Debug> = core::hint::black_box(&made);
    writeln!(out, "{} {} {:?}", seen.head, seen.inner.first, &seen.inner.tail).unwrap();
    writeln!(out, "{}", core::mem::size_of_val(seen) == core::mem::size_of_val(&made)).unwrap();
    let made = Outer { head: 1, inner: Inner { first: 2, tail: [1_u32, 2, 3] } };
    let seen: &Outer<[u32]> = core::hint::black_box(&made);
    writeln!(out, "{} {:?}", seen.inner.first, &seen.inner.tail).unwrap();
    writeln!(out, "{}", core::mem::size_of_val(seen) == core::mem::size_of_val(&made)).unwrap();
}
