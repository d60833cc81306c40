# SPDX-License-Identifier: GPL-2.0-only
"""Values that ``let _ = …;`` and ``_ = …;`` discard, and which of them mrustc drops.

mrustc 0.12 drops what a call returns, at once as rustc does, and loses a value that the expression
itself makes (a literal of a struct, a tuple struct or an enum's variant, a block, a borrow).  Types
are not looked at, so only expressions count as calls that make no such value: a call of a function
or method, a name, a field, a number.  A macro is let through by name.

A literal, alone and without a borrow, is the same as the argument of ``drop``, so mrustc is given
that (``pipeline/transpile/rewrite/dropped``).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from pipeline.crate.lexer import OPEN, Kind, Token, group_end
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CALLING_MACROS: Final = frozenset({"write", "writeln"})
_STARTS: Final = frozenset({";", "{", "}"})
# What a borrow is written with, a macro may hide, and leaves before the value is whole.
_NOT_DROPPED: Final = frozenset({"&", "&&", "!", "$", "#", "?", "return", "break", "continue"})


class Discard(NamedTuple):
    """A value that is thrown away.

    ``called`` says that a call returns it, ``made`` that a literal makes it.  The statement begins
    with the word ``start``, its type, if it has one, is in the words ``type``, its value in those
    of ``value``.
    """

    line: int
    called: bool
    made: bool
    start: int
    type: slice
    value: slice


def doubtful(source: str, path: Path, *, copied: bool) -> list[int]:
    """Return the lines of discarded values that may have a destructor which mrustc loses.

    ``copied`` says whether mrustc gets a copy, in which some of them are written otherwise.
    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    found = discards(words(source, path))
    return [one.line for one in found if not (one.called or (one.made and copied))]


def discards(stream: Sequence[Token]) -> list[Discard]:
    """Return the values that are discarded in a file's words."""
    found = []
    literals = _lower_literals(stream)
    for at, token in enumerate(stream):
        if token.kind is not Kind.IDENT or token.text != "_":
            continue
        before = stream[at - 1].text if at else ";"
        start = _value_start(stream, at + 1)
        if before not in {"let", *_STARTS} or start is None:
            continue
        end = _statement_end(stream, start)
        value = stream[start:end]
        first = at - (before == "let")
        own = first == 0 or stream[first - 1].text in _STARTS
        found.append(
            Discard(
                token.line,
                _only_calls(value, literals),
                own and _is_literal(value),
                first,
                slice(at + 2, max(start - 1, at + 2)),
                slice(start, end),
            )
        )
    return found


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
            at = _group(stream, at)
    if at + 1 >= len(stream) or stream[at].text != "=":
        return None
    following = stream[at + 1]
    joined = following.start == stream[at].end and following.text[:1] in (">", "=")
    return None if joined else at + 1


def _group(stream: Sequence[Token], at: int) -> int:
    """Return the index behind a word of a type, or behind the group that it opens."""
    if stream[at].text in OPEN:
        return group_end(stream, at)
    if stream[at].text != "<":
        return at + 1
    at += 1
    while at < len(stream) and stream[at].text not in (">", ";"):
        arrow = stream[at].text == "-" and stream[at + 1 : at + 2][0].text == ">"
        at = at + 2 if arrow else _group(stream, at)
    return at + 1


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
        elif token.text == "<" and at and value[at - 1].text == "::":
            at = _group(value, at)
        elif token.kind in (Kind.IDENT, Kind.RAW):
            last = token.text
            at += 1
        elif token.text in ("::", ".", "?") or (at == 0 and token.text[:1].isdigit()):
            at += 1
        else:
            return False
    return not last[:1].isupper()


def _is_literal(value: Sequence[Token]) -> bool:
    """Say whether an expression is one literal of a struct, a variant, a tuple or an array.

    The temporaries of such a value live as long as those of an argument, unless a borrow of one is
    in it (the Rust Reference, "Temporary lifetime extension").
    """
    if not value or not _NOT_DROPPED.isdisjoint(one.text for one in value):
        return False
    at = _path_end(value)
    if at >= len(value) or group_end(value, at) != len(value):
        return False
    if at:
        return value[at].text in ("(", "{") and value[at - 1].text != "::"
    inside = value[1:-1]
    return value[0].text == "[" or (value[0].text == "(" and _has_comma(inside))


def _path_end(value: Sequence[Token]) -> int:
    """Return the index behind a path and the arguments of its types, 0 where there is none."""
    at = 0
    while at < len(value):
        if value[at].text == "<" and at and value[at - 1].text == "::":
            at = _group(value, at)
        elif value[at].text == "::" or (
            value[at].kind in (Kind.IDENT, Kind.RAW) and (at == 0 or value[at - 1].text == "::")
        ):
            at += 1
        else:
            break
    return at


def _has_comma(inside: Sequence[Token]) -> bool:
    at = 0
    while at < len(inside) and inside[at].text != ",":
        at = group_end(inside, at) if inside[at].text in OPEN else at + 1
    return at < len(inside)
