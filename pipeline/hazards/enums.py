# SPDX-License-Identifier: GPL-2.0-only
"""Find enums with a promised layout that mrustc lays out in its own.

``#[repr(C)]`` and ``#[repr(u8)]`` promise the order of each variant's fields (the Rust Reference,
"Type layout").  mrustc 0.12 puts the tag where it belongs and sorts the fields behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, group_end, split_arguments
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token


_PROMISES = frozenset(
    {"C", *(f"{sign}{width}" for sign in "iu" for width in ("8", "16", "32", "64", "128", "size"))}
)


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of enums with a promised layout and a variant of fields of several types.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    return [
        stream[at].line
        for at in _enums(stream)
        if any(_several_types(one) for one in split_arguments(_body(stream, at)))
    ]


def _enums(stream: Sequence[Token]) -> Iterator[int]:
    """Yield where an ``enum`` stands whose ``repr`` promises a layout."""
    promised = False
    at = 0
    while at < len(stream):
        token = stream[at]
        if token.text == "#" and at + 1 < len(stream) and stream[at + 1].text == "[":
            end = group_end(stream, at + 1)
            inside = [one.text for one in stream[at + 2 : end]]
            promised = promised or ("repr" in inside and not _PROMISES.isdisjoint(inside))
            at = end
            continue
        if token.kind is Kind.IDENT and token.text == "enum" and promised:
            yield at
        if token.text not in ("pub", "(", "crate", ")", "super", "in"):
            promised = False
        at += 1


def _body(stream: Sequence[Token], at: int) -> Sequence[Token]:
    while at < len(stream) and stream[at].text not in ("{", ";"):
        at += 1
    return stream[at + 1 : group_end(stream, at) - 1] if at < len(stream) else []


def _several_types(variant: Sequence[Token]) -> bool:
    """Say whether a variant has fields whose types are not written alike."""
    at = 0
    while at < len(variant) and variant[at].text not in ("(", "{", "="):
        at = group_end(variant, at) if variant[at].text in OPEN else at + 1
    kinds = set()
    held = at < len(variant) and variant[at].text != "="
    for field in split_arguments(variant[at + 1 : -1] if held else []):
        names = [one.text for one in field]
        kinds.add(" ".join(names[names.index(":") + 1 :] if ":" in names else names))
    return len(kinds) > 1
