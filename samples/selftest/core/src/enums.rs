// SPDX-License-Identifier: GPL-2.0-only
//! Enums with niches and with data, and matching on them.

use crate::tester::Tester;
use crate::Test;
use core::mem::size_of;
use core::num::{NonZeroU16, NonZeroU32};

pub const TESTS: &[Test] = &[
    ("enums_niches", enums_niches),
    ("enums_data", enums_data),
    ("enums_matching", enums_matching),
    ("enums_options", enums_options),
    ("enums_results", enums_results),
    ("enums_representation", enums_representation),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Inner {
    Flag(bool),
    Nothing,
    Order(core::cmp::Ordering),
}

fn see_inner(t: &mut Tester<'_>, value: Option<Option<Inner>>) {
    match value {
        None => t.see("none"),
        Some(None) => t.see("some none"),
        Some(Some(Inner::Flag(flag))) => t.see(&flag),
        Some(Some(Inner::Nothing)) => t.see("nothing"),
        Some(Some(Inner::Order(order))) => t.see(&(order as i8)),
    }
}

fn enums_niches(t: &mut Tester<'_>) {
    use core::cmp::Ordering;
    for inner in [
        Inner::Flag(false),
        Inner::Flag(true),
        Inner::Nothing,
        Inner::Order(Ordering::Less),
    ] {
        see_inner(t, Some(Some(inner)));
    }
    see_inner(t, Some(None));
    see_inner(t, None);
    for number in 0..3_u16 {
        t.see(&NonZeroU16::new(number).map(NonZeroU16::get));
        t.see(&Some(NonZeroU16::new(number)).map(|inner| inner.map(|n| n.leading_zeros() > 99)));
    }
    let references: [Option<&u8>; 3] = [Some(&7), None, Some(&8)];
    t.same(
        references
            .iter()
            .flatten()
            .map(|n| u32::from(**n))
            .sum::<u32>(),
        15,
    );
    t.same(size_of::<Option<&u8>>() == size_of::<&u8>(), true);
    t.same(size_of::<Option<NonZeroU32>>(), 4);
    t.same(size_of::<Option<bool>>(), 1);
    t.same(size_of::<Option<char>>(), 4);
    let text: [Option<&str>; 3] = [Some(""), None, Some("x")];
    t.see(&text);
    let letters = [Some('a'), None, Some('\u{10ffff}')];
    t.see(&letters);
}

#[derive(Clone, Debug, PartialEq)]
enum Node<'a> {
    Leaf(i64),
    Pair(&'a Node<'a>, &'a Node<'a>),
    Named { name: &'a str, child: &'a Node<'a> },
    Many([i16; 5], u8),
    Empty,
}

impl Node<'_> {
    fn total(&self) -> i64 {
        match self {
            Node::Leaf(value) => *value,
            Node::Pair(left, right) => left.total() + right.total(),
            Node::Named { name, child } => child.total() * name.len() as i64,
            Node::Many(values, factor) => values
                .iter()
                .map(|value| i64::from(*value) * i64::from(*factor))
                .sum(),
            Node::Empty => 0,
        }
    }
}

fn enums_data(t: &mut Tester<'_>) {
    let leaf = Node::Leaf(i64::from(t.random() as u16));
    let many = Node::Many([-1, 20, -300, 4_000, 5], 7);
    let pair = Node::Pair(&leaf, &many);
    let named = Node::Named {
        name: "four",
        child: &pair,
    };
    let top = Node::Pair(&named, &Node::Empty);
    t.same(top.total(), (leaf.total() + 7 * 3_724) * 4);
    t.see(&top.total());
    t.same(top.clone() == top, true);
    t.same(Node::Leaf(1) == Node::Leaf(2), false);
    t.same(
        core::mem::discriminant(&named) == core::mem::discriminant(&pair),
        false,
    );
}

fn classify(value: (i32, Option<&str>)) -> u32 {
    match value {
        (0, None) => 1,
        (n @ 1..=9, None) => n as u32 * 10,
        (-5..=-1 | 100, _) => 3,
        (i32::MIN..=-6, Some(text)) if text.len() > 2 => 4,
        (n, Some("hit")) if n % 2 == 0 => 5,
        (_, Some(text @ ("a" | "b"))) => 6 + text.len() as u32,
        (1_000.., _) => 8,
        _ => 9,
    }
}

