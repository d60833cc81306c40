# SPDX-License-Identifier: GPL-2.0-only
"""A labelled block that mrustc would run again is found in the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.hazards.blocks import doubtful

FILE = Path("/a/src/lib.rs")


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("'a: { if x { break 'a; } f(); }", [2]),
        ("'a: {}", [2]),
        ("'a: { if x { f() } }", [2]),
        ("let y = 'a: { if x { break 'a 1; } 2 };", []),
        ("'a: { f(); break 'a () }", []),
        ("'a: loop { break; }", []),
        ("'a: for b in c { continue 'a; }", []),
        ("let a: u8 = { f(); 1 };", []),
    ],
)
def test_labelled_blocks(body: str, lines: list[int]) -> None:
    assert doubtful(f"fn f() {{\n{body}\n}}\n", FILE) == lines
