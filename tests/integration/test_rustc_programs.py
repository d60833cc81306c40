# SPDX-License-Identifier: GPL-2.0-only
"""Small programs do on other processors what they do on this one, built by rustc and LLVM.

Two crates: what ends well (arithmetic, constants, the order of drops), one line or more for each
case; and panics, of which one binary has all: a byte in it says which one happens.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from pipeline.programs.emulated import emulator
from pipeline.programs.many import run_each
from pipeline.programs.small import PANIC_STATUS, Ran, emulated, native, write_crate
from pipeline.target import resolve

if TYPE_CHECKING:
    from pathlib import Path

ARCHITECTURES = ("m68k", "parisc")

VALUES = r"""#![feature(portable_simd)]
use alloc::{boxed::Box, format, rc::Rc, string::String, vec, vec::Vec};
use core::{cell::RefCell, fmt::Write, hint::black_box as bb, mem, num::Wrapping};
use core::simd::{Select, prelude::*};

macro_rules! show { ($out:expr, $($what:expr),+ $(,)?) => {
    $(writeln!($out, "{}: {:?}", stringify!($what), $what).unwrap();)+
} }

macro_rules! integers { ($out:expr, $($kind:ident)+) => { $({
    type T = $kind;
    const EDGES: [T; 7] = [0, 1, 2, 7, T::MAX, T::MIN, T::MAX / 3];
    static STATIC: [T; 3] = [T::MAX / 5, T::MIN, 0x5a];
    writeln!($out, "{} {:?} {:?}", stringify!($kind), EDGES, bb(&STATIC)).unwrap();
    writeln!($out, "{:?}", bb(STATIC[0]).to_ne_bytes() == STATIC[0].to_be_bytes()
        || cfg!(target_endian = "little")).unwrap();
    for &a in bb(&EDGES) {
        for &b in bb(&EDGES) {
            let n = (b as u32) % T::BITS;
            writeln!($out, "{:?} {:?} {:?} {:?} {:?} {:?} {:?}", a.checked_add(b),
                a.checked_sub(b), a.checked_mul(b), a.checked_div(b), a.checked_rem(b),
                a.saturating_add(b), a.saturating_sub(b)).unwrap();
            writeln!($out, "{} {} {} {} {} {:?} {:?}", a.wrapping_mul(b), a.wrapping_shl(n),
                a.wrapping_shr(n), a.rotate_left(n), a.rotate_right(n), a.overflowing_mul(b),
                a.cmp(&b)).unwrap();
        }
        writeln!($out, "{} {} {} {:x} {:x} {:?}", a.leading_zeros(), a.trailing_zeros(),
            a.count_ones(), a.swap_bytes(), a.reverse_bits(), a.checked_pow(3)).unwrap();
        writeln!($out, "{} {} {} {} {} {}", a as i8, a as u16, a as i32, a as u64, a as i128,
            a as u128).unwrap();
        writeln!($out, "{:?} {:?}", a.to_be_bytes(), T::from_le_bytes(a.to_le_bytes())).unwrap();
    }
})+ } }

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Mixed { a: u8, b: u16, c: u32, d: u64, e: i128, f: char, g: bool, h: [u8; 3] }
#[derive(Debug)]
#[repr(u128)]
enum Wide { Low = 1, High = 1 << 100 }
#[derive(Debug)]
enum Data { Unit, One(u16), Named { x: i64, y: Option<char> } }
#[repr(align(64))]
struct Aligned(u8);
union Both { word: u32, bytes: [u8; 4] }
static MIXED: Mixed = Mixed { a: 1, b: 0x203, c: 0x4050607, d: 0x8090a0b0c0d0e0f, e: -2,
    f: '\u{1f600}', g: true, h: [7, 8, 9] };
