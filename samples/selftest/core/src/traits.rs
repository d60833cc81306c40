// SPDX-License-Identifier: GPL-2.0-only
//! Traits, generics, trait objects, operators.

use crate::tester::{Seen, Tester};
use crate::Test;
use core::any::Any;
use core::borrow::Borrow;
use core::ops::{
    Add, AddAssign, Deref, DerefMut, Index, IndexMut, Mul, Neg, Not, RangeInclusive, Sub,
};

pub const TESTS: &[Test] = &[
    ("traits_objects", traits_objects),
    ("traits_defaults", traits_defaults),
    ("traits_operators", traits_operators),
    ("traits_generic", traits_generic),
    ("traits_conversions", traits_conversions),
    ("traits_derived", traits_derived),
    ("traits_any", traits_any),
];

trait Shape {
    fn area(&self) -> u32;
    fn name(&self) -> &'static str;
    fn grow(&mut self, by: u32);
    fn described(&self) -> (u32, &'static str) {
        (self.area() * 10, self.name())
    }
}

struct Square(u32);
struct Rectangle {
    width: u32,
    height: u32,
}

impl Shape for Square {
    fn area(&self) -> u32 {
        self.0 * self.0
    }
    fn name(&self) -> &'static str {
        "square"
    }
    fn grow(&mut self, by: u32) {
        self.0 += by;
    }
}

impl Shape for Rectangle {
    fn area(&self) -> u32 {
        self.width * self.height
    }
    fn name(&self) -> &'static str {
        "rectangle"
    }
    fn grow(&mut self, by: u32) {
        self.width += by;
    }
    fn described(&self) -> (u32, &'static str) {
        (self.width, "its own")
    }
}

fn traits_objects(t: &mut Tester<'_>) {
    let mut square = Square(5);
    let mut rectangle = Rectangle {
        width: 2,
        height: 9,
    };
    let shapes: [&mut dyn Shape; 2] = [&mut square, &mut rectangle];
    for shape in shapes {
        t.see(&(shape.area(), shape.name(), shape.described()));
        shape.grow(3);
        t.see(&shape.area());
    }
    t.same((square.0, rectangle.width), (8, 5));
}

trait Unit {
    const SIZE: u32;
    const NAME: &'static str = "unnamed";
    type Value: Seen + Default;
    fn value() -> Self::Value {
        Self::Value::default()
    }
}

struct Small;
struct Large;

impl Unit for Small {
    const SIZE: u32 = 1;
    type Value = (u8, bool);
}

impl Unit for Large {
    const SIZE: u32 = Small::SIZE * 1_024;
    const NAME: &'static str = "large";
    type Value = u64;
    fn value() -> u64 {
        u64::from(Self::SIZE) << 33
    }
}

fn see_unit<U: Unit>(t: &mut Tester<'_>) {
    t.see(&(U::SIZE, U::NAME, U::value()));
}

fn traits_defaults(t: &mut Tester<'_>) {
    see_unit::<Small>(t);
    see_unit::<Large>(t);
    t.same(<Large as Unit>::value(), 1 << 43);
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Complex {
    re: i32,
    im: i32,
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Complex {
            re: self.re + other.re,
            im: self.im + other.im,
        }
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Complex {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }
}

impl Mul<i32> for Complex {
    type Output = Self;
    fn mul(self, factor: i32) -> Self {
        Complex {
            re: self.re * factor,
            im: self.im * factor,
        }
    }
}

impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1
    }
}

impl Not for Complex {
    type Output = Self;
    fn not(self) -> Self {
        Complex {
            re: self.re,
            im: -self.im,
        }
    }
}

