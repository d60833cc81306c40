# SPDX-License-Identifier: GPL-2.0-only
"""Constants through mrustc are rustc's, or the crate is refused with the name and the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.programs.many import one_crate
from pipeline.programs.small import emulated, native, write_crate
from pipeline.target import resolve

if TYPE_CHECKING:
    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource

PROGRAMS = Path(__file__).parent / "constants"
PICK = "const fn pick(x: u32) -> u32 { match x { 1 => 10, 300 => 20, _ => 30 } }\n"
SHOW = """use core::fmt::Write;
#[inline(never)]
fn hidden<T>(value: T) -> T {
    value
}
fn program(out: &mut Out) {
    writeln!(out, "{:?}", hidden(VALUE)).unwrap();
}
"""
SEVEN = "impl T for u8 { const C: i8 = 7; }\nconst VALUE: i8 = <u8 as T>::D;"
REFUSED = {
    "match": (PICK + "const VALUE: u32 = pick(300);", "VALUE.*`match`"),
    "of a module with a value that another has": (
        "pub mod other { pub const SIZE: u32 = 30; }\npub mod own { pub const SIZE: u32 = "
        "super::pick(300); }\n" + PICK + "const VALUE: u32 = own::SIZE + other::SIZE;",
        "own::SIZE.*`match`",
    ),
    "match for a length": (
        PICK + "const VALUE: [u8; pick(0x101) as usize] = [1; pick(0x101) as usize];",
        "the length of an array wrongly.*`match`",
    ),
    "match in a trait": (
        PICK + "trait T { const C: u32; const D: u32 = pick(Self::C); }\n"
        "impl T for u8 { const C: u32 = 0x101; }\nconst VALUE: u32 = <u8 as T>::D;",
        "`match`",
    ),
    "match in a block": (
        PICK + "pub fn block() -> u32 { const { pick(300) } }\nconst VALUE: u8 = 1;",
        "block wrongly.*`match`",
    ),
    "checked product": ("const VALUE: Option<u8> = 100_u8.checked_mul(7);", "VALUE.*mul_with"),
    "checked sum": ("const VALUE: Option<i32> = i32::MAX.checked_add(1);", "VALUE.*add_with"),
    "saturating": ("const VALUE: i32 = i32::MIN.saturating_add(-1);", "VALUE.*saturating_add"),
    "reversed": ("const VALUE: u8 = 3_u8.reverse_bits();", "VALUE.*bitreverse"),
    "too large": (
        "const fn byte(x: f32) -> u8 { x as u8 }\nconst VALUE: u8 = byte(300.0);",
        "VALUE.*float",
    ),
    "too large at once": ("const VALUE: u8 = 300.0_f32 as u8;", "VALUE.*float"),
    "negative": (
        "const fn float(x: i32) -> f32 { x as f32 }\nconst VALUE: f32 = float(-1);",
        "VALUE.*float",
    ),
    "another size": (
        "const VALUE: usize = core::mem::size_of::<Option<Option<bool>>>();",
        "VALUE.*its bytes are 02 00 00 00, rustc's 01 00 00 00",
    ),
    "remainder": (
        "const fn rest(x: &[i64; 2]) -> i64 { x[0] % x[1] }\nconst VALUE: i64 = rest(&[7, -2]);",
        "VALUE.*operator MOD",
    ),
    "remainder in a trait": (
        "trait T { const C: i8; const D: i8 = Self::C % -2; }\n" + SEVEN,
        "operator MOD",
    ),
    "a far shift": (
        "const fn far(x: i128, n: u32) -> i128 { x >> n }\nconst VALUE: i128 = far(-1 << 70, 99);",
        "VALUE.*operator BIT_SHR",
    ),
    "a far shift of core": ("const VALUE: i128 = (-15_i128).wrapping_shr(100);", "unchecked_shr"),
    "product of -2**64": (
        "const fn thrice(x: i128) -> i128 { x * 3 }\nconst VALUE: i128 = thrice(-(1 << 64));",
        "VALUE.*operator MUL",
    ),
    "bytes of a float": ("const VALUE: [u8; 4] = 1.5_f32.to_be_bytes();", "byte order"),
}

# What ends mrustc's run before anything else is looked at, or says something of the whole crate.
ALONE = ("match for a length", "bytes of a float")


@pytest.fixture(autouse=True)
def tools(mrustc: Mrustc, rust_source: RustSource, rustc: Path) -> None:
    """Both compilers are needed: rustc's build is the reference."""


