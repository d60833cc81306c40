# SPDX-License-Identifier: GPL-2.0-only
"""Values that ``let _ = …;`` and ``_ = …;`` discard, and which of them mrustc drops.

mrustc 0.12 drops what a call returns, at once as rustc does, and loses a value that the expression
itself makes (a literal of a struct, a tuple struct or an enum's variant, a block, a borrow).  Types
are not looked at, so only expressions count as calls that make no such value: a call of a function
or method, a name, a field, a number.  A macro is let through by name.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, Token, group_end, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CALLING_MACROS = frozenset({"write", "writeln"})
_STARTS = frozenset({";", "{", "}"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of discarded values that may have a destructor which mrustc loses.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    return [line for line, called in discards(source, path) if not called]


def discards(source: str, path: Path) -> list[tuple[int, bool]]:
    """Return the lines of discarded values, and whether each is what a call returns.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    # The lexer keeps no text of what is neither a name nor a mark.
    stream = [one._replace(text=source[one.start : one.end]) for one in tokens(source, path)]
    lines = []
    literals = _lower_literals(stream)
    for at, token in enumerate(stream):
        if token.kind is not Kind.IDENT or token.text != "_":
            continue
        before = stream[at - 1].text if at else ";"
        start = _value_start(stream, at + 1)
        if before not in {"let", *_STARTS} or start is None:
            continue
        value = stream[start : _statement_end(stream, start)]
        lines.append((token.line, _only_calls(value, literals)))
    return lines


def _lower_literals(stream: Sequence[Token]) -> set[str]:
    """Return the tuple structs and variants of a file whose names look like a function's."""
    names = set()
    for at, token in enumerate(stream[:-2]):
        if token.text == "struct" and stream[at + 2].text in ("(", "<"):
            names.add(stream[at + 1].text)
        if token.text == "enum":
            begin = at + 1
            while begin < len(stream) and stream[begin].text not in ("{", ";"):
                begin += 1
            variants = stream[begin + 1 : group_end(stream, begin)] if begin < len(stream) else []
            names.update(one.text for one, two in pairwise(variants) if two.text == "(")
    return names


def _value_start(stream: Sequence[Token], at: int) -> int | None:
    """Return the index behind the ``=`` that follows ``_`` or ``_: Type``, None where none does."""
    if at < len(stream) and stream[at].text == ":":
        while at < len(stream) and stream[at].text not in ("=", ";"):
            at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    if at + 1 >= len(stream) or stream[at].text != "=":
        return None
    following = stream[at + 1]
    joined = following.start == stream[at].end and following.text[:1] in (">", "=")
    return None if joined else at + 1


def _statement_end(stream: Sequence[Token], at: int) -> int:
    while at < len(stream) and stream[at].text not in (";", "}"):
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at


def _only_calls(value: Sequence[Token], literals: set[str]) -> bool:
    """Say whether an expression is a path, fields, calls and ``?`` in a row, and no literal."""
    at, last = 0, ""
    while at < len(value):
        token = value[at]
        if token.text == "(" and token.kind is Kind.MARK:
            # `Guard(1)` and `Some(guard)` are literals; a function's name is in lower case.
            if not last or last[:1].isupper() or last in literals:
                return False
            at, last = group_end(value, at), ")"
        elif token.text == "!" and last in _CALLING_MACROS:
            return at + 1 < len(value) and group_end(value, at + 1) == len(value)
        elif token.kind in (Kind.IDENT, Kind.RAW):
            last = token.text
            at += 1
        elif token.text in ("::", ".", "?", "?.") or (at == 0 and token.text[:1].isdigit()):
            at += 1
        else:
            return False
    return not last[:1].isupper()
