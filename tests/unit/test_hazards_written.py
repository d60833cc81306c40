# SPDX-License-Identifier: GPL-2.0-only
"""What the text shows of mrustc's faults is refused, and nothing that it translates rightly."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.hazards import (
    alternatives,
    derived,
    discriminants,
    enums,
    locations,
    packed,
    rounding,
    type_ids,
)
from pipeline.hazards.catalogue import program
from pipeline.hazards.written import refuse_written
from pipeline.programs.small import write_crate


def in_match(arm: str) -> str:
    """Return a function with a match that has this arm."""
    return f"fn f() {{\n    match x {{\n        {arm},\n        _ => 1,\n    }}\n}}\n"


@pytest.mark.parametrize(
    "arm",
    [
        "(a, _) | (_, a) if a > 10 => a",
        "Some((a, _) | (_, a)) if a > 10 => { a }",
        "1 | _ if asked() => 1",
        "A { x, .. } | A { y: x } if x > 1 => 1",
        "[a, ..] | [.., a] if *a => 1",
        "0x10 | 16 if asked() => 1",
        "1..=5 | 3 if asked() => 1",
        "FIRST | SECOND if asked() => 1",
        "b'a' | 97 if asked() => 1",
        "n @ (1..=3 | 2..=4) if n > 1 => 1",
        "$($alternative)|+ if asked() => 1",
        "#[cfg(a)] 1 | _ if asked() => 1",
        "5 if { match y { 1 | _ if z => true, _ => false } } => 1",
    ],
)
def test_alternatives_that_may_both_match_are_found(arm: str) -> None:
    assert alternatives.doubtful(in_match(arm), Path("lib.rs"))[-1:] == [3]


@pytest.mark.parametrize(
    "arm",
    [
        "(a, _) if a > 10 => a",
        "(a, _) | (_, a) => a",
        "A(x) | B(x) if x > 1 => 1",
        "E::A(x) | E::B(x) if x > 1 => 1",
        "(A, x) | (B, x) if x > 1 => 1",
        "Some(1 | 2) | None if asked() => 1",
        "1 | 2 | -1 if asked() => 1",
        "'a' | 'b' if asked() => 1",
        '"a" | "b" if asked() => 1',
        "&(A | B) if asked() => 1",
        "S { kind: A, n } | S { n, kind: B } if n > 1 => 1",
        "true | false if asked() => 1",
        "x if a | b => 1",
        "x => if a | b { 1 } else { 2 }",
    ],
)
def test_alternatives_that_are_apart_are_let_through(arm: str) -> None:
    assert alternatives.doubtful(in_match(arm), Path("lib.rs")) == []


def test_matches_is_a_match_too() -> None:
    text = "fn f() { matches!(g(1, 2), (a, _) | (_, a) if a > 1) }"
    assert alternatives.doubtful(text, Path("lib.rs")) == [1]
    assert alternatives.doubtful(text.replace(" if a > 1", ""), Path("lib.rs")) == []


DERIVED = "#[derive(Debug)]\nstruct S(u8);\ntrait T { fn field(&self) {} }\n"


@pytest.mark.parametrize(
    "implementation",
    [
        "impl<X> T for X {}",
        "impl<X: Copy> T for X where X: Clone {}",
        "impl<'a, X> T for &'a mut X {}",
        "impl T for &mut fmt::Formatter<'_> {}",
        "impl T for core::fmt::DebugTuple<'_, '_> {}",
    ],
)
def test_a_trait_that_takes_the_calls_of_derive_is_found(implementation: str) -> None:
    assert derived.doubtful(DERIVED + implementation, Path("lib.rs")) == [3]


@pytest.mark.parametrize(
    "text",
    [
        DERIVED + "impl T for S {}",
        DERIVED + "impl<X> T for Vec<X> {}",
        DERIVED + "impl<X> Other for X {}",
        DERIVED.replace("Debug", "Clone") + "impl<X> T for X {}",
        DERIVED.replace("field", "other") + "impl<X> T for X {}",
    ],
)
def test_a_trait_that_takes_none_is_let_through(text: str) -> None:
    assert derived.doubtful(text, Path("lib.rs")) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#[repr(C)]\nenum E { A(u8, u16) }", [2]),
        ("#[repr(C, u8)] #[derive(Clone)] pub(crate) enum E<T> { A, B { x: u8, y: T } }", [1]),
        ("#[derive(Clone)] #[repr(C)] enum E { A([u8; 2], [u8; 3]) }", [1]),
        ("#[repr(i16)] enum E { A { x: u8, y: i32 } }", [1]),
        ("#[repr(C)] enum E { A(u8), B(u16), C { x: u32 }, D }", []),
        ("#[repr(C)] enum E { A(u8, u8), B { x: u16, y: u16 } }", []),
        ("#[repr(C)] enum E { A = 1, B = f(2, 3) }", []),
        ("#[repr(C)] struct S { a: u8, b: u16 } enum E { A(u8, u16) }", []),
        ("enum C { A(u8, u16) }", []),
    ],
)
def test_promised_layouts_of_enums_are_found(text: str, lines: list[int]) -> None:
    assert enums.doubtful(text, Path("lib.rs")) == lines


@pytest.mark.parametrize("name", ["guard-of-alternatives", "derived-debug-methods", "repr-c-enum"])
def test_the_programs_of_the_catalogue_are_refused(name: str, tmp_path: Path) -> None:
    crate = load_crate(write_crate(tmp_path, program(name)))
    with pytest.raises(UserError, match=r"lib\.rs:\d+"):
        refuse_written(crate, checked=True)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#[repr(packed)]\nstruct S<T>(u8, T);\nfn f() { transmute(1) }", [1]),
        ("#[derive(Debug)]\n#[repr(packed(2))]\npub struct S<T>(u8, T); use mem::offset_of;", [2]),
        ("#[repr(C, packed)]\nstruct S<T>(u8, T);\nfn f() { transmute(1) }", []),
        ("#[repr(packed)]\nstruct S(u8, u16);\nfn f() { transmute(1) }", []),
        ("#[repr(packed)]\nstruct S<T>(u8, T);", []),
        ("#[repr(align(4))]\nstruct S<T>(u8, T);\nfn f() { transmute(1) }", []),
    ],
)
def test_generic_packed_structs_are_found(text: str, lines: list[int]) -> None:
    assert packed.doubtful(text, Path("lib.rs")) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#[repr(packed)]\n#[derive(Debug)]\nstruct S(u8, u16);", [3]),
        ("#[derive(Clone, Copy)] #[repr(C, packed)] pub struct S { pub a: [u16; 2] }", [1]),
        ("#[repr(packed)] #[derive(PartialEq)] struct S(Aligned, Aligned);", [1]),
        ("#[repr(packed(2))] #[derive(Hash)] struct S<T> { a: u8, b: u32 }", [1]),
        ("#[repr(packed)] #[derive(Clone)] struct S<T> { a: T }", [1]),
        ("#[repr(packed)] #[derive(Clone)] struct S { a: (u8, u16) }", [1]),
        ("#[repr(packed)] #[derive(Clone, Copy, PartialEq)] struct S { a: u8, b: u32 }", []),
        ("#[repr(packed)] #[derive(Debug)] struct S { #[a] pub(crate) a: [u8; 6], b: bool }", []),
        ("#[repr(packed(2))] #[derive(Debug, Hash)] struct S(pub u8, pub u16);", []),
        ("#[repr(packed)] #[derive(Copy, Default)] struct S(Aligned);", []),
        ("#[repr(C)] #[derive(Debug)] struct S(Aligned); #[repr(packed)] struct T(u32);", []),
        ("#[repr(packed)] #[derive(Debug)] struct S;", []),
    ],
)
def test_derived_borrows_of_what_is_not_aligned_are_found(text: str, lines: list[int]) -> None:
    assert packed.borrowed(text, Path("lib.rs")) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("TypeId::of::<fn(&'static u8)>();", [1]),
        ("a;\nlet x = TypeId::of::<Box<dyn for<'a> Fn(&'a u8)>>();", [2]),
        ("TypeId::of::<fn(u8) -> u8>(); TypeId::of::<&'static str>();", []),
        ("TypeId::of::<T>();", []),
        ("a.downcast_ref::<fn(&u8) -> Foo<'static>>();", [1]),
        ("a.is::<Box<dyn for<'a> AsStr<'a, 'static>>>();", [1]),
        ("type Call = fn(&u8);\nask::<Vec<Call>>();", [2]),
        ("type Plain = fn(u8);\nask::<Plain>(&x, &|y: &u8| for_each(y));", []),
        ("a.downcast_ref::<Foo>().map(|x: &Foo| (x as fn(&u8))());", []),
    ],
)
def test_type_ids_of_functions_with_lifetimes_are_found(text: str, lines: list[int]) -> None:
    assert type_ids.doubtful(text, Path("lib.rs")) == lines


@pytest.mark.parametrize("text", ["a::<", "type A ", "type A = fn(&u8) ", "a::<fn(&u8) "])
def test_hostile_types_take_linear_time(text: str) -> None:
    began = time.process_time()
    type_ids.doubtful(text * 40_000, Path("lib.rs"))
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9007199791611905.0", True),
        ("9_007_199_791_611_905.", True),
        ("9007199791611905_f32", True),
        ("9007199791611905e0", True),
        ("9007199791611905.0f64", False),
        ("9007199791611905", False),
        ("9007199791611906.0", False),
        ("0.1", False),
        ("1e-45", False),
        ("3.4e38 + 1e999", False),
        ("0..5", False),
        ("0x1p3_f32", False),
        ("tuple.0.1", False),
        ("1.0e400000000", False),
        (f"1.{'3' * 500}", True),
    ],
)
def test_literals_that_are_rounded_twice_are_found(text: str, found: bool) -> None:
    assert rounding.doubtful(f"fn f() {{ {text} }}", Path("lib.rs")) == [1] * found


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("A = -1", [1]),
        ("A = 0,\nB = 1 - 2", [2]),
        ("A = 0x1_0000_0000", [1]),
        ("A = FIRST", [1]),
        ("A(u8) = 1,\nB { x: u8 } = !0", [2]),
        ("A, B = 7, C = 0xffff_ffff_u32, D = 007, E = 0b11", []),
        ("A { x: [u8; -1] }, B", []),
        ("A }\nfn f() { Ordering::Less as i64; a.cmp(&b) as i8; ", [2]),
    ],
)
def test_numbers_of_variants_that_are_cast_otherwise(body: str, lines: list[int]) -> None:
    assert discriminants.doubtful(f"pub enum E<T> {{ {body} }}", Path("lib.rs")) == lines


@pytest.mark.parametrize("cast", [True, False])
def test_a_number_is_wrong_only_where_something_is_cast(tmp_path: Path, cast: bool) -> None:
    crate = write_crate(
        tmp_path / "crate",
        "enum E { A = -1 }\n"
        f"fn program(_out: &mut Out) {{ let _same = 1_u8{' as u16' * cast}; let _e = E::A; }}\n",
    )
    with pytest.raises(UserError, match="another number") if cast else contextlib.nullcontext():
        refuse_written(load_crate(crate), checked=False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("use core::panic::Location;\nlet at = Location::caller();", [2]),
        ("macro_rules! here { () => { $crate::L::caller } }", [1]),
        ("use std::panic::Location as L;\nf(<L>::caller)", [2]),
        ("core::intrinsics::caller_location()", [1]),
        ("fn caller(caller: u8) { x.caller(); caller() }", []),
    ],
)
def test_what_asks_for_its_caller_is_found(text: str, lines: list[int]) -> None:
    assert locations.doubtful(text, Path("lib.rs")) == lines
