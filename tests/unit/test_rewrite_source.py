# SPDX-License-Identifier: GPL-2.0-only
"""C strings in the copy of a source that mrustc gets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.hazards.words import words
from pipeline.programs.small import write_crate
from pipeline.transpile.instrument import instrument
from pipeline.transpile.rewrite import literals
from pipeline.transpile.rewrite.crate import rewrites
from pipeline.transpile.rewrite.literal import characters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.transpile.rewrite.edits import Edit

HERE = Path("lib.rs")


def changed(source: str, edits: Iterable[Edit]) -> str:
    for one in sorted(edits, key=lambda one: one.start, reverse=True):
        source = source[: one.start] + one.text + source[one.end :]
    return source


@pytest.mark.parametrize(
    ("literal", "value"),
    [(r'c"a\xff\u{e9}\n"', "616200"), (r'c"\x7f\u{ff}"', ""), ('"\\xff"', ""), (r'cr"\xff"', "")],
)
def test_c_strings(literal: str, value: str) -> None:
    text = changed(literal, literals.edits(literal, words(literal, HERE)))
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
    assert [two for one, two in zip(old, new, strict=True) if one != two][-1:] == [
        '    let _a = format_args!("{:-x?}", 1);',
    ]
