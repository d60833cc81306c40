// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;
use core::marker::PhantomData;

#[derive(Debug)]
pub struct Meters;
#[derive(Debug)]
struct Length<T>(u32, PhantomData<T>);

fn program(out: &mut Out) {
    writeln!(out, "{:?}", Length(5, PhantomData::<Meters>)).unwrap();
}
