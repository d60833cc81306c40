// SPDX-License-Identifier: GPL-2.0-only
//! Small programs that use many parts of the language at once.

use crate::tester::Tester;
use crate::Test;

pub const TESTS: &[Test] = &[
    ("programs_sha256", programs_sha256),
    ("programs_interpreter", programs_interpreter),
    ("programs_expression", programs_expression),
    ("programs_big_numbers", programs_big_numbers),
    ("programs_hash_map", programs_hash_map),
    ("programs_heap", programs_heap),
    ("programs_life", programs_life),
    ("programs_linked_list", programs_linked_list),
];

/// The fractional part of a number's root as 32 bits, by whole numbers: `roots` is 2 or 3.
fn fraction_of_root(number: u64, roots: u32) -> u32 {
    let (mut low, mut high) = (0_u128, 1_u128 << 40);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle.pow(roots) <= u128::from(number) << (32 * roots) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low as u32
}

/// SHA-256 (FIPS 180-4) of at most 55 bytes; its constants are computed, not written down.
fn sha256(message: &[u8]) -> [u8; 32] {
    let mut primes = (2_u64..).filter(|n| (2..*n).all(|divisor| n % divisor != 0));
    let mut state = [0_u32; 8];
    let mut constants = [0_u32; 64];
    for index in 0..64 {
        let prime = primes.next().unwrap_or_default();
        constants[index] = fraction_of_root(prime, 3);
        if index < 8 {
            state[index] = fraction_of_root(prime, 2);
        }
    }
    let mut block = [0_u8; 64];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] = 0x80;
    block[56..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    let mut words = [0_u32; 64];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    for i in 16..64 {
        let (a, b) = (words[i - 15], words[i - 2]);
        let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ a >> 3;
        let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ b >> 10;
        words[i] = words[i - 16]
            .wrapping_add(s0)
            .wrapping_add(words[i - 7])
            .wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    for (constant, word) in constants.iter().zip(words) {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = e & f ^ !e & g;
        let first = [s1, choice, *constant, word]
            .iter()
            .fold(h, |sum, n| sum.wrapping_add(*n));
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = a & b ^ a & c ^ b & c;
        let second = s0.wrapping_add(majority);
        (h, g, f, e) = (g, f, e, d.wrapping_add(first));
        (d, c, b, a) = (c, b, a, first.wrapping_add(second));
    }
    let mut hash = [0; 32];
    for ((bytes, old), new) in hash
        .chunks_exact_mut(4)
        .zip(state)
        .zip([a, b, c, d, e, f, g, h])
    {
        bytes.copy_from_slice(&old.wrapping_add(new).to_be_bytes());
    }
    hash
}

fn programs_sha256(t: &mut Tester<'_>) {
    let hash = sha256(b"abc");
    t.same(&hash[..4], &[0xba, 0x78, 0x16, 0xbf][..]);
    t.same(&hash[28..], &[0xf2, 0x00, 0x15, 0xad][..]);
    t.see(&hash);
}

#[derive(Clone, Copy)]
enum Instruction {
    Push(i64),
    Load(u8),
    Store(u8),
    Add,
    Multiply,
    Subtract,
    JumpIfPositive(u16),
    Return,
}

fn execute(code: &[Instruction], slots: &mut [i64; 4]) -> Result<i64, &'static str> {
    use Instruction::*;
    let mut stack = [0_i64; 8];
    let (mut top, mut place) = (0_usize, 0_usize);
    for _ in 0..10_000 {
        let instruction = *code.get(place).ok_or("ran off the end")?;
        place += 1;
        let (taken, given) = match instruction {
            Push(_) | Load(_) => (0, 1),
            Add | Multiply | Subtract => (2, 1),
            Store(_) | JumpIfPositive(_) | Return => (1, 0),
        };
        if top < taken {
            return Err("stack is empty");
        }
        let (a, b) = (
            top.checked_sub(2).map_or(0, |i| stack[i]),
            top.checked_sub(1).map_or(0, |i| stack[i]),
        );
        top = top - taken + given;
        let result = match instruction {
            Push(value) => Some(value),
            Load(slot) => slots.get(usize::from(slot)).copied(),
            Add => a.checked_add(b),
            Multiply => a.checked_mul(b),
            Subtract => a.checked_sub(b),
            Store(slot) => {
                *slots.get_mut(usize::from(slot)).ok_or("no such slot")? = b;
                continue;
            }
            JumpIfPositive(target) => {
                if b > 0 {
                    place = usize::from(target);
                }
                continue;
            }
            Return => return Ok(b),
        };
        *stack.get_mut(top - 1).ok_or("stack is full")? = result.ok_or("overflow")?;
    }
    Err("takes too long")
}