impl AddAssign for Complex {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Seen for Complex {
    fn feed(&self, digest: &mut crate::tester::Digest) {
        (self.re, self.im).feed(digest);
    }
}

/// Numbers with an index that starts at -2.
struct Shifted([u16; 5]);

impl Index<i32> for Shifted {
    type Output = u16;
    fn index(&self, index: i32) -> &u16 {
        &self.0[(index + 2) as usize]
    }
}

impl IndexMut<i32> for Shifted {
    fn index_mut(&mut self, index: i32) -> &mut u16 {
        &mut self.0[(index + 2) as usize]
    }
}

struct Wrapper<T>(T);

impl<T> Deref for Wrapper<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Wrapper<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

fn traits_operators(t: &mut Tester<'_>) {
    let a = Complex { re: 3, im: -4 };
    let b = Complex { re: -2, im: 5 };
    t.same(a * b, Complex { re: 14, im: 23 });
    t.same(a * !a, Complex { re: 25, im: 0 });
    t.same(a - b, Complex { re: 5, im: -9 });
    let mut sum = Complex::default();
    for factor in 1..5 {
        sum += a * factor;
    }
    t.same(sum, Complex { re: 30, im: -40 });
    let mut shifted = Shifted([1, 2, 3, 4, 5]);
    shifted[-2] += 10;
    shifted[2] = shifted[-1] * 100;
    t.same(shifted.0, [11, 2, 3, 4, 200]);
    let mut wrapped = Wrapper(Wrapper([3_u8, 1, 2]));
    wrapped.sort_unstable();
    t.same((wrapped[0], wrapped.len()), (1, 3));
}

fn largest<T: PartialOrd + Copy>(items: &[T]) -> Option<T> {
    let (first, rest) = items.split_first()?;
    Some(
        rest.iter()
            .fold(*first, |best, item| if *item > best { *item } else { best }),
    )
}

struct Stack<T, const N: usize> {
    items: [Option<T>; N],
    used: usize,
}

impl<T, const N: usize> Stack<T, N> {
    fn new() -> Self {
        Stack {
            items: [const { None }; N],
            used: 0,
        }
    }
    fn push(&mut self, item: T) -> Result<(), T> {
        match self.items.get_mut(self.used) {
            Some(slot) => *slot = Some(item),
            None => return Err(item),
        }
        self.used += 1;
        Ok(())
    }
    fn pop(&mut self) -> Option<T> {
        self.used = self.used.checked_sub(1)?;
        self.items[self.used].take()
    }
}

fn clamp_all<I>(items: I, range: RangeInclusive<i32>) -> i32
where
    I: IntoIterator,
    I::Item: Borrow<i32>,
{
    items
        .into_iter()
        .map(|item| *item.borrow().clamp(range.start(), range.end()))
        .sum()
}

fn traits_generic(t: &mut Tester<'_>) {
    let numbers = numbers_to_99(t);
    t.same(largest(&numbers), Some(99));
    t.same(largest(&['x', 'é', 'a']), Some('é'));
    t.same(largest(&[(1_u8, "b"), (1, "a")]), Some((1, "b")));
    t.same(largest::<u64>(&[]), None);
    let mut stack = Stack::<(u32, &str), 3>::new();
    for (index, word) in ["a", "bb", "ccc", "dddd"].into_iter().enumerate() {
        t.see(&stack.push((index as u32, word)).is_ok());
    }
    while let Some(item) = stack.pop() {
        t.see(&item);
    }
    t.same(clamp_all([-50, 5, 500], 0..=10), 15);
    t.same(clamp_all(&[-50, 5, 500], -1..=1), 1);
}

fn numbers_to_99(t: &mut Tester<'_>) -> [u32; 9] {
    let mut numbers = t.randoms(99);
    numbers[4] = 99;
    numbers
}

struct Celsius(i32);
struct Fahrenheit(i32);

impl From<Celsius> for Fahrenheit {
    fn from(Celsius(degrees): Celsius) -> Self {
        Fahrenheit(degrees * 9 / 5 + 32)
    }
}

impl TryFrom<Fahrenheit> for Celsius {
    type Error = i32;
    fn try_from(Fahrenheit(degrees): Fahrenheit) -> Result<Self, i32> {
        let scaled = (degrees - 32) * 5;
        match scaled % 9 {
            0 => Ok(Celsius(scaled / 9)),
            _ => Err(degrees),
        }
    }
}

fn traits_conversions(t: &mut Tester<'_>) {
    let boiling: Fahrenheit = Celsius(100).into();
    t.same(boiling.0, 212);
    t.same(
        Celsius::try_from(boiling).map(|Celsius(degrees)| degrees),
        Ok(100),
    );
    let refused: Result<Celsius, i32> = Fahrenheit(100).try_into();
    t.same(refused.map(|Celsius(degrees)| degrees), Err(100));
    t.same(
        (u64::from(7_u8), i32::from(true), u32::from('A')),
        (7, 1, 65),
    );
    t.same(<[u8; 3]>::try_from(&b"abcd"[..3]).ok(), Some(*b"abc"));
    t.same(AsRef::<[u8]>::as_ref("tests").len(), 5);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Low = 3,
    Middle,
    High = 40,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version<'a>(u8, Level, &'a str);

fn traits_derived(t: &mut Tester<'_>) {
    let versions = [
        Version(1, Level::High, "a"),
        Version(1, Level::Low, "z"),
        Version(1, Level::Low, "b"),
        Version(0, Level::Middle, ""),
    ];
    for a in &versions {
        for b in &versions {
            t.see(&(
                a.cmp(b) as i8,
                a == b,
                a.partial_cmp(b).map(|order| order.is_lt()),
            ));
        }
    }
    let mut sorted = versions.clone();
    sorted.sort_unstable();
    t.same(sorted[0].2, "");
    t.same(sorted[3] == versions[0], true);
    t.same(
        (Level::Low as i32, Level::Middle as i32, Level::High as i64),
        (3, 4, 40),
    );
    t.same(Level::Low.max(Level::High) as u8, 40);
}

fn traits_any(t: &mut Tester<'_>) {
    let values: [&dyn Any; 4] = [&5_u32, &"text", &Complex { re: 1, im: 2 }, &'c'];
    for value in values {
        t.see(&(value.is::<u32>(), value.downcast_ref::<&str>().is_some()));
        t.see(&value.downcast_ref::<Complex>().copied());
    }
}
