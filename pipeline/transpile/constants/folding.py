# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc computes inside functions, of numbers that it knows, before there is any C.

mrustc 0.12 shifts by the whole count there, where Rust takes it modulo the width, keeps of
``-MIN`` a number that its type does not have, divides MIN by -1, where Rust panics, and gives a
remainder the sign of the divisor.  Rust's lints do not see what comes by a call; nor does the
repaired C, in which there is only the result.  So every result is computed again.  For the same
reason a sum that overflows, and would panic where that is asked for, is seen only here.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Final

from pipeline.transpile.constants import numbers

if TYPE_CHECKING:
    from collections.abc import Callable

PHASES: Final = ("MIR Optimise", "MIR Optimise Inline", "MIR Optimise Inline PostSave")
"""Where mrustc says so, with ``MRUSTC_DEBUG``."""

_COMPUTED = re.compile(r" BinOp\((\S+) ([iu]\w+) (\w+) (\S+) [iu]\w+\) = (\S+)(?: [iu]\w+)?$")
_NEGATED = re.compile(r" UniOp\(\S+ NEG\) = (\S+) (i\w+)$")
_SHIFTS: Final = frozenset({"BIT_SHL", "BIT_SHR"})
_SUMS: Final = frozenset({"ADD", "SUB", "MUL"})
_DIVISIONS: Final = frozenset({"DIV", "MOD"})
_OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
    "ADD": operator.add,
    "SUB": operator.sub,
    "MUL": operator.mul,
    "BIT_AND": operator.and_,
    "BIT_OR": operator.or_,
    "BIT_XOR": operator.xor,
    "BIT_SHL": operator.lshift,
    "BIT_SHR": operator.rshift,
    # Rust's division goes towards 0, Python's down.
    "DIV": lambda one, two: abs(one) // abs(two) * (-1 if (one < 0) != (two < 0) else 1),
    "MOD": lambda one, two: abs(one) % abs(two) * (-1 if one < 0 else 1),
}
_COMPARISONS: Final[dict[str, Callable[[int, int], bool]]] = {
    "EQ": operator.eq,
    "NE": operator.ne,
    "LT": operator.lt,
    "LE": operator.le,
    "GT": operator.gt,
    "GE": operator.ge,
}


def wrong(line: str, pointer: int, *, overflow_checks: bool = False) -> str:
    """Return what is wrong with the step that a line of mrustc's log tells of; empty for nothing.

    ``pointer`` is the size of a pointer in bytes.  With ``overflow_checks`` a sum, difference or
    product that does not fit its type is wrong, too.
    """
    if match := _COMPUTED.search(line):
        left, kind, name, right, result = match.groups()
        try:
            exact = (name, _number(left), _number(right))
            if overflow_checks and _overflows(*exact, kind, pointer):
                return "an operation in it overflows, and Rust panics"
            return _computed(*exact, result, kind, pointer)
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


def _overflows(name: str, left: int, right: int, kind: str, pointer: int) -> bool:
    least, most = numbers.limits(kind, numbers.width(kind, pointer))
    return name in _SUMS and not least <= _OPERATIONS[name](left, right) <= most


def _computed(name: str, left: int, right: int, result: str, kind: str, pointer: int) -> str:
    """Return what is wrong with an operation and its result."""
    if name in _COMPARISONS:
        same = result == str(_COMPARISONS[name](left, right)).lower()
        return "" if same else "a comparison in it gives a wrong result"
    size = numbers.width(kind, pointer)
    least, _ = numbers.limits(kind, size)
    if name in _SHIFTS and not 0 <= right < 8 * size:
        return "a shift in it is by more than the width"
    if name in _DIVISIONS and (right == 0 or (left, right) == (least, -1)):
        return "a division in it has no result, and Rust panics"
    if name not in _OPERATIONS:
        return ""
    wrapped = (_OPERATIONS[name](left, right) - least) % (1 << 8 * size) + least
    return "" if _number(result) == wrapped else "an operation in it gives a wrong result"
