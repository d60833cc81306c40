# SPDX-License-Identifier: GPL-2.0-only
"""Find literals that mrustc rounds twice: it reads each as ``f64`` and makes an ``f32`` of that.

A number that is nearly in the middle of two ``f32`` may be rounded to that middle first, and then
to the other one.
"""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from pipeline.hazards.words import words

if TYPE_CHECKING:
    from pathlib import Path

_LITERAL: Final = re.compile(
    r"(\d[\d_]*)(?:\.(\d[\d_]*)|\.(?![.\w]))?(?:[eE]([+-]?[\d_]+))?_*(f32|f64)?(?!\w)"
)
_DIGITS: Final = 400  # a longer one is not looked at as a number
_LARGEST: Final = (1 << 104) * ((1 << 24) - 1)


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of such literals; one with ``f64`` behind it is none.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    lines = []
    end = 0
    for token in words(source, path):
        if token.start < end or not token.text[:1].isdigit():
            continue
        match = _LITERAL.match(source, token.start)
        if match and match[4] != "f64" and (match.end() > token.end or match[3] or match[4]):
            end = match.end()
            if _twice(match):
                lines.append(token.line)
    return lines


def _twice(match: re.Match[str]) -> bool:
    """Say whether a literal has another nearest ``f32`` than its nearest ``f64`` has."""
    whole, part = (text.replace("_", "") for text in (match[1], match[2] or ""))
    power = (match[3] or "0").replace("_", "")
    digits = (whole + part).strip("0")
    if len(whole + part) > _DIGITS or len(power) > len("-400") or abs(int(power)) > _DIGITS:
        return len(digits) > len("0.1234567")  # which of the two it is, is not computed
    exact = Fraction(int(whole + part)) * Fraction(10) ** (int(power) - len(part))
    if exact > _LARGEST:
        return False
    once = _nearest(exact)
    return once != _nearest(Fraction(float(exact)))


def _nearest(exact: Fraction) -> Fraction:
    """Return the ``f32`` next to a number in its range: of two equally near, the even one."""
    (bits,) = struct.unpack("<I", struct.pack("<f", float(exact)))
    around = [one for one in (bits - 1, bits, bits + 1) if one >= 0]
    values = {one: Fraction(struct.unpack("<f", struct.pack("<I", one))[0]) for one in around}
    best = min(around, key=lambda one: (abs(values[one] - exact), one % 2))
    return values[best]
