# SPDX-License-Identifier: GPL-2.0-only
"""``macro_rules!`` in a file's words: their rules, their variables, and what they call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind, Token, group_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# What an operand may stand behind.
_OPERATORS: Final = frozenset("=!&|+-*/%^<>") | {"&&", "||", ".."}


@dataclass(frozen=True)
class Arm:
    """One rule: the words of its matcher and of its body, both without their delimiters.

    ``begin`` is the index of the body's first word in the file.
    """

    matcher: Sequence[Token]
    body: Sequence[Token]
    begin: int

    @property
    def variables(self) -> dict[str, str]:
        """The fragments that the matcher names, with their kinds."""
        words = [one.text for one in self.matcher]
        return {
            words[at + 1]: words[at + 3]
            for at in range(len(words) - 3)
            if words[at] == "$" and words[at + 2] == ":"
        }


@dataclass(frozen=True)
class Definition:
    """A ``macro_rules! name``; ``start`` and ``end`` are the indices of its words in the file."""

    name: str
    start: int
    end: int
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class Call:
    """A macro's call: its name, and the indices of the words between its delimiters."""

    name: str
    start: int
    end: int


def definitions(stream: Sequence[Token]) -> list[Definition]:
    """Return the macros that a file defines, outer ones before those in their bodies."""
    return list(_definitions(stream))


def _definitions(stream: Sequence[Token]) -> Iterator[Definition]:
    for at in range(len(stream) - 3):
        if (
            stream[at].text == "macro_rules"
            and stream[at + 1].text == "!"
            and stream[at + 2].kind is Kind.IDENT
            and stream[at + 3].text in OPEN
        ):
            end = group_end(stream, at + 3)
            yield Definition(stream[at + 2].text, at, end, tuple(_arms(stream, at + 4, end - 1)))


def _arms(stream: Sequence[Token], at: int, end: int) -> Iterator[Arm]:
    while at < end and stream[at].text in OPEN:
        matched = group_end(stream, at)
        if [one.text for one in stream[matched : matched + 2]] != ["=", ">"]:
            return
        begin = matched + 2
        if begin >= end or stream[begin].text not in OPEN:
            return
        after = group_end(stream, begin)
        yield Arm(stream[at + 1 : matched - 1], stream[begin + 1 : after - 1], begin + 1)
        at = after + (after < end and stream[after].text == ";")


def calls(stream: Sequence[Token]) -> list[Call]:
    """Return the macros that are called in these words, outer ones before those in them."""
    return [
        Call(stream[at].text, at + 3, group_end(stream, at + 2) - 1)
        for at in range(len(stream) - 2)
        if stream[at].kind is Kind.IDENT
        and stream[at + 1].text == "!"
        and stream[at + 2].text in OPEN
    ]


def arguments(stream: Sequence[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Return where each argument begins and ends between two words.

    Commas in groups are apart, and those between the angle brackets of types.
    """
    parts = []
    begin = at = start
    while at < end:
        if stream[at].text == ",":
            parts.append((begin, at))
            begin = at = at + 1
        elif stream[at].text == "<" and _opens_types(stream, begin, at):
            at = _types_end(stream, at, end)
        else:
            at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return [*parts, (begin, end)] if begin < end else parts


def _opens_types(stream: Sequence[Token], begin: int, at: int) -> bool:
    """Say whether ``<`` in an expression begins types: behind ``::``, ``as``, and as an operand."""
    if at == begin or stream[at - 1].text == "::":
        return True
    before = stream[at - 1]
    if before.kind is not Kind.IDENT:
        return before.kind in (Kind.MARK, Kind.OTHER) and before.text in _OPERATORS
    while at > begin and (stream[at - 1].kind is Kind.IDENT or stream[at - 1].text == "::"):
        at -= 1
        if stream[at].text == "as":
            return True
    return False


def _types_end(stream: Sequence[Token], at: int, end: int) -> int:
    """Return the index behind the ``>`` of types."""
    depth = 0
    while at < end:
        text = stream[at].text
        depth += (text == "<") - (text == ">" and stream[at - 1].text not in ("-", "="))
        at = group_end(stream, at) if text in OPEN else at + 1
        if depth == 0:
            break
    return at


def reached(found: Iterable[Definition]) -> Mapping[str, frozenset[str]]:
    """Return of each macro which macros its bodies call, directly and through others."""
    direct: dict[str, set[str]] = {}
    for one in found:
        names = direct.setdefault(one.name, set())
        names.update(call.name for arm in one.arms for call in calls(arm.body))
    every = {}
    for name in direct:
        seen: set[str] = set()
        left = [name]
        while left:
            for other in direct.get(left.pop(), set()) - seen:
                seen.add(other)
                left.append(other)
        every[name] = frozenset(seen)
    return every