fn programs_interpreter(t: &mut Tester<'_>) {
    use Instruction::*;
    let factorial = [
        Push(1),
        Store(1),
        Load(0),
        Load(1),
        Multiply,
        Store(1),
        Load(0),
        Push(1),
        Subtract,
        Store(0),
        Load(0),
        JumpIfPositive(2),
        Load(1),
        Return,
    ]; // fmt: skip
    t.same(
        execute(&factorial, &mut [20, 0, 0, 0]),
        Ok(2_432_902_008_176_640_000),
    );
    t.same(execute(&factorial, &mut [21, 0, 0, 0]), Err("overflow"));
    t.same(execute(&[Add], &mut [0; 4]), Err("stack is empty"));
    t.same(
        execute(&[Push(1), JumpIfPositive(0)], &mut [0; 4]),
        Err("takes too long"),
    );
    t.same(execute(&[Push(1); 9], &mut [0; 4]), Err("stack is full"));
    t.same(
        execute(&[Push(5), Store(3), Load(3), Add], &mut [0; 4]),
        Err("stack is empty"),
    );
}

/// A parser of sums and products by recursive descent.
struct Parser<'a> {
    rest: &'a [u8],
}

impl Parser<'_> {
    fn take(&mut self, wanted: u8) -> bool {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.split_first() {
            Some((first, rest)) if *first == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn sum(&mut self) -> Option<i64> {
        let mut value = self.product()?;
        loop {
            if self.take(b'+') {
                value = value.checked_add(self.product()?)?;
            } else if self.take(b'-') {
                value = value.checked_sub(self.product()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<i64> {
        let mut value = self.atom()?;
        while self.take(b'*') {
            value = value.checked_mul(self.atom()?)?;
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<i64> {
        if self.take(b'-') {
            return self.atom()?.checked_neg();
        }
        if self.take(b'(') {
            let value = self.sum()?;
            return self.take(b')').then_some(value);
        }
        let digits = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        core::str::from_utf8(number).ok()?.parse().ok()
    }
}

fn programs_expression(t: &mut Tester<'_>) {
    let evaluate = |text: &str| {
        let mut parser = Parser {
            rest: text.as_bytes(),
        };
        parser.sum().filter(|_| parser.rest.trim_ascii().is_empty())
    };
    t.same(evaluate("1 + 2 * 3"), Some(7));
    t.same(evaluate("-(4 - 10) * (2+ 3)*--2 "), Some(60));
    t.same(evaluate("3037000500 * 3037000500"), None);
    t.same(evaluate("9223372036854775807"), Some(i64::MAX));
    for wrong in ["", "(1", "1 +", "2 3", "9999999999999999999", "1)"] {
        t.same(evaluate(wrong), None);
    }
}

fn programs_big_numbers(t: &mut Tester<'_>) {
    let mut limbs = [0_u32; 12];
    limbs[0] = 1;
    for factor in 1..=50_u32 {
        let mut carry = 0_u64;
        for limb in limbs.iter_mut() {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        t.same(carry, 0);
    }
    t.see(&limbs);
    let mut digits = 0;
    let mut zeros = 0;
    while limbs.iter().any(|limb| *limb != 0) {
        let rest = limbs.iter_mut().rev().fold(0_u64, |rest, limb| {
            let value = rest << 32 | u64::from(*limb);
            *limb = (value / 10) as u32;
            value % 10
        });
        zeros += u32::from(rest == 0 && zeros == digits);
        digits += 1;
    }
    t.same((digits, zeros), (65, 12));
}

/// A map with open addressing.
struct Map<K, V, const N: usize> {
    slots: [Option<(K, V)>; N],
}

impl<K: Copy + PartialEq + Into<u64>, V, const N: usize> Map<K, V, N> {
    fn slot(&self, key: K) -> Option<usize> {
        let start = key.into().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        (0..N)
            .map(|step| (start as usize + step) % N)
            .find(|index| !matches!(&self.slots[*index], Some((other, _)) if *other != key))
    }

    fn insert(&mut self, key: K, value: V) -> Result<Option<V>, V> {
        match self.slot(key) {
            Some(index) => Ok(self.slots[index].replace((key, value)).map(|(_, old)| old)),
            None => Err(value),
        }
    }

    fn get(&self, key: K) -> Option<&V> {
        self.slots[self.slot(key)?].as_ref().map(|(_, value)| value)
    }
}

fn programs_hash_map(t: &mut Tester<'_>) {
    let mut map = Map::<u32, (u8, &str), 23> { slots: [None; 23] };
    for key in t.randoms::<40>(30) {
        let old = map.insert(key, (key as u8, "value"));
        t.see(&old.is_err());
    }
    for key in 0..30_u32 {
        t.same(
            map.get(key)
                .map_or(true, |(value, _)| u32::from(*value) == key),
            true,
        );
    }
    t.see(&map.slots);
}

fn programs_heap(t: &mut Tester<'_>) {
    let mut heap: [u32; 48] = t.randoms(10_000);
    for end in 1..heap.len() {
        let mut child = end;
        while child > 0 && heap[(child - 1) / 2] < heap[child] {
            heap.swap(child, (child - 1) / 2);
            child = (child - 1) / 2;
        }
    }
    t.see(&heap);
    for end in (1..heap.len()).rev() {
        heap.swap(0, end);
        let mut parent = 0;
        while let Some(child) = (2 * parent + 1..(2 * parent + 3).min(end)).max_by_key(|i| heap[*i])
        {
            if heap[child] <= heap[parent] {
                break;
            }
            heap.swap(child, parent);
            parent = child;
        }
    }
    t.same(heap.is_sorted(), true);
}

fn programs_life(t: &mut Tester<'_>) {
    let mut rows = [0_u16; 16];
    for (row, bits) in rows.iter_mut().zip([0b010, 0b001, 0b111]) {
        *row = bits;
    }
    for _ in 0..64 {
        rows = core::array::from_fn(|y| {
            (0..16).fold(0, |next, x| {
                let around: u32 = [15, 0, 1]
                    .iter()
                    .map(|dy| (rows[(y + dy) % 16].rotate_right(x).rotate_left(1) & 7).count_ones())
                    .sum();
                let alive = rows[y] >> x & 1 == 1;
                next | u16::from(around == 3 || alive && around == 4) << x
            })
        });
    }
    t.same(rows.iter().map(|row| row.count_ones()).sum(), 5_u32);
    t.same(
        rows[0].count_ones() + rows[1].count_ones() + rows[2].count_ones(),
        5,
    );
    t.see(&rows);
}

struct Link<'a> {
    value: u32,
    next: Option<&'a mut Link<'a>>,
}

fn push<'a>(list: Option<&'a mut Link<'a>>, place: &'a mut Link<'a>) -> Option<&'a mut Link<'a>> {
    place.next = list;
    Some(place)
}

fn programs_linked_list(t: &mut Tester<'_>) {
    let mut links: [Link<'_>; 6] = t.randoms(100).map(|value| Link { value, next: None });
    let mut list = None;
    for link in links.iter_mut() {
        list = push(list, link);
    }
    let mut cursor = list;
    let mut length = 0;
    while let Some(link) = cursor {
        link.value += length;
        length += 1;
        t.see(&link.value);
        cursor = link.next.take();
    }
    t.same(length, 6);
}
