# SPDX-License-Identifier: GPL-2.0-only
"""Constants inside the functions of mrustc's C: two units held against each other, line by line."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.transpile.repair.tokens import UnknownFormError, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = re.compile(r"\b(Z[A-Z][\w$]*) *\(")
# A symbol that is too long ends in a digest, which also covers what is of either byte order.
HASHED = re.compile(r"[\w$]*\$[0-9a-f]{1,16}\b")
_NUMBER = re.compile(r"(?:0x[0-9a-fA-F]+|\d)[\w.+-]*$")
_NAMED_NUMBERS = frozenset({"INFINITY", "NAN"})
_HEADER_LINES = 60


@dataclass(frozen=True)
class Function:
    """A function: its symbol, its Rust path, and the lines between its braces."""

    symbol: str
    path: str
    start: int
    end: int


@dataclass(frozen=True)
class Unequal:
    """Lines of a function that two units have otherwise.

    ``ours`` and ``theirs`` are the indices in both units where the lines differ in numbers alone;
    they are empty where the code itself is another one.
    """

    function: Function
    ours: tuple[int, ...] = ()
    theirs: tuple[int, ...] = ()


def functions(lines: Sequence[str]) -> dict[str, Function]:
    """Return the functions of a unit by Rust path: long symbols have a digest, which may clash."""
    found: dict[str, Function] = {}
    start = 0
    for at, line in enumerate(lines):
        if line == "{":
            start = at
        elif line == "}" and start:
            head = _head(lines, start)
            if head is not None:
                found[head[1]] = Function(head[0], head[1], start + 1, at)
            start = 0
    return found


def _head(lines: Sequence[str], start: int) -> tuple[str, str] | None:
    """Return the symbol and the path that stand before a function's brace."""
    for at in range(start - 1, max(0, start - _HEADER_LINES), -1):
        if match := _NAME.search(lines[at].partition("//")[0]):
            above = lines[at - 1]
            return match[1], above.removeprefix("// ") if above.startswith("// ") else match[1]
        if lines[at] == "}":
            break
    return None


def unequal(
    ours: Sequence[str], theirs: Sequence[str], mine: Function, other: Function
) -> Iterator[Unequal]:
    """Yield where a function of two units differs, comments aside."""
    left = [_code(line) for line in ours[mine.start : mine.end]]
    right = [_code(line) for line in theirs[other.start : other.end]]
    if left == right:
        return
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        if what == "equal":
            continue
        numbers = i2 - i1 == j2 - j1 and all(
            _in_numbers(left[i], right[j])
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
        )
        if numbers:
            yield Unequal(
                mine,
                tuple(range(mine.start + i1, mine.start + i2)),
                tuple(range(other.start + j1, other.start + j2)),
            )
        else:
            yield Unequal(mine)


def _code(line: str) -> str:
    """Return a line without its comment, and without the digests of long names."""
    if "$" in line:
        line = HASHED.sub("$", line)
    at = line.find("//")
    if at < 0:
        return line.rstrip()
    if '"' not in line[:at]:
        return line[:at].rstrip()
    try:
        comment = split(line)[1]
    except UnknownFormError:
        return line.rstrip()
    return (line.removesuffix(comment) if comment else line).rstrip()


def _in_numbers(one: str, other: str) -> bool:
    """Say whether two lines differ in the value of numbers alone."""
    try:
        left, right = split(one)[0], split(other)[0]
    except UnknownFormError:
        return False
    left, right = _unsigned(left), _unsigned(right)
    return len(left) == len(right) and all(
        a == b or (_is_number(a) and _is_number(b)) for a, b in zip(left, right, strict=True)
    )


def _unsigned(words: list[str]) -> list[str]:
    """Drop the sign of numbers that begin a value: ``= - 1`` becomes ``= 1``."""
    return [
        word
        for at, word in enumerate(words)
        if not (
            word == "-"
            and at
            and words[at - 1] in ("=", "(", ",", "+", "-", "*", "<", ">", "==", "!=")
            and at + 1 < len(words)
            and _is_number(words[at + 1])
        )
    ]


def _is_number(word: str) -> bool:
    return _NUMBER.match(word) is not None or word in _NAMED_NUMBERS
