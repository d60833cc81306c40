# SPDX-License-Identifier: GPL-2.0-only
"""What Rust says an operator gives for two integers, by mrustc's names for the operators."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from pipeline.transpile.constants import numbers

if TYPE_CHECKING:
    from collections.abc import Callable

SHIFTS: Final = frozenset({"BIT_SHL", "BIT_SHR"})
_SUMS: Final = frozenset({"ADD", "SUB", "MUL"})
_DIVISIONS: Final = frozenset({"DIV", "MOD"})
OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
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
COMPARISONS: Final[dict[str, Callable[[int, int], bool]]] = {
    "EQ": operator.eq,
    "NE": operator.ne,
    "LT": operator.lt,
    "LE": operator.le,
    "GT": operator.gt,
    "GE": operator.ge,
}
INTRINSICS: Final = {
    "wrapping_add": "ADD",
    "wrapping_sub": "SUB",
    "wrapping_mul": "MUL",
    "unchecked_add": "ADD",
    "unchecked_sub": "SUB",
    "unchecked_mul": "MUL",
    "unchecked_div": "DIV",
    "unchecked_rem": "MOD",
    "exact_div": "DIV",
    "unchecked_shl": "BIT_SHL",
    "unchecked_shr": "BIT_SHR",
}
"""The intrinsics that are an operator which wraps, or which is given no operands that overflow."""


def overflows(name: str, left: int, right: int, kind: str, size: int) -> bool:
    """Say whether a sum, a difference or a product is beyond its type of ``size`` bytes."""
    least, most = numbers.limits(kind, size)
    return name in _SUMS and not least <= OPERATIONS[name](left, right) <= most


def has_no_result(name: str, left: int, right: int, kind: str, size: int) -> str:
    """Return why Rust gives no result of its own for an operation; empty where it does."""
    if name in SHIFTS and not 0 <= right < 8 * size:
        return "a shift in it is by more than the width"
    if name in _DIVISIONS and (right == 0 or (left, right) == (numbers.limits(kind, size)[0], -1)):
        return "a division in it has no result, and Rust panics"
    return ""


def wrapped(name: str, left: int, right: int, kind: str, size: int) -> int:
    """Return the result of one of :data:`OPERATIONS`, wrapped to its type of ``size`` bytes."""
    least, _ = numbers.limits(kind, size)
    return (OPERATIONS[name](left, right) - least) % (1 << 8 * size) + least
