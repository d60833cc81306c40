# SPDX-License-Identifier: GPL-2.0-only
"""Temporaries of what is taken apart, told from those of blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.hazards.scrutinees import live_on, scrutinees
from pipeline.hazards.words import words

PATH = Path("lib.rs")


def place(source: str, text: str) -> tuple[int, int]:
    """Return where ``text`` stands, which is there once."""
    assert source.count(text) == 1
    start = source.index(text)
    return start, start + len(text)


def test_each_has_its_pattern_value_and_body() -> None:
    source = (
        "if let 1..=9 = f(S { a: 1 }) { x } else { y } match m { _ => {} } while let A { b } = c {}"
    )
    stream = words(source, PATH)
    found = [
        (
            one.looped,
            *(source[stream[p[0]].start : stream[p[-1]].end] if p else "" for p in one[1:]),
        )
        for one in scrutinees(stream)
    ]
    assert found == [
        (False, "1..=9", "f(S { a: 1 })", "{ x }"),
        (False, "", "m", "{ _ => {} }"),
        (True, "A { b }", "c", "{}"),
    ]


@pytest.mark.parametrize(
    ("source", "temporary", "others"),
    [
        (
            "while let Some(item) = queue.pop() { let two = 2; break; }",
            "queue.pop()",
            ["item", "two"],
        ),
        ("let out = 1; while let Some(item) = made(9).pop() { }", "made(9)", ["item", "out"]),
        ("loop { match queue.pop() { Some(item) => {} None => break } }", "queue.pop()", ["item"]),
        ("loop { if let Some(item) = queue.pop() { } }", "queue.pop()", ["item"]),
        ("while let Some(item) = it.find(|x| true) { }", "it.find(|x| true)", ["item"]),
    ],
)
def test_a_temporary_of_a_scrutinee(source: str, temporary: str, others: list[str]) -> None:
    named = [place(source, other) for other in others]
    assert live_on(words(source, PATH), [place(source, temporary)], named)


@pytest.mark.parametrize(
    ("source", "temporary", "others"),
    [
        # The end of the block around it decides.
        ("{ let out = 1; match queue.pop() { Some(item) => {} } }", "queue.pop()", ["out"]),
        ("{ let out = 1; if let Some(item) = queue.pop() { } }", "queue.pop()", ["out", "item"]),
        ("{ let out = 1; made(9).len() }", "made(9)", ["out"]),
        # So does that of the block or the closure in it.
        ("while let Some(item) = { let t = 1; made(9).pop() } { }", "made(9)", ["item"]),
        ("while let Some(item) = { let in9 = 1; made(9).pop() } { }", "made(9)", ["in9"]),
        ("while let Some(item) = f(|x| made(9).pop()) { }", "made(9)", ["item"]),
        ("while let Some(item) = f({ let in9 = 1; 2 }) { }", "f({ let in9 = 1; 2 })", ["in9"]),
        ("match f(|| made(9).pop()) { item => {} }", "made(9)", ["item"]),
        # mrustc has its own way with these.
        ("while let true = made(9).yes() && f(item) { }", "made(9)", ["item"]),
        # A match at the end of the body of a while let is a tail expression.
        ("while let Some(item) = f() { match made(9).pop() { other => {} } }", "made(9)", ["item"]),
    ],
)
def test_what_a_block_decides(source: str, temporary: str, others: list[str]) -> None:
    named = [place(source, other) for other in others]
    assert not live_on(words(source, PATH), [place(source, temporary)], named)


@pytest.mark.parametrize("source", ["match", "while let", "if let x", "match a", "while let x = "])
def test_what_is_cut_off_is_none(source: str) -> None:
    assert list(scrutinees(words(source, PATH))) == []
