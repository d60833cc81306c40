# SPDX-License-Identifier: GPL-2.0-only
"""One change of a source's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """The characters from ``start`` to ``end`` of a source become ``text``."""

    start: int
    end: int
    text: str


class UnfitError(Exception):
    """Something in a source that mrustc reads wrongly, and that has no other spelling."""
