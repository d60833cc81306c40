# SPDX-License-Identifier: GPL-2.0-only
"""Labels, statics and C strings in the copy of a source that mrustc gets."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.hazards.words import words
from pipeline.programs.small import write_crate
from pipeline.transpile.instrument import instrument
from pipeline.transpile.rewrite import literals, statics
from pipeline.transpile.rewrite.crate import rewrites
from pipeline.transpile.rewrite.labels import Labels
from pipeline.transpile.rewrite.literal import characters
from pipeline.transpile.rewrite.macros import definitions, reached
from tests.unit.rewritten import edited

HERE = Path("lib.rs")


def relabelled(source: str) -> str:
    """Return a source with its labels renamed; the new names are in capitals."""
    stream = words(source, HERE)
    found = definitions(stream)
    text = edited(source, Labels(stream, HERE, found, reached(found), "").edits())
    return re.sub(r"'(\w+?)__(\d+_\d+)", lambda one: f"'{one[1].upper()}{one[2]}", text)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("($e:expr) => { 'a: loop { break 'a $e } }",
         "($e:expr) => { 'A0_0: loop { break 'A0_0 $e } }"),
        ("() => { 'a: { break 'a } }; (1) => { 'a: while x { continue 'a } }",
         "() => { 'A0_0: { break 'A0_0 } }; (1) => { 'A0_1: while x { continue 'A0_1 } }"),
        ("($l:lifetime) => { $l: loop { break $l } }",
         "($l:lifetime) => { $l: loop { break $l } }"),
        ("() => { fn f<'a>(x: &'a u8) -> &'a u8 { x } }",
         "() => { fn f<'a>(x: &'a u8) -> &'a u8 { x } }"),
        ("() => { 'a: loop { leave!('a); f::<&'a u8>() } }",
         "() => { 'A0_0: loop { leave!('A0_0); f::<&'a u8>() } }"),
        ("($b:block) => { 'a: $b }", "($b:block) => { 'A0_0: $b }"),
    ],
)  # fmt: skip
def test_labels_of_a_macro(rules: str, expected: str) -> None:
    assert relabelled(f"macro_rules! m {{ {rules} }}") == f"macro_rules! m {{ {expected} }}"


def test_labels_of_functions_and_of_macros_in_macros() -> None:
    source = "fn f() { 'a: loop { break 'a } } macro_rules! m { () => { 'a: loop { "
    source += "macro_rules! n { () => { 'b: loop { break 'b; break 'a } } } n!() } } }"
    text = relabelled(source)
    assert text.startswith("fn f() { 'a: loop { break 'a } }")
    assert (
        "'A0_0: loop { macro_rules! n { () => { 'B1_0: loop { break 'B1_0; break 'A0_0 } } }"
        in text
    )


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("macro_rules! m { () => {}; ($e:expr) => { 'a: loop { m!(break 'a) } } }",
         "inside itself"),
        ("macro_rules! m { () => { 'a: loop { n!(break 'a) } } } macro_rules! n { () => { m!() } }",
         "inside itself"),
        ("macro_rules! m { ($n:ident) => { 'a: loop { $n!(break 'a) } } }", "inside itself"),
        ("fn f() { 'a: loop { macro_rules! m { () => { break 'a } } 'a: loop { m!() } } }",
         "several loops"),
    ],
)  # fmt: skip
def test_labels_that_no_name_helps(source: str, why: str) -> None:
    with pytest.raises(UserError, match=rf"lib\.rs:1.*{why}"):
        relabelled(source)


@pytest.mark.parametrize(
    "source",
    [
        "macro_rules! m { () => { 'a: loop { m!({ 'a: loop { break 'a } }) } } }",
        "fn f() { 'a: loop { macro_rules! m { () => { break 'a } } m!() } }",
    ],
)
def test_labels_that_are_clear(source: str) -> None:
    relabelled(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("static A: [u8; 2] = [1, 2];", "static mut A: [u8; 2] = [1, 2];"),
        ("pub(crate) static A: u8 = 1;", "pub(crate) static mut A: u8 = 1;"),
        ("macro_rules! m { ($n:ident) => { static $n: u8 = 1; } }",
         "macro_rules! m { ($n:ident) => { static mut $n: u8 = 1; } }"),
        ("static mut A: u8 = 1;", "static mut A: u8 = 1;"),
        ('extern "C" { static A: [u8; 2]; }', 'extern "C" { static A: [u8; 2]; }'),
        ("fn f(a: &'static u8) { static || 1; }", "fn f(a: &'static u8) { static || 1; }"),
        ("lazy! { static ref A: u8 = 1; static B: u8 = 1; }",
         "lazy! { static ref A: u8 = 1; static B: u8 = 1; }"),
    ],
)  # fmt: skip
def test_statics(source: str, expected: str) -> None:
    stream = words(source, HERE)
    assert edited(source, statics.edits(stream, definitions(stream))) == expected


ITEM = "item! { static A: S = S; }\nfn f() { %s }"


@pytest.mark.parametrize(
    ("use", "copied", "refused"),
    [
        ("A.as_ptr()", True, True),
        ("&A.x[1]", True, True),
        ("&raw const A.0", True, True),
        ("&A", True, False),
        ("&A.get()", True, False),
        ("A.x", True, False),
        ("B.as_ptr()", True, False),
        ("B.as_ptr()", False, True),
    ],
)
def test_statics_that_stay_are_not_pointed_to(use: str, copied: bool, refused: bool) -> None:
    source = f"{ITEM % use} static B: S = S;"
    stream = words(source, HERE)
    kept = statics.kept(stream, definitions(stream), copied=copied)
    assert kept == ({"A"} if copied else {"A", "B"})
    with pytest.raises(UserError, match=r"lib\.rs:2") if refused else contextlib.nullcontext():
        statics.refuse_copies(stream, HERE, kept)


@pytest.mark.parametrize(
    ("literal", "value"),
    [(r'c"a\xff\u{e9}\n"', "616200"), (r'c"\x7f\u{ff}"', ""), ('"\\xff"', ""), (r'cr"\xff"', "")],
)
def test_c_strings(literal: str, value: str) -> None:
    text = edited(literal, literals.edits(literal, words(literal, HERE)))
    if not value:
        assert text == literal
        return
    assert text.startswith("(unsafe { ::core::ffi::CStr::from_bytes_with_nul_unchecked(b")
    assert r'b"\x61\xff\xc3\xa9\x0a\0"' in text


def test_the_characters_of_a_literal() -> None:
    source = 'x("a\\\n   b\\u{1F600}\\x41\\0\\\\")'
    found = characters(source, 2, len(source) - 1)
    assert "".join(one.value for one in found) == "ab\U0001f600A\0\\"
    assert source[found[1].start : found[1].end] == "b"
    assert source[found[2].start : found[2].end] == "\\u{1F600}"


def test_a_crate_is_rewritten_line_by_line(tmp_path: Path) -> None:
    source = (
        'static A: u8 = 1;\nfn program(_: &mut Out) {\n    let _a = format_args!("{:x?}", 1);\n}\n'
    )
    crate = load_crate(write_crate(tmp_path / "crate", source))
    changes = instrument(crate, {}, rewrites(crate))
    assert changes is not None
    changes.write(tmp_path / "copy")
    old = (tmp_path / "crate/src/lib.rs").read_text().splitlines()
    new = (tmp_path / "copy/src/lib.rs").read_text().splitlines()
    assert len(old) == len(new)
    assert [two for one, two in zip(old, new, strict=True) if one != two][-2:] == [
        "static mut A: u8 = 1;",
        '    let _a = format_args!("{:-x?}", 1);',
    ]