static DATA: [Data; 3] = [Data::Unit, Data::One(513), Data::Named { x: -5, y: Some('é') }];
static MIDDLE: &u8 = &MIXED.h[1];
static BOTH: Both = Both { word: 0x0102_0304 };
static ALIGNED: Aligned = Aligned(9);
static FUNCTIONS: [fn(u32) -> u32; 2] = [twice, |x| x + 1];
static NAMES: &[(&str, Option<&[u16]>)] = &[("one", None), ("zwölf", Some(&[1, 65535]))];
const FLOATS: [f32; 6] = [0.0, -0.0, 1.5, f32::MAX, f32::INFINITY, 1e-45];
static DOUBLES: [f64; 5] = [0.1, -2.5e300, f64::MIN_POSITIVE, 5e-324, f64::NEG_INFINITY];
const fn collatz(mut n: u128) -> u32 {
    let mut steps = 0;
    while n != 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; }
    steps
}
fn twice(x: u32) -> u32 { 2 * x }

const STEPS: u32 = collatz(27);

fn constants(out: &mut Out) {
    show!(out, bb(&MIXED), bb(&DATA), *MIDDLE, bb(NAMES),
        unsafe { bb(&BOTH).bytes == bb(&BOTH).word.to_ne_bytes() },
        bb(&ALIGNED).0, &raw const ALIGNED as usize % 64, FUNCTIONS[bb(0)](21), FUNCTIONS[bb(1)](4),
        bb(Wide::High) as u128, bb(Wide::Low) as u128, STEPS, collatz(bb(27)),
        mem::size_of::<Option<char>>(), mem::discriminant(&DATA[1]) == mem::discriminant(&DATA[2]));
    for value in bb(FLOATS) { show!(out, value.to_bits()); }
    for value in bb(&DOUBLES) { show!(out, value.to_bits(), value.to_be_bytes()); }
    let local = Aligned(3);
    show!(out, bb(&raw const local) as usize % 64, local.0);
    const BYTES: [u8; 8] = 0x0123_4567_89ab_cdef_u64.to_be_bytes();
    const WORD: u64 = u64::from_ne_bytes(bb_bytes());
    show!(out, BYTES, WORD == u64::from_ne_bytes(bb(bb_bytes())));
    match bb(1_u128 << 90) { 0 => show!(out, 0), 0x400_0000_0000_0000_0000_0000 => show!(out, 1),
        _ => show!(out, 2) }
    match bb(-3_i16) { i16::MIN..=-4 => show!(out, "low"), -3 => show!(out, "it"),
        _ => show!(out, "high") }
}
const fn bb_bytes() -> [u8; 8] { [1, 2, 3, 4, 5, 6, 7, 8] }

struct Noisy<'a>(&'a RefCell<String>, &'static str);
impl Drop for Noisy<'_> {
    fn drop(&mut self) { write!(self.0.borrow_mut(), "{} ", self.1).unwrap(); }
}
impl Noisy<'_> { fn id(&self) -> usize { self.1.len() } }
struct Pair<'a> { second: Noisy<'a>, first: Noisy<'a> }

