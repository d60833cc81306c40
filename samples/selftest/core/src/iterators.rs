// SPDX-License-Identifier: GPL-2.0-only
//! Iterators: adapters, ends of both kinds, and our own.

use crate::tester::Tester;
use crate::Test;
use core::iter;

pub const TESTS: &[Test] = &[
    ("iterators_adapters", iterators_adapters),
    ("iterators_reductions", iterators_reductions),
    ("iterators_both_ends", iterators_both_ends),
    ("iterators_own", iterators_own),
    ("iterators_fallible", iterators_fallible),
    ("iterators_dyn", iterators_dyn),
];

fn see_all<T: crate::tester::Seen>(t: &mut Tester<'_>, items: impl Iterator<Item = T>) {
    for item in items {
        t.see(&item);
    }
}

fn iterators_adapters(t: &mut Tester<'_>) {
    let numbers: [u32; 30] = t.randoms(50);
    see_all(t, numbers.iter().map(|n| n * n).filter(|n| n % 3 == 1));
    see_all(t, numbers.iter().copied().enumerate().skip(4).step_by(5));
    see_all(
        t,
        numbers
            .iter()
            .zip(numbers.iter().skip(1))
            .map(|(a, b)| a.abs_diff(*b)),
    );
    see_all(t, numbers.iter().copied().take_while(|n| *n != numbers[9]));
    see_all(t, numbers.iter().copied().skip_while(|n| *n != numbers[20]));
    see_all(
        t,
        numbers.iter().flat_map(|n| (0..n % 4).map(move |i| n + i)),
    );
    see_all(t, numbers.iter().filter_map(|n| n.checked_sub(25)));
    see_all(t, numbers.iter().copied().map_while(|n| n.checked_sub(3)));
    see_all(
        t,
        numbers[..3]
            .iter()
            .chain(&numbers[27..])
            .cycle()
            .take(14)
            .copied(),
    );
    see_all(
        t,
        numbers.iter().scan(0, |sum, n| {
            *sum += n;
            Some(*sum)
        }),
    );
    let mut seen = 0;
    let count = numbers.iter().inspect(|n| seen += **n).fuse().count();
    t.same(count, 30);
    t.same(seen, numbers.iter().sum());
}

fn iterators_reductions(t: &mut Tester<'_>) {
    let numbers: [u32; 30] = t.randoms(1_000);
    t.see(&(
        numbers.iter().sum::<u32>(),
        numbers.iter().max(),
        numbers.iter().min(),
    ));
    t.see(
        &numbers
            .iter()
            .map(|n| u64::from(n % 5 + 1))
            .product::<u64>(),
    );
    t.see(&numbers.iter().copied().max_by_key(|n| n % 100));
    t.see(
        &numbers
            .iter()
            .copied()
            .min_by(|a, b| (a % 37).cmp(&(b % 37))),
    );
    t.see(
        &numbers
            .iter()
            .copied()
            .reduce(|a, b| a.wrapping_mul(33) ^ b),
    );
    t.see(&numbers.iter().rfold(7_u32, |a, b| a.rotate_left(5) ^ b));
    t.see(&(
        numbers.iter().any(|n| *n > 990),
        numbers.iter().all(|n| *n < 1_000),
    ));
    t.see(&numbers.iter().copied().find(|n| n % 7 == 0));
    t.same(numbers.iter().last(), numbers.last());
    t.same(numbers.iter().copied().nth(11), Some(numbers[11]));
    t.same((1..=100).sum::<i32>(), 5_050);
    t.same((1..=20_u64).product::<u64>(), 2_432_902_008_176_640_000);
    t.same([1, 2, 3].iter().cmp([1, 2, 4].iter()) as i8, -1);
    t.same((0..5).eq([0, 1, 2, 3, 4]), true);
    t.same(
        [Some(2_u8), Some(3)].into_iter().sum::<Option<u8>>(),
        Some(5),
    );
    let (mut even, mut odd) = (0, 0);
    for number in numbers {
        *if number % 2 == 0 { &mut even } else { &mut odd } += number;
    }
    t.same(even + odd, numbers.iter().sum());
}

fn iterators_both_ends(t: &mut Tester<'_>) {
    let numbers: [u32; 12] = t.randoms(100);
    let mut ends = numbers.iter();
    while let (Some(front), Some(back)) = (ends.next(), ends.next_back()) {
        t.see(&(*front, *back));
    }
    see_all(t, (0..20_i8).rev().step_by(6));
    see_all(t, (b'a'..=b'z').rev().skip(20).map(char::from));
    see_all(t, ('α'..='ε').rev());
    let mut peekable = numbers.iter().copied().peekable();
    let mut runs = 0;
    while let Some(number) = peekable.next() {
        while peekable.next_if(|next| *next > number).is_some() {
            runs += 1;
        }
    }
    t.see(&runs);
    t.same((3..3_u8).len() + (250..=255_u8).count(), 6);
    t.same((0..10).size_hint(), (10, Some(10)));
}

struct Collatz(u64);

impl Iterator for Collatz {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let number = self.0;
        self.0 = match number {
            0 => return None,
            1 => 0,
            even if even % 2 == 0 => even / 2,
            odd => odd * 3 + 1,
        };
        Some(number)
    }
}

fn iterators_own(t: &mut Tester<'_>) {
    t.same(Collatz(27).count(), 112);
    t.same(Collatz(27).max(), Some(9_232));
    see_all(t, Collatz(19));
    see_all(t, Collatz(7).zip(Collatz(9)).skip(3).step_by(2));
    see_all(t, iter::successors(Some(1_u32), |n| n.checked_mul(10)));
    let mut state = (0_u32, 1_u32);
    let fibonacci = iter::from_fn(|| {
        state = (state.1, state.0.checked_add(state.1)?);
        Some(state.0)
    });
    t.same(fibonacci.last(), Some(1_836_311_903));
    see_all(
        t,
        iter::repeat(3_u8)
            .take(2)
            .chain(iter::once(4))
            .chain(iter::empty()),
    );
}

fn iterators_fallible(t: &mut Tester<'_>) {
    let sum = |words: &[&str]| {
        words
            .iter()
            .map(|word| word.parse::<i32>())
            .sum::<Result<i32, _>>()
    };
    t.same(sum(&["1", "-20", "300"]).ok(), Some(281));
    t.same(sum(&["1", "x", "300"]).is_err(), true);
    let total = [100_u8, 100, 100]
        .iter()
        .try_fold(0_u8, |sum, n| sum.checked_add(*n));
    t.same(total, None);
    let found = (1..100_u32).try_for_each(|n| if n * n > 2_000 { Err(n) } else { Ok(()) });
    t.same(found, Err(45));
    t.same(
        ["7", "8"].iter().flat_map(|word| word.parse::<u8>()).max(),
        Some(8),
    );
}

fn iterators_dyn(t: &mut Tester<'_>) {
    let mut squares = (1..4_u32).map(|n| n * n);
    let mut countdown = (0..3_u32).rev();
    let mut sources: [&mut dyn Iterator<Item = u32>; 2] = [&mut squares, &mut countdown];
    for _ in 0..4 {
        for source in sources.iter_mut() {
            t.see(&source.next());
        }
    }
    let by_ref: u32 = (0..10).by_ref().take(4).sum();
    t.same(by_ref, 6);
}
