// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}

fn program(out: &mut Out) {
    let number = hidden(0x1234_5678_u32);
    writeln!(out, "{:x} {:x} {:x}", number.reverse_bits(), (number as u8).reverse_bits(),
        (number as u16).reverse_bits()).unwrap();
    writeln!(out, "{:x}", hidden(0xf0f1_f2f3_0f0e_0d0c_u64).reverse_bits()).unwrap();
}
