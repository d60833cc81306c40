// SPDX-License-Identifier: GPL-2.0-only
//! Closures of all kinds, function pointers, and captures.

use crate::tester::Tester;
use crate::Test;

pub const TESTS: &[Test] = &[
    ("closures_captures", closures_captures),
    ("closures_dyn", closures_dyn),
    ("closures_returned", closures_returned),
    ("function_pointers", function_pointers),
];

fn twice(mut action: impl FnMut() -> u32) -> (u32, u32) {
    (action(), action())
}

fn consume<T, F: FnOnce() -> T>(action: F) -> T {
    action()
}

struct Token(u32);

fn closures_captures(t: &mut Tester<'_>) {
    let mut counter = (t.random() % 100) as u32;
    let start = counter;
    let step = 7;
    let seen = twice(|| {
        counter += step;
        counter
    });
    t.same(seen, (start + 7, start + 14));
    t.same(counter, start + 14);
    let token = Token(counter);
    t.same(consume(move || token.0 * 2), counter * 2);
    let mut pair = (1_u8, [2_u16; 3]);
    {
        let mut change = |by| pair.1[1] += by;
        change(5);
        change(6);
    }
    pair.0 = 9;
    t.same(pair, (9, [2, 13, 2]));
    let add = |a: i32| move |b: i32| move |c: i32| a * 100 + b * 10 + c;
    t.same(add(1)(2)(3), 123);
}

fn closures_dyn(t: &mut Tester<'_>) {
    let offset = (t.random() % 1_000) as i64;
    let double = |n: i64| n * 2;
    let shift = move |n: i64| n + offset;
    let both = |n: i64| shift(double(n));
    let pipeline: [&dyn Fn(i64) -> i64; 3] = [&double, &shift, &both];
    for number in [-5, 0, 12] {
        t.see(&pipeline.iter().fold(number, |value, stage| stage(value)));
    }
    let mut log = [0_i64; 4];
    let mut used = 0;
    let mut record = |n: i64| {
        log[used] = n;
        used += 1;
    };
    let sink: &mut dyn FnMut(i64) = &mut record;
    sink(3);
    sink(offset);
    t.same(log, [3, offset, 0, 0]);
}

fn multiplier(by: u32) -> impl Fn(u32) -> u32 + Copy {
    move |n| n.wrapping_mul(by)
}

fn compose<A, B, C>(first: impl Fn(A) -> B, second: impl Fn(B) -> C) -> impl Fn(A) -> C {
    move |value| second(first(value))
}

fn closures_returned(t: &mut Tester<'_>) {
    let by_three = multiplier(3);
    let copy = by_three;
    let by_twelve = compose(compose(by_three, |n| n + n), |n: u32| u64::from(n) * 2);
    for _ in 0..5 {
        let number = (t.random() % 1_000) as u32;
        t.same(by_twelve(number), u64::from(number) * 12);
        t.same(copy(number), number * 3);
    }
}

fn apply(table: &[(char, fn(i32, i32) -> Option<i32>)], sign: char, a: i32, b: i32) -> Option<i32> {
    let (_, operation) = table.iter().find(|(name, _)| *name == sign)?;
    operation(a, b)
}

fn function_pointers(t: &mut Tester<'_>) {
    let table: [(char, fn(i32, i32) -> Option<i32>); 5] = [
        ('+', i32::checked_add),
        ('-', i32::checked_sub),
        ('*', i32::checked_mul),
        ('/', i32::checked_div),
        ('<', |a, b| Some(i32::from(a < b))),
    ];
    for sign in "+-*/<?".chars() {
        t.see(&apply(&table, sign, 1_000_000, 3_000));
        t.see(&apply(&table, sign, -9, 0));
    }
    let make: fn(u32) -> Token = Token;
    t.same(make(8).0, 8);
    t.same([1, 2].map(Some), [Some(1), Some(2)]);
}
