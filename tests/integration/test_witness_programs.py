# SPDX-License-Identifier: GPL-2.0-only
"""Panics of what is never used, and their places, through mrustc as rustc has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.programs.emulated import emulator
from pipeline.programs.many import one_crate, run_each
from pipeline.programs.small import PANIC_STATUS, Ran, emulated, native, write_crate
from pipeline.stages import Options, Outputs, run_transpile
from pipeline.target import resolve
from pipeline.transpile.repair.unit import Guard

if TYPE_CHECKING:
    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource

PANICS = Path(__file__).parent / "repair/panics.rs"
HEAD = """use core::fmt::Write;
#[inline(never)]
fn b<T: Copy>(x: T) -> T { unsafe { core::ptr::read_volatile(&x) } }
fn show(o: &mut Out, x: u32) { writeln!(o, "{}", x).unwrap(); }
"""
SECTION = re.compile(r"^//: (.+)\n((?:(?!//: ).*\n)*)", re.MULTILINE)
# What rustc places and we do not: checks of 128 bits, what a macro's body computes, and the caller
# of a function of core that checks.
UNPLACED = re.compile(r"128|: macro|: by core's")


@pytest.fixture(autouse=True)
def tools(mrustc: Mrustc, rust_source: RustSource, rustc: Path) -> None:
    """Both compilers are needed: rustc's build is the reference, and the witness."""


def programs() -> dict[str, str]:
    """Return the modules of all programs by name."""
    found = {}
    for name, text in SECTION.findall(PANICS.read_text(encoding="utf-8")):
        items, _, body = text.rpartition("//-\n")
        main = f"pub fn program(o: &mut Out) {{ show(o, b(1)); {body} show(o, b(2)); }}\n"
        found[name] = HEAD + items + main
    return found


def without_place(one: Ran) -> tuple[int, str]:
    return one.status, re.sub(r" at \S*:\d+:\d+\n$", "\n", one.output)


@pytest.mark.parametrize(
    ("arch", "checks"), [("m68k", False), ("m68k", True), ("x86_64", True), ("parisc", False)]
)
def test_panics_and_their_places(arch: str, checks: bool, tmp_path: Path) -> None:
    named = programs()
    text = one_crate(list(named.values()), out=True)
    crate = write_crate(tmp_path / "crate", f"#![allow(warnings)]\n{text}", places=True)
    flags = [f"--remap-path-prefix={crate}=", "-Aunconditional_panic", "-Aarithmetic_overflow"]
    flags += ["-Coverflow-checks=yes"] if checks else []
    theirs = native(crate, tmp_path / "native", flags=flags)
    assert theirs.kind == "ran", theirs.why
    wanted = run_each([], tmp_path / "native/program", range(len(named)))
    target = resolve(arch, "none", "mrustc")
    guard = Guard(overflow_checks=checks)
    built = emulated(crate, arch, "mrustc", tmp_path / "ours", target=target, guard=guard)
    if built.kind == "refused" and ("not installed" in built.why or "not found" in built.why):
        pytest.skip(built.why)
    assert built.kind == "ran", built.why
    found = run_each(emulator(target), tmp_path / "ours/program", range(len(named)))
    for name, one, other in zip(named, found, wanted, strict=True):
        if UNPLACED.search(name):
            one, other = (Ran("ran", *without_place(each)) for each in (one, other))  # noqa: PLW2901
        assert (name, one.status, one.output) == (name, other.status, other.output)
    panicking = [one for one in wanted if " at src/lib.rs:" in one.output]
    assert len(panicking) > (80 if checks else 70)


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    body = "let mut x = b(7u32); x /= b(0);"
    source = "fn f() -> [u32; 2] { b([1, 2]) }\n" + HEAD
    source += f"fn program(_o: &mut Out) {{ let _x = &f()[b(2usize)]; {body} }}\n"
    crate = write_crate(tmp_path / "crate", source)
    options = Options(crate, "m68k", tmp_path / "out", kernel="none", gate="off")
    target = resolve("m68k", "none", "mrustc")
    with pytest.raises(UserError, match=r"lib\.rs:\d+:\d+: f\(\)\[b\(2usize\)\]") as caught:
        run_transpile(options, target, load_crate(crate), Outputs(options.out, "program"))
    assert "transpiler=rustc" in caught.value.mend


@pytest.mark.parametrize(("known", "verb"), [("255 + 2", "add"), ("1 - 2", "subtract")])
def test_an_overflow_that_mrustc_would_compute_itself(
    known: str, verb: str, tmp_path: Path
) -> None:
    left, sign, right = known.split()
    source = f"fn sum(left: u8, right: u8) -> u8 {{ left {sign} right }}\n{HEAD}"
    source += f"fn program(o: &mut Out) {{ show(o, sum({left}, {right}) as u32); }}\n"
    crate = write_crate(tmp_path / "crate", source)
    target = resolve("m68k", "none", "mrustc")
    released, checked = (
        emulated(
            crate, "m68k", "mrustc", tmp_path / str(checks), target=target, guard=Guard(checks)
        )
        for checks in (False, True)
    )
    assert (released.kind, released.status) == ("ran", 0), released.why
    assert (checked.kind, checked.status) == ("ran", PANIC_STATUS), checked.why
    assert f"attempt to {verb} with overflow" in checked.output


def test_a_macros_types_do_not_keep_what_mrustc_must_not_know(tmp_path: Path) -> None:
    source = f"""macro_rules! m {{ ($($t:ident)*) => {{ $(
    fn $t(a: $t, c: $t) -> $t {{ a + (77u64 % (a - c) as u64) as $t }}
)* }} }}
m!(u16 u64);
fn shifted(by: u32) -> u32 {{ 1 << by }}
{HEAD}fn program(o: &mut Out) {{
    show(o, u16(b(9), b(4)) as u32 + u64(b(9), b(3)) as u32);
    show(o, shifted(33));
}}
"""
    crate = write_crate(tmp_path / "crate", source)
    target = resolve("m68k", "none", "mrustc")
    built = emulated(crate, "m68k", "mrustc", tmp_path / "out", target=target)
    assert (built.kind, built.output) == ("ran", "25\n2\n"), built.why
