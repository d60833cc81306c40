// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;

#[repr(C, u8)]
#[allow(dead_code)]
enum Told {
    Point { x: u8, y: u16, z: u8 },
    Nothing,
}

fn program(out: &mut Out) {
    let told = Told::Point { x: 1, y: 2, z: 3 };
    let start = &told as *const Told as usize;
    if let Told::Point { x, y, z } = &told {
        let places = [x as *const u8 as usize, y as *const u16 as usize, z as *const u8 as usize];
        writeln!(out, "{:?}", places.map(|place| place - start)).unwrap();
    }
}