fn drops(out: &mut Out) {
    let log = &RefCell::new(String::new());
    let n = |name| Noisy(log, name);
    macro_rules! case { ($name:literal, $body:block) => {{
        $body
        let text = mem::take(&mut *log.borrow_mut());
        writeln!(out, "{}: {}", $name, text).unwrap();
    }} }
    let say = |word: &str| { write!(log.borrow_mut(), "{word} ").unwrap(); };
    case!("locals", { let _a = n("a"); let _b = n("b"); });
    case!("underscore", { let _ = n("a"); say("then"); });
    case!("place", { let a = n("a"); let _ = a; say("then"); });
    case!("temporary", { let size = n("abc").id(); say(if size == 3 { "3" } else { "?" }); });
    case!("extended", { let kept = &n("a"); say("then"); kept.id(); });
    case!("match", { match n("m").id() { 1 => say("in"), _ => say("out") } });
    case!("if let", { if let Some(_) = Some(n("x")).as_ref() { say("in") } else { say("out") } });
    case!("tuple", { let (_a, _) = (n("a"), n("b")); say("then"); });
    case!("fields", { let _p = Pair { first: n("first"), second: n("second") }; });
    case!("update", { let p = Pair { first: n("f"), second: n("s") };
        let _q = Pair { first: n("new"), ..p }; say("then"); });
    case!("partial", { let p = Pair { first: n("f"), second: n("s") }; drop(p.first);
        say("then"); let _kept = &p.second; });
    case!("assign", { let mut a = n("old"); say("go"); a = n("new"); say("then"); a.id(); });
    case!("replace", { let mut a = n("old"); drop(mem::replace(&mut a, n("new"))); say("then"); });
    case!("maybe", { let a; if bb(true) { a = n("a"); a.id(); } say("then"); });
    case!("array", { let _a = [n("1"), n("2"), n("3")]; });
    case!("vec", { let mut v = vec![n("1"), n("2"), n("3")]; v.remove(1); v.truncate(1);
        say("then"); });
    case!("loop", { for name in ["1", "2", "3"] { let _a = n(name); if bb(name) == "2" { break; }
        say("next"); } });
    case!("into_iter", { for a in vec![n("1"), n("2"), n("3")] { if a.1 == "2" { break; } } });
    case!("early", { let f = |stop: bool| -> Option<()> { let _a = n("a"); if stop { None? }
        let _b = n("b"); Some(()) }; f(bb(true)); say("again"); f(bb(false)); });
    case!("arguments", { fn take(_: Noisy<'_>, _b: Noisy<'_>) {} take(n("a"), n("b")); });
    case!("closure", { let a = n("a"); let f = move || a.id(); f(); drop(f); say("then"); });
    case!("dyn", { let b: Box<dyn Fn() -> usize + '_> = {
        let a = n("a"); Box::new(move || a.id()) };
        b(); say("then"); });
    case!("rc", { let a = Rc::new(n("a")); let b = a.clone(); drop(a); say("one"); drop(b); });
    case!("forget", { mem::forget(n("a")); say("then"); });
    case!("shadow", { let a = n("1"); let a = (a.id(), n("2")); say("then"); a.1.id(); });
    case!("block", { let x = { let _a = n("a"); n("b") }; say("then"); x.id(); });
    case!("option", { let mut o = Some(n("a")); o.take(); say("then"); o = Some(n("b"));
        o.as_ref(); });
    case!("let else", { let f = |o: Option<Noisy<'_>>| { let Some(_a) = o else { return };
        say("in"); }; f(Some(n("a"))); f(None); });
}

fn more(out: &mut Out) {
    let mut words: Vec<String> = "the quick brown fox".split(' ').map(String::from).collect();
    words.sort_by_key(|word| core::cmp::Reverse(word.len()));
    let sum: Wrapping<u16> = (0..1000_u16).map(Wrapping).map(|x| x * x).sum();
    let text = format!("{:>8}|{:<+6}|{:^#10x}|{:08.3?}", "é", 5, 255, 'a');
    let shapes: [&dyn core::fmt::Debug; 3] = [&1_u128, &"x", &Some(-7_i128)];
    show!(out, words, sum, text, shapes, i128::MIN, u128::MAX, i128::MAX / -3,
        "12x".parse::<u8>().is_err(), "-128".parse::<i8>(),
        "340282366920938463463374607431768211455".parse::<u128>(),
        char::from_u32(0xd800), 'ß'.to_uppercase().collect::<String>(),
        isize::from_str_radix("-zz", 36), bb(300_i32) as u8, bb(-1_i8) as u32 as i64);
    let mut cells = [[0_u64; 5]; 5];
    for (y, row) in cells.iter_mut().enumerate() {
        for (x, cell) in row.iter_mut().enumerate() { *cell = (x as u64).pow(y as u32) << (8 * y); }
    }
    show!(out, cells, cells.concat().iter().rev().step_by(3).fold(0, |a, b| a ^ b));
}

