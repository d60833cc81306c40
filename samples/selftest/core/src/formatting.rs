// SPDX-License-Identifier: GPL-2.0-only
//! `core::fmt`: every flag that needs no floating point.

use crate::tester::Tester;
use crate::Test;
use core::fmt::{self, Write};

pub const TESTS: &[Test] = &[
    ("formatting_integers", formatting_integers),
    ("formatting_padding", formatting_padding),
    ("formatting_debug", formatting_debug),
    ("formatting_own", formatting_own),
    ("formatting_errors", formatting_errors),
];

/// Text in a buffer of its own; what does not fit is an error.
pub struct Text<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> Text<N> {
    /// Makes an empty text.
    pub fn new() -> Self {
        Text {
            bytes: [0; N],
            used: 0,
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.used]).unwrap_or("not UTF-8")
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used + text.len();
        let place = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

/// Compares a formatted text with what must come out.
fn shows(t: &mut Tester<'_>, args: fmt::Arguments<'_>, expected: &str) {
    let mut text = Text::<160>::new();
    let written = text.write_fmt(args).is_ok();
    t.same(written, true);
    t.same(text.as_str(), expected);
}

fn formatting_integers(t: &mut Tester<'_>) {
    shows(
        t,
        format_args!("{} {} {}", i8::MIN, u16::MAX, i32::MIN),
        "-128 65535 -2147483648",
    );
    shows(
        t,
        format_args!("{} {}", u64::MAX, i64::MIN),
        "18446744073709551615 -9223372036854775808",
    );
    shows(
        t,
        format_args!("{}", u128::MAX),
        "340282366920938463463374607431768211455",
    );
    shows(
        t,
        format_args!("{:x} {:X} {:#x}", 0xbeef_u16, 0xcafe_u32, 255_u8),
        "beef CAFE 0xff",
    );
    shows(
        t,
        format_args!("{:x} {:b} {:o}", -1_i8, -2_i8, -1_i16),
        "ff 11111110 177777",
    );
    shows(
        t,
        format_args!("{:#b} {:#o} {:08x}", 5, 8, 0x1f),
        "0b101 0o10 0000001f",
    );
    shows(
        t,
        format_args!("{:x}", u128::MAX >> 4),
        "fffffffffffffffffffffffffffffff",
    );
    shows(
        t,
        format_args!("{:e} {:e}", 1_500_u32, -7_i64),
        "1.5e3 -7e0",
    );
    shows(
        t,
        format_args!("{:+} {:+} {:05} {:+6}", 1, -1, 42, 42),
        "+1 -1 00042    +42",
    );
    let wide = u128::from(t.random()) << 60;
    let mut text = Text::<160>::new();
    t.same(
        write!(text, "{} {:x} {:o}", wide, wide, wide as i64).is_ok(),
        true,
    );
    t.see(text.as_str());
}

fn formatting_padding(t: &mut Tester<'_>) {
    shows(
        t,
        format_args!("[{:5}] [{:<5}] [{:>5}] [{:^5}]", 42, 42, 42, 42),
        "[   42] [42   ] [   42] [ 42  ]",
    );
    shows(
        t,
        format_args!("[{:5}] [{:>5}] [{:^6}]", "ab", "ab", "abc"),
        "[ab   ] [   ab] [ abc  ]",
    );
    shows(
        t,
        format_args!("[{:*^9}] [{:->4}] [{:é<3}]", "mid", 7, 'x'),
        "[***mid***] [---7] [xéé]",
    );
    shows(
        t,
        format_args!("[{:.2}] [{:5.1}] [{:>4.3}]", "abcdef", "xyz", "世界世界"),
        "[ab] [x    ] [ 世界世]",
    );
    let (width, precision, value) = (7, 2, "abc");
    shows(
        t,
        format_args!("[{:width$.precision$}] [{value:>width$}]", value),
        "[ab     ] [    abc]",
    );
    shows(
        t,
        format_args!("[{0:1$}] [{2:.3$}]", 5, 4, "xy", 1),
        "[   5] [x]",
    );
    shows(
        t,
        format_args!("{0}-{1}-{0} {name}", 1, 2, name = "n"),
        "1-2-1 n",
    );
    shows(
        t,
        format_args!("{{}} {:?} {}", "q\"\n\u{301}é", true),
        "{} \"q\\\"\\n\\u{301}é\" true",
    );
}

#[derive(Debug, Clone, Copy)]
#[allow(dead_code)] // read by Debug
struct Point {
    x: i16,
    y: Option<u8>,
}

#[derive(Debug)]
#[allow(dead_code)] // read by Debug
enum Event<'a> {
    Quit,
    Key(char, bool),
    Move { from: Point, to: &'a Point },
}

#[derive(Debug)]
struct Unit;

#[derive(Debug)]
#[allow(dead_code)] // read by Debug
struct Pair<T>(T, [T; 2]);

fn formatting_debug(t: &mut Tester<'_>) {
    let point = Point { x: -3, y: Some(4) };
    shows(
        t,
        format_args!("{:?} {:?}", point, Unit),
        "Point { x: -3, y: Some(4) } Unit",
    );
    shows(
        t,
        format_args!("{:?} {:?}", Event::Quit, Event::Key('\'', true)),
        "Quit Key('\\'', true)",
    );
    let moved = Event::Move {
        from: point,
        to: &Point { x: 0, y: None },
    };
    shows(
        t,
        format_args!("{:?}", moved),
        "Move { from: Point { x: -3, y: Some(4) }, to: Point { x: 0, y: None } }",
    );
    shows(
        t,
        format_args!("{:#?}", point),
        "Point {\n    x: -3,\n    y: Some(\n        4,\n    ),\n}",
    );
    shows(
        t,
        format_args!("{:?}", Pair("a", ["b", "c"])),
        "Pair(\"a\", [\"b\", \"c\"])",
    );
    shows(
        t,
        format_args!("{:3?} {:?}", [1, 171], Some("cd")),
        "[  1, 171] Some(\"cd\")",
    );
    shows(
        t,
        format_args!("{:?} {:?}", (1, "x", ()), [(); 2]),
        "(1, \"x\", ()) [(), ()]",
    );
    shows(t, format_args!("{:?} {:?}", 1..4_u8, ..=5_u8), "1..4 ..=5");
    shows(
        t,
        format_args!("{:?}", Ok::<Result<u8, ()>, &str>(Err(()))),
        "Ok(Err(()))",
    );
    shows(t, format_args!("{:?}", core::cmp::Ordering::Less), "Less");
    shows(
        t,
        format_args!("{:?}", core::cell::Cell::new(5_u8)),
        "Cell { value: 5 }",
    );
}

/// An address of four bytes.
struct Address([u8; 4]);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::<16>::new();
        for (index, byte) in self.0.iter().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            write!(text, "{dot}{byte}")?;
        }
        f.pad(text.as_str())
    }
}

