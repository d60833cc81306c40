// SPDX-License-Identifier: GPL-2.0-only
//! Control flow: loops, labels, recursion, early exits, the order of drops.

use crate::tester::Tester;
use crate::Test;
use core::cell::Cell;

pub const TESTS: &[Test] = &[
    ("control_loops", control_loops),
    ("control_labels", control_labels),
    ("control_recursion", control_recursion),
    ("control_early_exit", control_early_exit),
    ("control_drop_order", control_drop_order),
    ("control_state_machine", control_state_machine),
];

fn control_loops(t: &mut Tester<'_>) {
    let mut number = t.random();
    let mut steps = 0_u32;
    let last = loop {
        number = (number >> 1)
            ^ if number & 1 == 1 {
                0xd800_0000_0000_0000
            } else {
                0
            };
        steps += 1;
        if steps % 64 == 0 && number & 3 == 0 || steps == 2_000 {
            break number;
        }
    };
    t.see(&(steps, last));
    let (mut a, mut b) = (1_071_u32, 462_u32);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    t.same(a, 21);
    let mut digits = [0_u8; 10];
    let mut used = 0;
    let mut rest = 907_123_u32;
    while rest > 0 {
        digits[used] = (rest % 10) as u8;
        rest /= 10;
        used += 1;
    }
    t.same(&digits[..used], &[3, 2, 1, 7, 0, 9][..]);
    for (i, j) in (0..5_u32).zip((0..5_u32).rev()) {
        if i == 2 {
            continue;
        }
        t.see(&(i * 10 + j));
    }
}

fn control_labels(t: &mut Tester<'_>) {
    let mut found = None;
    'outer: for a in 1..100_u32 {
        for b in a..100 {
            let c = 100_u32.saturating_sub(a + b);
            if c < b {
                continue 'outer;
            }
            if a * a + b * b == c * c {
                found = Some((a, b, c));
                break 'outer;
            }
        }
    }
    t.same(found, None);
    let mut primes = 0;
    'candidates: for candidate in 2..200_u32 {
        for divisor in 2..candidate {
            if divisor * divisor > candidate {
                break;
            }
            if candidate % divisor == 0 {
                continue 'candidates;
            }
        }
        primes += 1;
    }
    t.same(primes, 46);
    let verdict = 'block: {
        if primes > 100 {
            break 'block "many";
        }
        if primes > 40 {
            break 'block "some";
        }
        "few"
    };
    t.same(verdict, "some");
}

fn ackermann(m: u32, n: u32) -> u32 {
    match (m, n) {
        (0, n) => n + 1,
        (m, 0) => ackermann(m - 1, 1),
        (m, n) => ackermann(m - 1, ackermann(m, n - 1)),
    }
}

fn hanoi(disks: u8, from: usize, to: usize, pegs: &mut [u32; 3]) -> u32 {
    if disks == 0 {
        return 0;
    }
    let other = 3 - from - to;
    let before = hanoi(disks - 1, from, other, pegs);
    pegs[from] -= 1;
    pegs[to] += 1;
    before + 1 + hanoi(disks - 1, other, to, pegs)
}

fn is_even(n: u32) -> bool {
    n == 0 || is_odd(n - 1)
}

fn is_odd(n: u32) -> bool {
    n != 0 && is_even(n - 1)
}

fn control_recursion(t: &mut Tester<'_>) {
    t.same(ackermann(2, 3), 9);
    let mut pegs = [6, 0, 0];
    t.same(hanoi(6, 0, 2, &mut pegs), 63);
    t.same(pegs, [0, 0, 6]);
    t.same((is_even(10), is_odd(7), is_even(9)), (true, true, false));
}

fn checked_average(numbers: &[u8]) -> Option<u8> {
    let mut sum = 0_u8;
    for number in numbers {
        sum = sum.checked_add(*number)?;
    }
    sum.checked_div(u8::try_from(numbers.len()).ok()?)
}

