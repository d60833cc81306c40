# SPDX-License-Identifier: GPL-2.0-only
"""``concat!`` is given the text that rustc makes of a number, or refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.hazards.words import words
from pipeline.transpile.rewrite import concats
from pipeline.transpile.rewrite.macros import definitions, reached
from tests.unit.rewritten import compare_with_rustc, edited

HERE = Path("lib.rs")
CALLS = ("4.0", "4f32", "1_0.50", "1.", "1e10", "-1.5e-3_f64", "- 7_0i32", "-0", "2.5E+3", "0.1f64")


def changed(source: str) -> str:
    stream = words(source, HERE)
    macros = definitions(stream)
    pasted = concats.pasting(macros, reached(macros))
    found = concats.edits(source, stream, HERE, pasted, {one.name for one in macros})
    return edited(source, found)


@pytest.mark.skipif(shutil.which("rustc") is None, reason="no rustc")
def test_each_text_is_rustcs(tmp_path: Path) -> None:
    """Both are in one program, so rustc itself compares them."""
    calls = [f"concat!(\"a\", {one}, 'b', {one})" for one in CALLS]
    assert all(changed(one) != one for one in calls)
    compare_with_rustc({one: changed(one) for one in calls}, tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "concat!(\"1.0\", 5, 0x10, 7_u8, true, 'c')",
        "concat!(stringify!(a), line!(), other!(1.0))",
        "other!(1.5, -2)",
        "macro_rules! concat { ($($x:tt)*) => { 1 } } concat!(1.0);",
        "macro_rules! m { ($x:expr) => { concat!($x) } } m!(1); m!(0x1e5);",
    ],
)
def test_what_both_print_alike_stays(source: str) -> None:
    assert changed(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "macro_rules! m { ($x:expr) => { concat!($x) } } m!(1.0);",
        "macro_rules! m { ($($x:tt)*) => { concat!($($x)*) } } m!(a, 2f32);",
        "macro_rules! m { ($x:tt) => { concat!($x) } }\nmacro_rules! n { () => { m!(1e5) } }",
    ],
)
def test_a_float_that_a_macro_hands_on_is_refused(source: str) -> None:
    with pytest.raises(UserError, match=r"lib\.rs:[12]"):
        changed(source)
