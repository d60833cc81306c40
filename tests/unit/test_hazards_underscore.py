# SPDX-License-Identifier: GPL-2.0-only
"""A discarded value is let through without rustc only where it is surely what a call returns."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.hazards.discards import discards, doubtful


@pytest.mark.parametrize(
    "statement",
    [
        "let _ = made(1);",
        "let _ = a.b.c(1)?.d();",
        "let _: Result<(), E> = core::mem::replace(&mut x, y);",
        'let _ = writeln!(out, "x");',
        "let _ = 5;",
        "let _ = x;",
        "let _ = G::new(1);",
        "match x { _ => G(1), }",
        "let (_, b) = (G(1), G(2));",
        "let _named = G(1);",
        "// let _ = G(1);",
    ],
)
def test_calls_and_places_are_let_through(statement: str) -> None:
    assert doubtful(f"fn f() {{\n{statement}\n}}\n", Path("lib.rs")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "let _ = G(1);",
        "_ = G(2);",
        "let _: G = G { x: 1 };",
        "let _ = Some(g);",
        "let _ = &G(1);",
        "let _ = { G(1) };",
        "let _ = made!(x);",
        "let _ = NONE;",
        "let _ = if x { G(1) } else { G(2) };",
        "let _ = (made(1), 2);",
        "let _ = [made(1)];",
    ],
)
def test_what_may_be_a_literal_is_not(statement: str) -> None:
    assert doubtful(f"fn f() {{\n{statement}\n}}\n", Path("lib.rs")) == [2]


def test_lower_case_literals_are_no_calls() -> None:
    types = "struct guard(u8); enum e { held(G), free }"
    source = f"{types} fn f() {{ let _ = guard(1); let _ = e::held(g); }}"
    assert doubtful(source, Path("lib.rs")) == [1, 1]


def test_what_is_a_call_is_said_by_line() -> None:
    source = (
        "fn f() {\n    let _ = make();\n    _ = Guard(1);\n    let _: Box<u8> =\n    new(1);\n}"
    )
    assert discards(source, Path("lib.rs")) == [(2, True), (3, False), (4, True)]
