# SPDX-License-Identifier: GPL-2.0-only
"""Find format strings that mrustc 0.12 prints otherwise, whatever the argument's type is.

src/expand/format_args.cpp of mrustc: ``0`` becomes a fill of zeros, which stand before a sign or a
prefix; a precision of 0 counts as none; behind ``x?`` the scanner stops too early, so that the rest
is printed as text.  ``{:05}`` alone is let through: it is wrong for negative numbers only, and the
text does not show those.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, group_end, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# std::fmt's grammar, "Syntax": the part behind the colon, up to what the width can be.
_SPEC = re.compile(
    r"(?:.?(?P<align>[<^>]))?(?P<sign>[+-])?(?P<prefix>#)?(?P<zero>0(?!\$))?"
    r"(?:\d+\$?|[^\W\d]\w*\$)?(?:\.(?P<precision>\d+\$?|[^\W\d]\w*\$|\*))?(?P<type>\w?\??)\s*",
    re.DOTALL,
)
_PLACE = re.compile(r"\{\{|\}\}|\{[^{}:]*:([^{}]*)\}")


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of such texts among the arguments of macros in a file.

    :class:`~pipeline.errors.UserError` where the file is no Rust.
    """
    stream = tokens(source, path)
    lines, inside = [], 0
    for at, token in enumerate(stream):
        opens = token.kind is Kind.MARK and token.text in OPEN
        if opens and at >= inside and source[: token.start].rstrip().endswith("!"):
            inside = group_end(stream, at)
        if token.kind is Kind.STRING and at < inside and any(map(wrong, _specs(token.text))):
            lines.append(token.line)
    return lines


def wrong(spec: str) -> bool:
    """Say whether mrustc prints what has this format (the text behind the colon) otherwise."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        return False  # no format: rustc refuses it where it is meant as one
    padded = match["zero"] and (match["align"] or match["prefix"] or match["sign"] == "+")
    precise = match["precision"]
    hexadecimal = match["type"] in ("x?", "X?")
    return bool(padded or hexadecimal or (precise and precise.isdigit() and int(precise) == 0))


def _specs(text: str) -> Iterator[str]:
    for match in _PLACE.finditer(text):
        if match[1]:
            yield match[1]