@pytest.mark.parametrize("arch", ["m68k", "parisc", "sh"])
@pytest.mark.parametrize("name", ["plain", "ordered"])
def test_constants_are_those_of_rustc(arch: str, name: str, tmp_path: Path) -> None:
    source = (PROGRAMS / f"{name}.rs").read_text(encoding="utf-8")
    crate = write_crate(tmp_path / "crate", source)
    expected = native(crate, tmp_path / "native")
    assert expected.kind == "ran", expected.why
    found = emulated(crate, arch, "mrustc", tmp_path / arch)
    if found.kind == "refused" and ("not installed" in found.why or "not found" in found.why):
        pytest.skip(found.why)
    assert found.kind == "ran", found.why
    assert found.output.splitlines() == expected.output.splitlines()


def test_a_constant_that_rustc_has_alike_is_right_whatever_the_steps(tmp_path: Path) -> None:
    # mrustc looks at one byte of what the match is given, and takes the right arm by chance.
    text = f"{PICK}const VALUE: u32 = pick(0x202);\n{SHOW}"
    crate = write_crate(tmp_path / "crate", text)
    found = emulated(crate, "m68k", "mrustc", tmp_path / "out")
    assert (found.kind, found.output) == ("ran", "30\n"), found.why


def test_constants_of_one_name_are_each_their_own(tmp_path: Path) -> None:
    text = (
        "mod a { pub const N: u32 = 4; pub fn f() -> u32 { const K: u32 = 3 << 1; K } }\n"
        "mod b { pub const N: u32 = 8; pub fn f() -> u32 { const K: u32 = 5 << 2; K } }\n"
        "trait T { const ID: u32; }\nstruct A;\nstruct B;\n"
        "impl T for A { const ID: u32 = 0x10 | 1; }\nimpl T for B { const ID: u32 = 0x20 | 2; }\n"
        "const VALUE: [u32; 4] = [a::N, b::N, A::ID, B::ID];\n"
        f"pub fn of_functions() -> [u32; 2] {{ [a::f(), b::f()] }}\n{SHOW}"
    ).replace("hidden(VALUE)", "(hidden(VALUE), of_functions())")
    crate = write_crate(tmp_path / "crate", text)
    found = emulated(crate, "m68k", "mrustc", tmp_path / "out")
    assert (found.kind, found.output) == ("ran", "([4, 8, 17, 34], [6, 20])\n"), found.why


def test_an_assertion_has_no_bytes_that_could_be_wrong(tmp_path: Path) -> None:
    # What from_str_radix subtracts is known to nobody who reads mrustc's steps.
    text = (
        "const OK: () = {\n"
        '    let Ok(-0x8000) = i16::from_str_radix("-8000", 16) else { panic!() };\n};\n'
        f"const VALUE: u8 = 1;\n{SHOW}"
    )
    crate = write_crate(tmp_path / "crate", text)
    found = emulated(crate, "m68k", "mrustc", tmp_path / "out")
    assert (found.kind, found.output) == ("ran", "1\n"), found.why


def test_what_mrustc_computes_wrongly_is_refused(tmp_path: Path) -> None:
    target = resolve("m68k", "none", "mrustc")
    programs = {name: f"{text}\n{SHOW}" for name, (text, _) in REFUSED.items()}
    named = {name: text for name, text in programs.items() if name not in ALONE}
    bodies = [text.replace("fn program(", "pub fn program(") for text in named.values()]
    crate = write_crate(tmp_path / "crate", one_crate(bodies, out=True))
    assert native(crate, tmp_path / "native").kind == "ran"
    found = emulated(crate, "m68k", "mrustc", tmp_path / "out", target=target)
    assert found.kind == "refused"
    told = dict.fromkeys(named, found.why)
    for name in ALONE:
        crate = write_crate(tmp_path / name / "crate", programs[name])
        assert native(crate, tmp_path / name / "native").kind == "ran"
        found = emulated(crate, "m68k", "mrustc", tmp_path / name / "out", target=target)
        assert found.kind == "refused", name
        told[name] = found.why
    for name, why in told.items():
        where = "" if name in ALONE else f"::p{list(named).index(name)}::.*"
        assert re.search(rf"lib\.rs(:\d+)?: .*{where}{REFUSED[name][1]}", why), (name, why)