fn first_word(text: &str) -> Result<&str, usize> {
    let Some(end) = text.find(' ') else {
        return Err(text.len());
    };
    if let word @ ("the" | "a") = &text[..end] {
        return first_word(&text[end + 1..]).or(Ok(word));
    }
    Ok(&text[..end])
}

fn control_early_exit(t: &mut Tester<'_>) {
    t.same(checked_average(&[10, 20, 30]), Some(20));
    t.same(checked_average(&[200, 100]), None);
    t.same(checked_average(&[]), None);
    t.same(first_word("the quick fox"), Ok("quick"));
    t.same(first_word("a the"), Ok("a"));
    t.same(first_word("word"), Err(4));
    let mut asked = 0;
    let mut ask = |answer| {
        asked += 1;
        answer
    };
    let short = ask(false) && ask(true) || ask(true) || ask(false);
    t.same((short, asked), (true, 2));
}

/// Writes its digit into a number when it goes.
struct Noisy<'a>(&'a Cell<u64>, u64);

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() * 10 + self.1);
    }
}

fn dropped_early(log: &Cell<u64>, early: bool) {
    let _first = Noisy(log, 1);
    let second = Noisy(log, 2);
    if early {
        return;
    }
    drop(second);
    let _third = Noisy(log, 3);
}

fn control_drop_order(t: &mut Tester<'_>) {
    let log = Cell::new(0);
    dropped_early(&log, true);
    t.same(log.take(), 21);
    dropped_early(&log, false);
    t.same(log.take(), 231);
    {
        let pair = (Noisy(&log, 4), Noisy(&log, 5));
        let (left, _) = pair;
        drop(left);
        log.set(log.get() * 10);
    }
    t.same(log.take(), 405);
    let mut slot = Some(Noisy(&log, 5));
    t.same(slot.as_ref().map(|noisy| noisy.1), Some(5));
    slot = Some(Noisy(&log, 6));
    drop(slot);
    t.same(log.get(), 56);
    let array = [Noisy(&log, 7), Noisy(&log, 8), Noisy(&log, 9)];
    for noisy in array {
        if noisy.1 == 8 {
            break;
        }
    }
    t.same(log.take(), 56_789);
    core::mem::forget(Noisy(&log, 1));
    let kept = core::mem::ManuallyDrop::new(Noisy(&log, 2));
    t.same((log.get(), kept.1), (0, 2));
}

#[derive(Clone, Copy)]
enum State {
    Start,
    Number(u32),
    Comment { depth: u8 },
    Bad,
}

fn control_state_machine(t: &mut Tester<'_>) {
    for text in ["12 (a (b) 9) 345", "7", "1)", "((", "99 (x) 4294967295 1"] {
        let mut state = State::Start;
        let mut total = 0_u64;
        for byte in text.bytes() {
            state = match (state, byte) {
                (State::Start, b'0'..=b'9') => State::Number(u32::from(byte - b'0')),
                (State::Number(value), b'0'..=b'9') => {
                    match value
                        .checked_mul(10)
                        .and_then(|v| v.checked_add(u32::from(byte - b'0')))
                    {
                        Some(value) => State::Number(value),
                        None => State::Bad,
                    }
                }
                (State::Number(value), b' ') => {
                    total += u64::from(value);
                    State::Start
                }
                (State::Start, b'(') => State::Comment { depth: 1 },
                (State::Comment { depth }, b'(') => State::Comment { depth: depth + 1 },
                (State::Comment { depth: 1 }, b')') => State::Start,
                (State::Comment { depth }, b')') => State::Comment { depth: depth - 1 },
                (State::Comment { .. } | State::Start, b' ') | (State::Comment { .. }, _) => state,
                _ => State::Bad,
            };
        }
        let end = match state {
            State::Start => 0,
            State::Number(value) => value,
            State::Comment { depth } => 1_000 + u32::from(depth),
            State::Bad => u32::MAX,
        };
        t.see(&(total, end));
    }
}
