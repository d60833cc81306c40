# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc computes inside functions, of numbers that it knows, before there is any C.

mrustc 0.12 shifts by the whole count there, where Rust takes it modulo the width, keeps of
``-MIN`` a number that its type does not have, divides MIN by -1, where Rust panics, and gives a
remainder the sign of the divisor.  Rust's lints do not see what comes by a call; nor does the
repaired C, in which there is only the result.  So every result is computed again.  For the same
reason a sum that overflows, and would panic where that is asked for, is seen only here.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.transpile.constants import arithmetic, numbers

PHASES: Final = ("MIR Optimise", "MIR Optimise Inline", "MIR Optimise Inline PostSave")
"""Where mrustc says so, with ``MRUSTC_DEBUG``."""

_COMPUTED = re.compile(r" BinOp\((\S+) ([iu]\w+) (\w+) (\S+) [iu]\w+\) = (\S+)(?: [iu]\w+)?$")
_NEGATED = re.compile(r" UniOp\(\S+ NEG\) = (\S+) (i\w+)$")


def wrong(line: str, pointer: int, *, overflow_checks: bool = False) -> str:
    """Return what is wrong with the step that a line of mrustc's log tells of; empty for nothing.

    ``pointer`` is the size of a pointer in bytes.  With ``overflow_checks`` a sum, difference or
    product that does not fit its type is wrong, too.
    """
    if match := _COMPUTED.search(line):
        left, kind, name, right, result = match.groups()
        try:
            operands = (name, _number(left), _number(right))
            return _computed(*operands, result, kind, pointer, overflow_checks=overflow_checks)
        except ValueError:
            return "an operation in it cannot be read"
    if match := _NEGATED.search(line):
        least, most = numbers.limits(match[2], numbers.width(match[2], pointer))
        try:
            right = least <= _number(match[1]) <= most
        except ValueError:
            right = False
        if not right:
            return "a number in it has no negative, and Rust wraps"
    return ""


def _number(text: str) -> int:
    """Return a number as mrustc writes it: the least of ``i128`` with two signs."""
    return int(text.removeprefix("-") if text.startswith("--") else text, 0)


def _computed(
    name: str,
    left: int,
    right: int,
    result: str,
    kind: str,
    pointer: int,
    *,
    overflow_checks: bool,
) -> str:
    """Return what is wrong with an operation and its result."""
    if compare := arithmetic.COMPARISONS.get(name):
        same = result == str(compare(left, right)).lower()
        return "" if same else "a comparison in it gives a wrong result"
    if name not in arithmetic.OPERATIONS:
        return ""
    operation = (name, left, right, kind, numbers.width(kind, pointer))
    if why := arithmetic.has_no_result(*operation):
        return why
    if overflow_checks and arithmetic.overflows(*operation):
        return "an operation in it overflows, and Rust panics"
    same = _number(result) == arithmetic.wrapped(*operation)
    return "" if same else "an operation in it gives a wrong result"
