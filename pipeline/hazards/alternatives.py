# SPDX-License-Identifier: GPL-2.0-only
"""Find arms of a ``match`` whose condition mrustc asks too seldom.

``(a, _) | (_, a) if a > 10``: where both alternatives match, Rust asks the condition for the first,
and where it does not hold, for the second (the Rust Reference, "Match guards").  mrustc 0.12 asks
once and goes on to the next arm.  That is the same where no value matches two alternatives.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, group_end
from pipeline.hazards.patterns import apart, eithers, parse
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

_MATCHES = "matches"


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of arms with a condition and alternatives that may both match.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    lines = []
    for pattern, line in (*_matches(stream), *_arms(stream)):
        if any("$" in token.text for token in pattern):
            lines.append(line)
            continue
        for choice in eithers(parse(pattern)):
            if not all(apart(one, other) for one, other in combinations(choice.parts, 2)):
                lines.append(line)
                break
    return sorted(lines)


def _arms(stream: Sequence[Token]) -> Iterator[tuple[Sequence[Token], int]]:
    """Yield the pattern of each arm of a ``match`` that has a condition and alternatives."""
    for at, token in enumerate(stream):
        if token.kind is Kind.IDENT and token.text == "match":
            begin = at + 1
            # No struct literal may stand in what is matched: the first brace opens the arms.
            while begin < len(stream) and stream[begin].text not in ("{", ";", "}"):
                begin = group_end(stream, begin) if stream[begin].text in OPEN else begin + 1
            if begin < len(stream) and stream[begin].text == "{":
                yield from _body(stream[begin + 1 : group_end(stream, begin) - 1])


def _body(stream: Sequence[Token]) -> Iterator[tuple[Sequence[Token], int]]:
    at = 0
    while at < len(stream):
        while stream[at].text == "#" and at + 1 < len(stream):
            at = group_end(stream, at + 1)
            if at >= len(stream):
                return
        end = _arrow(stream, at)
        yield from _guarded(stream[at:end])
        at = end + 2
        if at < len(stream) and stream[at].text == "{":
            at = group_end(stream, at)
            at += at < len(stream) and stream[at].text == ","
        else:
            while at < len(stream) and stream[at].text != ",":
                at = group_end(stream, at) if stream[at].text in OPEN else at + 1
            at += 1


def _arrow(stream: Sequence[Token], at: int) -> int:
    """Return where the ``=>`` of an arm stands."""
    while at + 1 < len(stream):
        one, two = stream[at], stream[at + 1]
        if one.text == "=" and two.text == ">" and one.end == two.start:
            return at
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return len(stream)


def _guarded(head: Sequence[Token]) -> Iterator[tuple[Sequence[Token], int]]:
    """Yield the pattern before ``if``, where alternatives are in it."""
    at = 0
    while at < len(head) and not (head[at].kind is Kind.IDENT and head[at].text == "if"):
        at = group_end(head, at) if head[at].text in OPEN else at + 1
    if at < len(head) and any(token.text == "|" for token in head[:at]):
        yield head[:at], head[0].line


def _matches(stream: Sequence[Token]) -> Iterator[tuple[Sequence[Token], int]]:
    """Yield the patterns of ``matches!(value, pattern if condition)``."""
    for at in range(len(stream) - 2):
        if stream[at].text == _MATCHES and stream[at + 1].text == "!":
            inside = stream[at + 3 : group_end(stream, at + 2) - 1]
            begin = 0
            while begin < len(inside) and inside[begin].text != ",":
                begin = group_end(inside, begin) if inside[begin].text in OPEN else begin + 1
            yield from _guarded(inside[begin + 1 :])