fn vectors(out: &mut Out) {
    let (a, b) = (bb(i32x4::from_array([1, -2, i32::MAX, 7])), bb(i32x4::splat(-3)));
    let bytes = bb(u8x8::from_array([1, 2, 3, 250, 5, 6, 7, 8]));
    let mask = a.simd_gt(b);
    show!(out, a + b, a * b, a / b, a % b, a ^ b, a >> i32x4::splat(3), -a, a.saturating_add(a),
        a.simd_max(b), a.simd_eq(b), mask.select(a, b), mask.to_bitmask(), mask.any(), mask.all(),
        bytes.simd_ge(u8x8::splat(6)).to_bitmask(), bytes.reduce_sum(), a.reduce_min(),
        a.reduce_xor(), a.reverse(), a.rotate_elements_left::<1>(), a.interleave(b), a[bb(2)],
        bytes.cast::<u32>(), a.cast::<u8>(), a.cast::<i64>(), bytes.count_ones(),
        a == b, Mask::<i32, 4>::from_bitmask(5), simd_swizzle!(bytes, [7, 0, 3, 3]),
        u16x4::gather_or_default(bb(&[9, 8, 7]), Simd::from_array([2, 0, 5, 1])));
    let mut c = a;
    c[bb(1)] = 77;
    let mut into = [0_i32; 6];
    c.copy_to_slice(&mut into[1..5]);
    show!(out, c, into, Simd::<u32, 4>::load_or_default(bb(&[1, 2])));
}

fn program(out: &mut Out) {
    vectors(out);
    integers!(out, u8 i8 u16 i16 u32 i32 u64 i64 u128 i128);
    constants(out);
    drops(out);
    more(out);
}
"""

PANICS = r"""
use alloc::{rc::Rc, string::String, vec, vec::Vec};
use core::{cell::RefCell, fmt::Write, hint::black_box as bb};

