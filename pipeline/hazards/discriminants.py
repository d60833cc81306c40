# SPDX-License-Identifier: GPL-2.0-only
"""Find enums whose numbers mrustc 0.12 takes for others where a variant is known and cast.

``Errno::Again as i32`` becomes the lower 32 bits of the number, without its sign, once the variant
is known: by itself, or after functions were put into each other.  A number below 2³² that is
written out is right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind, group_end, split_arguments
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

WRONG: Final = "mrustc may cast this variant to another number: without its sign, or cut to 32 bits"
MEND: Final = "a method with a match that names each number; or build with transpiler=rustc"
CAST: Final = re.compile(r"\bas\s+[iu](?:8|16|32|64|128|size)\b")
"""A cast to an integer, which has to be somewhere in the build for an enum to be in danger."""
_NUMBER: Final = re.compile(
    r"(0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*?)_*(?:[iu](?:\d+|size))?"
)
_LESS: Final = ["Less", "as"]  # core's Ordering, which is -1 there
_LONGEST: Final = 100  # characters of a number that is looked at
_RIGHT: Final = 1 << 32


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of variants with a number that is not known to be from 0 to 2³²-1.

    The variant of ``core`` that has one is found where it is cast by name.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    lines = [line for _, found in named(source, path) for line in found]
    for at, token in enumerate(stream):
        if [one.text for one in stream[at : at + 2]] == _LESS:
            lines.append(token.line)
    return sorted(lines)


def named(source: str, path: Path) -> Iterator[tuple[str, list[int]]]:
    """Yield the enums that a file names, and the lines of their variants with such a number.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    for at, token in enumerate(stream[:-1]):
        if token.kind is Kind.IDENT and token.text == "enum":
            variants = split_arguments(_body(stream, at))
            yield stream[at + 1].text, [line for one in variants for line in _line(one)]


def is_right(number: int) -> bool:
    """Say whether mrustc casts a variant of this number to it."""
    return 0 <= number < _RIGHT


def _body(stream: Sequence[Token], at: int) -> Sequence[Token]:
    while at < len(stream) and stream[at].text not in ("{", ";", ")"):
        at += 1
    found = at < len(stream) and stream[at].text == "{"
    return stream[at + 1 : group_end(stream, at) - 1] if found else []


def _line(variant: Sequence[Token]) -> list[int]:
    """Return the line of a variant's number unless it is right, as a list of one or none."""
    at = 0
    while at < len(variant) and variant[at].text != "=":
        at = group_end(variant, at) if variant[at].text in OPEN else at + 1
    value = variant[at + 1 :]
    if not value or (len(value) == 1 and _is_right(value[0].text.lower())):
        return []
    return [value[0].line]


def _is_right(text: str) -> bool:
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    return match is not None and is_right(int(_decimal(match[1].replace("_", "")), 0))


def _decimal(text: str) -> str:
    """Return a number that Python reads as Rust does: leading zeros say nothing."""
    return text if text[1:2] in {"x", "o", "b"} else text.lstrip("0") or "0"
