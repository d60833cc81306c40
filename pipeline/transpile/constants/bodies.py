# SPDX-License-Identifier: GPL-2.0-only
"""Constants inside the functions of mrustc's C: two units held against each other, line by line."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.transpile.repair.tokens import UnknownFormError, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = re.compile(r"\b(Z[A-Z][\w$]*) *\(")
# A symbol that is too long ends in a digest, which also covers what is of either byte order.
HASHED = re.compile(r"[\w$]*\$[0-9a-f]{1,16}\b")
# Variables, drop flags and blocks, in the code and in its comments: each unit counts for itself.
NUMBERED = re.compile(r"\b(var|df|bb|_)\d+\b")
_DECLARATION = re.compile(r"\t(?!goto )[\w$ *]+\b(?:var|df)\d+;$")
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
    """Yield where a function of two units differs, comments aside; other code comes last."""
    left, right = _coded(ours, mine), _coded(theirs, other)
    codes = [code for _, code in left], [code for _, code in right]
    if codes[0] == codes[1]:
        return
    if len(left) == len(right) and all(map(_in_numbers, *codes)):
        pairs, others = list(zip(range(len(left)), range(len(right)), strict=True)), False
    else:
        pairs, others = _aligned(*codes)
    differing = [(left[i][0], right[j][0]) for i, j in pairs if codes[0][i] != codes[1][j]]
    if differing:
        yield Unequal(mine, tuple(one for one, _ in differing), tuple(two for _, two in differing))
    if others:
        yield Unequal(mine)


def _coded(lines: Sequence[str], function: Function) -> list[tuple[int, str]]:
    """Return the lines of a function that have code, with their indices, comments left out."""
    coded = ((at, _code(lines[at])) for at in range(function.start, function.end))
    return [(at, code) for at, code in coded if code]


def _aligned(left: list[str], right: list[str]) -> tuple[list[tuple[int, int]], bool]:
    """Return the pairs of lines that differ in numbers alone, and whether there is other code.

    Where one unit has other code, its variables and blocks have other names from there on, and
    the statement that looks most alike may be another one.  So lines are held against each other
    with the names left out, and those that are equal then tell which name is which: a line whose
    names are not told, or told twice, is other code.
    """
    mine, twins = ([NUMBERED.sub(r"\1", one) for one in lines] for lines in (left, right))
    opcodes = difflib.SequenceMatcher(None, mine, twins, autojunk=False).get_opcodes()
    told: set[tuple[str, str]] = set()
    for what, i1, _, j1, j2 in opcodes:
        if what == "equal":
            for one, other in zip(left[i1:], right[j1:j2], strict=False):
                if not _DECLARATION.match(one):
                    told.update(_names(one, other))
    counts = Counter(one for one, _ in told), Counter(other for _, other in told)

    def same(one: str, other: str) -> bool:
        return _in_numbers(NUMBERED.sub(r"\1", one), NUMBERED.sub(r"\1", other)) and all(
            pair in told and counts[0][pair[0]] == counts[1][pair[1]] == 1
            for pair in _names(one, other)
        )

    pairs, others = [], False
    for what, i1, i2, j1, j2 in opcodes:
        if what != "equal" and i2 - i1 == j2 - j1:
            both = list(zip(range(i1, i2), range(j1, j2), strict=True))
            pairs += [(i, j) for i, j in both if same(left[i], right[j])]
            others |= not all(same(left[i], right[j]) for i, j in both)
        others |= i2 - i1 != j2 - j1
    return pairs, others


def _names(one: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield the numbered names of two lines that are alike, pair by pair."""
    names = (match[0] for match in NUMBERED.finditer(one))
    return zip(names, (match[0] for match in NUMBERED.finditer(other)), strict=True)


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