fn enums_matching(t: &mut Tester<'_>) {
    for number in [
        i32::MIN,
        -6,
        -5,
        -1,
        0,
        1,
        9,
        10,
        50,
        51,
        100,
        999,
        1_000,
        i32::MAX,
    ] {
        for text in [None, Some("hit"), Some("a"), Some("no"), Some("long")] {
            t.see(&classify((number, text)));
        }
    }
    for letter in "aZ5 é\n€𝄞".chars() {
        t.see(&match letter {
            'a'..='z' => 1_u8,
            'A'..='Z' => 2,
            '0'..='9' => 3,
            ' ' | '\n' => 4,
            '\u{80}'..='\u{ff}' => 5,
            '\u{10000}'.. => 6,
            _ => 7,
        });
    }
    t.same(matches!(Some(5), Some(n) if n > 4), true);
    let ref_pattern = &(1_u8, Some(2_u8));
    let &(a, Some(b)) = ref_pattern else { return };
    t.same(a + b, 3);
}

fn enums_options(t: &mut Tester<'_>) {
    let numbers = [Some(4_u32), None, Some(0), Some(70)];
    for a in numbers {
        t.see(&a.map(|n| n * 2).filter(|n| *n > 5));
        t.see(&(
            a.unwrap_or(9),
            a.map_or(1, |n| n + 1),
            a.unwrap_or_default(),
        ));
        t.see(&(a.ok_or("none"), a.is_some_and(|n| n > 3), a.is_none()));
        for b in numbers {
            t.see(&(a.or(b), a.and(b), a.xor(b)));
            t.see(&a.zip(b));
            t.see(&a.and_then(|n| b.and_then(|m| n.checked_sub(m))));
        }
    }
    let mut slot = None;
    *slot.get_or_insert(5_u8) += 1;
    t.same(slot.replace(9), Some(6));
    t.same(slot.take(), Some(9));
    t.same(*slot.insert(3), 3);
    t.same(slot.as_mut().map(|n| core::mem::replace(n, 8)), Some(3));
    t.same(
        (slot, Some(Some(1_u8)).flatten(), Some(2) > None),
        (Some(8), Some(1), true),
    );
}

fn half(number: i32) -> Result<i32, &'static str> {
    match number % 2 {
        0 => Ok(number / 2),
        _ => Err("odd"),
    }
}

fn eighth(number: i32) -> Result<i32, (&'static str, i32)> {
    let quarter = half(number).and_then(half).map_err(|why| (why, number))?;
    half(quarter).map_err(|why| (why, quarter))
}

fn enums_results(t: &mut Tester<'_>) {
    for number in [0, 1, 2, 4, 8, 80, -16, 12] {
        t.see(&eighth(number));
        t.see(&half(number).or_else(|_| half(number + 1)).ok());
        t.see(&half(number).map_or_else(|why| why.len() as i32, |n| n));
        t.see(&(
            half(number).is_ok_and(|n| n > 1),
            half(number).err(),
            half(number).unwrap_or(7),
        ));
    }
    t.same(Some(half(4)).transpose(), Ok(Some(2)));
    t.same(half(6).iter().count(), 1);
    t.same(half(5).unwrap_err(), "odd");
}

#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
enum Opcode {
    Nop = 0,
    Load = 0x10,
    Store,
    Jump = 0xf0,
}

impl TryFrom<u8> for Opcode {
    type Error = u8;
    fn try_from(byte: u8) -> Result<Self, u8> {
        [Opcode::Nop, Opcode::Load, Opcode::Store, Opcode::Jump]
            .into_iter()
            .find(|opcode| *opcode as u8 == byte)
            .ok_or(byte)
    }
}

#[repr(u16)]
#[derive(Clone, Copy)]
enum Far {
    Below = 0x00ff,
    Above = 0xfffe,
}

fn enums_representation(t: &mut Tester<'_>) {
    for byte in [0_u8, 1, 0x10, 0x11, 0xf0, 0xff] {
        t.see(&Opcode::try_from(byte).map(|opcode| opcode as u32));
    }
    t.same((size_of::<Opcode>(), size_of::<Far>()), (1, 2));
    t.same((Far::Below as i64, Far::Above as u32), (0xff, 0xfffe));
    t.same(Opcode::try_from(0x11_u8), Ok(Opcode::Store));
}

impl crate::tester::Seen for Opcode {
    fn feed(&self, digest: &mut crate::tester::Digest) {
        (*self as u8).feed(digest);
    }
}
