# SPDX-License-Identifier: GPL-2.0-only
"""Text that is written around parts of a source file, which may lie within one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Insertion:
    """Text to be put before the character ``at`` of a source file."""

    at: int
    text: str


class Range(NamedTuple):
    """Characters that something is written around; ``inner`` is further in than an equal range."""

    start: int
    end: int
    inner: int
    before: str
    after: str


def ordered(ranges: Iterable[Range]) -> list[Insertion]:
    """Return the insertions of nested ranges: of two at one place, the outer one is further out.

    Of two that are equal in all, the later one is further in: they must not cross.
    """
    numbered = list(enumerate(ranges))
    opening = sorted(numbered, key=lambda one: (one[1].start, -one[1].end, one[1].inner, one[0]))
    closing = sorted(numbered, key=lambda one: (one[1].end, -one[1].start, -one[1].inner, -one[0]))
    ends = [Insertion(one.end, one.after) for _, one in closing]
    starts = [Insertion(one.start, one.before) for _, one in opening]
    return sorted([*ends, *starts], key=lambda one: one.at)
