# SPDX-License-Identifier: GPL-2.0-only
"""Find types of functions with lifetimes whose ``TypeId`` may be asked for: mrustc ignores those.

``fn(&'static u8)`` and ``for<'a> fn(&'a u8)`` are two types (the Rust Reference, "Subtyping and
Variance"), which mrustc 0.12 gives one ``TypeId``: ``Any`` takes the one for the other, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

ASKED: Final = re.compile(r"\b(?:TypeId|Any|type_id)\b|\bdowncast")
"""What is somewhere in a crate that asks for a ``TypeId``."""
_CALLED = frozenset({"fn", "Fn", "FnMut", "FnOnce", "for"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines where such a type is given to a function or a type by ``::<…>``.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    named = _named([token.text for token in stream])
    lines = []
    open_angles: list[_Angle] = []
    before = ""
    for token in stream:
        text = token.text
        if text == "<":
            open_angles.append(_Angle(token.line if before == "::" else 0))
        if open_angles:
            open_angles[-1].note(text, named)
        closing = text == ">" and before not in ("-", "=")
        lines += _closed(open_angles, len(open_angles) if text == ";" else int(closing))
        before = text
    return sorted(lines + _closed(open_angles, len(open_angles)))


@dataclass
class _Angle:
    """What stands between ``<`` and ``>``: ``line`` is that of ``::<``, 0 for other ones."""

    line: int
    called: bool = False
    borrows: bool = False
    named: bool = False

    def note(self, text: str, named: AbstractSet[str]) -> None:
        self.called |= text in _CALLED
        self.borrows |= _is_borrow(text)
        self.named |= text in named


def _closed(open_angles: list[_Angle], count: int) -> list[int]:
    """Close the innermost angles, and return the lines of those that have such a type."""
    lines = []
    for _ in range(min(count, len(open_angles))):
        inner = open_angles.pop()
        if open_angles:
            outer = open_angles[-1]
            outer.called |= inner.called
            outer.borrows |= inner.borrows
            outer.named |= inner.named
        if inner.line and (inner.named or (inner.called and inner.borrows)):
            lines.append(inner.line)
    return lines


def _named(texts: Sequence[str]) -> set[str]:
    """Return the names that the text gives to such a type: ``type Name = ...;``."""
    found = set()
    called = borrows = False
    for at in range(len(texts) - 1, -1, -1):
        text = texts[at]
        if text == ";":
            called = borrows = False
        called |= text in _CALLED
        borrows |= _is_borrow(text)
        if text == "type" and called and borrows and at + 2 < len(texts):
            found.add(texts[at + 1])
    return found


def _is_borrow(text: str) -> bool:
    return text == "&" or text.startswith("'")