impl fmt::LowerHex for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            f.write_str("0x")?;
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("first", &self.0[0])
            .finish_non_exhaustive()?;
        f.debug_list().entries(&self.0[1..]).finish()?;
        f.debug_map().entry(&"k", &self.0[3]).finish()?;
        f.debug_set().entries(self.0.iter().take(2)).finish()
    }
}

fn formatting_own(t: &mut Tester<'_>) {
    let address = Address([10, 0, 255, 7]);
    shows(
        t,
        format_args!("{}|{:<14}|{:>13}", address, address, address),
        "10.0.255.7|10.0.255.7    |   10.0.255.7",
    );
    shows(
        t,
        format_args!("{:x} {:#x}", address, address),
        "0a00ff07 0x0a00ff07",
    );
    shows(
        t,
        format_args!("{:?}", address),
        "Address { first: 10, .. }[0, 255, 7]{\"k\": 7}{10, 0}",
    );
    let items: [&dyn fmt::Display; 3] = [&address, &'c', &-5_i8];
    for item in items {
        let mut text = Text::<20>::new();
        t.same(write!(text, "{item:^11}").is_ok(), true);
        t.see(text.as_str());
    }
}

fn formatting_errors(t: &mut Tester<'_>) {
    let mut small = Text::<6>::new();
    t.same(write!(small, "{}-{}", 123, 45).is_ok(), true);
    t.same(write!(small, "x").is_err(), true);
    t.same(small.as_str(), "123-45");
    shows(
        t,
        format_args!(
            "{}",
            "x".parse::<u8>()
                .map_or_else(|error| error, |_| unreachable!())
        ),
        "invalid digit found in string",
    );
    shows(
        t,
        format_args!("{:?}", "300".parse::<u8>()),
        "Err(ParseIntError { kind: PosOverflow })",
    );
    shows(
        t,
        format_args!("{}", fmt::Error),
        "an error occurred when formatting an argument",
    );
    shows(t, format_args!("{:?}", u8::try_from(300).is_err()), "true");
}
