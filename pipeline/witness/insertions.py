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
    """Return the insertions of nested ranges: of two at one place, the outer one is further out."""
    opening = sorted(ranges, key=lambda one: (one.start, -one.end, one.inner))
    closing = sorted(ranges, key=lambda one: (one.end, -one.start, -one.inner))
    ends = [Insertion(one.end, one.after) for one in closing]
    starts = [Insertion(one.start, one.before) for one in opening]
    return sorted([*ends, *starts], key=lambda one: one.at)
