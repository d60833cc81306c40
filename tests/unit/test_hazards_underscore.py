# SPDX-License-Identifier: GPL-2.0-only
"""A discarded value is let through without rustc only where it is surely what a call returns."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.hazards.discards import discards, doubtful
from pipeline.hazards.words import words
from pipeline.transpile.rewrite import dropped as rewrite
from tests.unit.rewritten import edited


def changed(source: str) -> str:
    found = rewrite.edits(source, words(source, Path("lib.rs")))
    return edited(source, found)


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
        "let _ = Weak::<Void<u8>>::new();",
        "let _: Box<dyn Of<Item = u8>> = boxed(1);",
        "match x { _ => G(1), }",
        "let (_, b) = (G(1), G(2));",
        "let _named = G(1);",
        "// let _ = G(1);",
    ],
)
def test_calls_and_places_are_let_through(statement: str) -> None:
    assert doubtful(f"fn f() {{\n{statement}\n}}\n", Path("lib.rs"), copied=False) == []


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
    assert doubtful(f"fn f() {{\n{statement}\n}}\n", Path("lib.rs"), copied=False) == [2]


def test_lower_case_literals_are_no_calls() -> None:
    types = "struct guard(u8); enum e { held(G), free }"
    source = f"{types} fn f() {{ let _ = guard(1); let _ = e::held(g); }}"
    assert doubtful(source, Path("lib.rs"), copied=False) == [1, 1]


def test_what_is_a_call_is_said_by_line() -> None:
    source = (
        "fn f() {\n    let _ = make();\n    _ = Guard(1);\n    let _: Box<u8> =\n    new(1);\n}"
    )
    found = discards(words(source, Path("lib.rs")))
    assert [(one.line, one.called) for one in found] == [(2, True), (3, False), (4, True)]


@pytest.mark.parametrize(
    ("statement", "dropped"),
    [
        ("let _ = G(1);", "::core::mem::drop(G(1));"),
        ("_ = m::G::<T> { x: 1, ..y };", "::core::mem::drop(m::G::<T> { x: 1, ..y });"),
        ("let _: A<B = u8> = Some(f(2));", "::core::mem::drop::<A<B = u8>>(Some(f(2)));"),
        ("let _: fn(u8) -> C<D> = G(f);", "::core::mem::drop::<fn(u8) -> C<D>>(G(f));"),
        ("let _ = (a(), b.c);", "::core::mem::drop((a(), b.c));"),
        ("let _ = [a(); 2];", "::core::mem::drop([a(); 2]);"),
        ("let\n_ =\n G(1);", "::core::mem::drop(\n\nG(1));"),
    ],
)
def test_a_literal_is_dropped_for_mrustc(statement: str, dropped: str) -> None:
    assert changed(f"{{ {statement} }}") == f"{{ {dropped} }}"
    assert doubtful(f"{{ {statement} }}", Path("lib.rs"), copied=True) == []


@pytest.mark.parametrize(
    "statement",
    [
        "let _ = call(1);",
        "let _ = G;",
        "let _ = G(1).0;",
        "let _ = (g);",
        "let _ = Some(&g());",
        "let _ = S { x: f() && g() };",
        "let _ = G(vec![1]);",
        "let _ = G(a()?);",
        "let _ = G($x);",
        "if let _ = G(1) {}",
        "while let _ = (a(), 1) {}",
        "match x { _ if y => G(1) }",
        "let _ = { G(1) };",
        "const _: G = G(1);",
    ],
)
def test_what_may_live_longer_or_is_no_value_stays(statement: str) -> None:
    assert changed(f"{{ {statement} }}") == f"{{ {statement} }}"
