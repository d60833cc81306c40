// SPDX-License-Identifier: GPL-2.0-only
//! Slices and arrays: sorting, searching, cutting, moving.

use crate::tester::Tester;
use crate::Test;
use core::cmp::Reverse;

pub const TESTS: &[Test] = &[
    ("slices_sort", slices_sort),
    ("slices_sort_by_key", slices_sort_by_key),
    ("slices_search", slices_search),
    ("slices_chunks", slices_chunks),
    ("slices_move", slices_move),
    ("slices_split", slices_split),
    ("arrays_const_generic", arrays_const_generic),
];

fn slices_sort(t: &mut Tester<'_>) {
    for limit in [2, 10, 1_000, u32::MAX] {
        let mut numbers: [u32; 60] = t.randoms(limit);
        let before = numbers.iter().fold(0_u32, |sum, n| sum.wrapping_add(*n));
        numbers.sort_unstable();
        t.see(&numbers);
        t.same(numbers.is_sorted(), true);
        t.same(
            numbers.iter().fold(0_u32, |sum, n| sum.wrapping_add(*n)),
            before,
        );
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        t.same(numbers.windows(2).all(|pair| pair[0] >= pair[1]), true);
        t.see(&numbers[..5]);
    }
    let mut words = ["pear", "apple", "fig", "", "apples", "Zebra", "fig tree"];
    words.sort_unstable();
    t.same(
        words,
        ["", "Zebra", "apple", "apples", "fig", "fig tree", "pear"],
    );
}

fn slices_sort_by_key(t: &mut Tester<'_>) {
    let mut pairs = [(0_u8, 0_u32); 40];
    for (pair, number) in pairs.iter_mut().zip(t.randoms::<40>(500)) {
        *pair = ((number % 7) as u8, number);
    }
    pairs.sort_unstable_by_key(|&(group, number)| (Reverse(group), number));
    t.see(&pairs);
    let mut numbers: [u32; 31] = t.randoms(100);
    let (_, median, _) = numbers.select_nth_unstable(15);
    let median = *median;
    numbers.sort_unstable();
    t.same(numbers[15], median);
}

fn slices_search(t: &mut Tester<'_>) {
    let mut numbers: [u32; 50] = t.randoms(120);
    numbers.sort_unstable();
    for wanted in 0..120 {
        let found = numbers.binary_search(&wanted);
        t.same(found.is_ok(), numbers.contains(&wanted));
        if let Err(place) = found {
            t.same(numbers.partition_point(|n| *n < wanted), place);
            t.see(&place);
        }
    }
    t.see(&numbers.iter().position(|n| n % 10 == 3));
    t.see(&numbers.iter().rposition(|n| n % 10 == 3));
    t.same((numbers.first().is_some(), numbers.get(50)), (true, None));
    t.same(numbers.get(48..51), None);
    t.same(
        (
            b"haystack".starts_with(b"hay"),
            b"haystack".ends_with(b"hay"),
        ),
        (true, false),
    );
}

fn slices_chunks(t: &mut Tester<'_>) {
    let numbers: [u32; 23] = t.randoms(1_000);
    for size in 1..8 {
        for chunk in numbers.chunks(size) {
            t.see(chunk);
        }
        for chunk in numbers.rchunks(size) {
            t.see(&chunk.iter().sum::<u32>());
        }
        let exact = numbers.chunks_exact(size);
        t.same(exact.remainder().len(), 23 % size);
        t.same(exact.len(), 23 / size);
        t.same(numbers.windows(size).count(), 24 - size);
    }
    t.see(
        &numbers
            .iter()
            .map(|n| Reverse(*n))
            .min()
            .map(|Reverse(n)| n),
    );
}

fn slices_move(t: &mut Tester<'_>) {
    let mut numbers: [u32; 20] = core::array::from_fn(|index| index as u32);
    numbers.rotate_left(7);
    t.see(&numbers);
    numbers.rotate_right(3);
    t.see(&numbers);
    numbers[2..15].reverse();
    t.see(&numbers);
    numbers.copy_within(5..12, 8);
    t.see(&numbers);
    numbers.swap(0, 19);
    let (left, right) = numbers.split_at_mut(10);
    left.swap_with_slice(right);
    t.see(&numbers);
    numbers[..4].fill(9);
    numbers[16..].copy_from_slice(&[1, 2, 3, 4]);
    t.see(&numbers);
    numbers.iter_mut().rev().step_by(3).for_each(|n| *n *= 2);
    t.see(&numbers);
}

fn slices_split(t: &mut Tester<'_>) {
    let bytes = b"one,two,,three,";
    for part in bytes.split(|byte| *byte == b',') {
        t.see(part);
    }
    t.same(bytes.split(|byte| *byte == b',').count(), 5);
    let mut rest: &[u8] = bytes;
    let mut taken = 0;
    while let [first, tail @ ..] = rest {
        taken += u32::from(*first);
        rest = tail;
    }
    t.see(&taken);
    if let [a, b, middle @ .., z] = &bytes[..] {
        t.see(&(*a, *b, *z));
        t.same(middle.len(), 12);
    }
    t.same(
        bytes
            .split_first()
            .map(|(first, tail)| (*first, tail.len())),
        Some((b'o', 14)),
    );
    t.same(bytes.as_chunks::<4>().0.len(), 3);
    t.same(
        [[1_u8, 2], [3, 4], [5, 6]]
            .as_flattened()
            .iter()
            .sum::<u8>(),
        21,
    );
    t.same([3_u8, 1, 2][..] < [3, 2][..], true);
}

struct Grid<const W: usize, const H: usize>([[i32; W]; H]);

impl<const W: usize, const H: usize> Grid<W, H> {
    const CELLS: usize = W * H;

    fn transposed(&self) -> Grid<H, W> {
        Grid(core::array::from_fn(|x| {
            core::array::from_fn(|y| self.0[y][x])
        }))
    }

    fn times<const N: usize>(&self, other: &Grid<N, W>) -> Grid<N, H> {
        let mut product = Grid([[0; N]; H]);
        for (y, row) in product.0.iter_mut().enumerate() {
            for (x, cell) in row.iter_mut().enumerate() {
                *cell = (0..W).map(|i| self.0[y][i] * other.0[i][x]).sum();
            }
        }
        product
    }
}

fn arrays_const_generic(t: &mut Tester<'_>) {
    let mut grid = Grid([[0_i32; 4]; 3]);
    for cell in grid.0.iter_mut().flatten() {
        *cell = (t.random() % 200) as i32 - 100;
    }
    t.same(Grid::<4, 3>::CELLS, 12);
    t.same(grid.transposed().transposed().0, grid.0);
    let square = grid.times(&grid.transposed());
    t.same(square.transposed().0, square.0);
    t.see(&square.0);
    let doubled = grid.0.map(|row| row.map(|cell| cell * 2));
    t.see(&doubled);
}