// The last byte is written into the program before it runs.
static WHICH: [u8; 16] = *b"which-panic-is:\0";
struct Noisy(&'static str);
impl Drop for Noisy { fn drop(&mut self) { writeln!(Out, "drop {}", self.0).unwrap(); } }
#[track_caller]
fn tracked() -> u32 { core::panic::Location::caller().line() }
fn deep(n: u32) -> u32 { if n == 0 { panic!("at the bottom") } else { deep(n - 1) + 1 } }

fn program(out: &mut Out) {
    let which = unsafe { core::ptr::read_volatile(&WHICH[15]) };
    writeln!(out, "case {which}").unwrap();
    let _kept = Noisy("never: a panic ends all");
    let (zero, one, five) = (bb(0_usize), bb(1_i32), bb([1, 2, 3, 4, 5]));
    let mut list: Vec<u16> = bb(vec![1, 2, 3]);
    let cell = RefCell::new(5);
    match which {
        0 => { drop(Noisy("first")); writeln!(out, "well {}", tracked() > 0).unwrap(); }
        1 => panic!(),
        2 => panic!("with {} and {:?}", one, Some("text")),
        3 => { bb(five[zero + 5]); }
        4 => { bb(list[bb(1 << 31)]); }
        5 => { bb(&list[bb(2)..bb(1)]); }
        6 => { bb(&list[..bb(9)]); }
        7 => { bb(&"größe"[..bb(3)]); }
        8 => { bb(one / bb(0)); }
        9 => { bb(one % bb(0)); }
        10 => { bb(bb(i32::MIN) / bb(-1)); }
        11 => { bb(bb(i128::MIN) % bb(-1)); }
        12 => { bb(bb(7_u128) / bb(0)); }
        13 => { bb(bb(None::<u8>).unwrap()); }
        14 => { bb(bb(None::<u8>).expect("a number")); }
        15 => { bb(bb("x").parse::<u8>().unwrap()); }
        16 => { bb(bb(Ok::<u8, &str>(3)).unwrap_err()); }
        17 => unreachable!("state {}", bb(4)),
        18 => unimplemented!(),
        19 => unimplemented!("later"),
        20 => assert!(bb(1) == 2),
        21 => assert!(bb(false), "said {}", 'x'),
        22 => assert_eq!(bb(1_u64) << 40, 3),
        23 => assert_ne!(bb("a"), "a", "{:?}", list),
        24 => { let _held = cell.borrow_mut(); bb(*cell.borrow()); }
        25 => { let _held = cell.borrow(); *cell.borrow_mut() = 1; }
        26 => { list.remove(bb(3)); }
        27 => { list.insert(bb(5), 1); }
        28 => { list.split_at(bb(4)); }
        29 => { five.as_slice().chunks(bb(0)).count(); }
        30 => { bb([0_u8; 4]).copy_from_slice(&bb(vec![0; 3])); }
        31 => { bb(u32::try_from(bb(-1_i64)).unwrap()); }
        32 => { bb(deep(bb(20))); }
        33 => { bb(char::from_digit(1, bb(99))); }
        34 => { bb((0..3).step_by(bb(0)).count()); }
        35 => { bb(bb(1_u32).checked_sub(2).map_or_else(|| panic!("below"), |x| x)); }
        36 => { let n = Rc::new(1); let _m = n.clone(); bb(Rc::try_unwrap(n).unwrap()); }
        37 => { bb(bb(5_u8).clamp(bb(9), bb(2))); }
        38 => { bb(bb(0_u32).ilog2()); }
        39 => { bb(String::from("é").remove(bb(1))); }
        _ => writeln!(out, "no more").unwrap(),
    }
    writeln!(out, "after").unwrap();
}
"""
PANICKING = range(1, 40)
_MARK = b"which-panic-is:"


@pytest.fixture(scope="module", autouse=True)
def _front() -> None:
    """Skip where there is no rustc with its library's source, or no C compiler of this machine."""
    try:
        found = find_rustc(None)
    except UserError as error:
        pytest.skip(str(error))
    if found.library is None or shutil.which("cc") is None:
        pytest.skip("no library source of rustc, or no cc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with both crates, built for this machine."""
    made = tmp_path_factory.mktemp("programs")
    for name, source in (("values", VALUES), ("panics", PANICS)):
        crate = write_crate(made / name, source, heap=True)
        done = native(crate, made / name / "native")
        assert (done.kind, done.status) == ("ran", 0), done
        (made / name / "expected").write_text(done.output)
    return made


def _emulated(crate: Path, arch: str) -> tuple[Ran, list[str]]:
    """Build and run a crate; return how it ended, and what runs its program."""
    try:
        target = resolve(arch, "none", "rustc")
        command = emulator(target)
    except UserError as error:
        pytest.skip(str(error))
    done = emulated(crate, arch, "rustc", crate / arch, target=target)
    return done, command


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_values(folder: Path, arch: str) -> None:
    done, _ = _emulated(folder / "values", arch)
    assert (done.kind, done.status) == ("ran", 0), done
    expected = (folder / "values" / "expected").read_text().splitlines()
    assert len(expected) > 1000
    differing = [pair for pair in zip(expected, done.output.splitlines(), strict=True)
                 if pair[0] != pair[1]]  # fmt: skip
    assert differing == []


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_panics(folder: Path, arch: str) -> None:
    crate = folder / "panics"
    done, command = _emulated(crate, arch)
    expected = (crate / "expected").read_text()
    assert dataclasses.astuple(done)[:3] == ("ran", 0, expected)
    assert "drop first" in expected
    wanted = run_each([], crate / "native" / "program", PANICKING, _MARK)
    for case, one in zip(PANICKING, wanted, strict=True):
        assert one.status == PANIC_STATUS
        assert re.fullmatch(rf"case {case}\npanic: [^\n]+(\n.*)*", one.output), one
        assert "after" not in one.output
    assert run_each(command, crate / arch / "program", PANICKING, _MARK) == wanted
