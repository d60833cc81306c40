# SPDX-License-Identifier: GPL-2.0-only
"""The helpers at the head of mrustc's C: the wrong ones go, ``ferric_guard.h`` has right ones."""

from __future__ import annotations

import re
from typing import Final

from pipeline.transpile.repair.tokens import UnknownFormError

_FIRST: Final = "typedef struct { uint64_t lo, hi; } uint128_t;"
_LAST: Final = "static inline int128_t uint128_to_int128("
_BITS: Final = "__mrustc_revmap", "__mrustc_bitrev128"
_DEFINED = re.compile(r"^static (?:inline|const) \w+ (\w+) ?[(\[]")
INCLUDE: Final = "#include <ferric_guard.h>"

# Every name that <ferric_guard128.h> defines, or that nothing uses.
_REPLACED: Final = frozenset(
    [
        "intrinsic_ctlz_u128",
        "intrinsic_cttz_u128",
        "shl128",
        "shr128",
        "shl128s",
        "shr128s",
        "make_float",
        "make_double",
        "make128_raw",
        "make128",
        "make128s_raw",
        "make128s",
        "cast128_float",
        "cast128_double",
        "cast128s_float",
        "cast128s_double",
        "cmp128",
        "cmp128s",
        "add128_o",
        "sub128_o",
        "mul128_o",
        "div128_o",
        "add128s_o",
        "sub128s_o",
        "mul128s_o",
        "div128s_o",
        "add128",
        "sub128",
        "mul128",
        "div128",
        "mod128",
        "and128",
        "or128",
        "xor128",
        "add128s",
        "sub128s",
        "mul128s",
        "div128s",
        "mod128s",
        "and128s",
        "or128s",
        "xor128s",
        "popcount128",
        "__builtin_bswap128",
        "neg128s",
        "int128_to_uint128",
        "uint128_to_int128",
        "__mrustc_revmap",
        "__mrustc_bitrev8",
        "__mrustc_bitrev16",
        "__mrustc_bitrev32",
        "__mrustc_bitrev64",
        "__mrustc_bitrev128",
    ]
)


def without_helpers(lines: list[str]) -> int:
    """Replace the helpers in ``lines``, a unit's first lines, and return how many there were.

    Raises :class:`UnknownFormError` where they are not those of mrustc 0.12 with emulated 128-bit
    integers: what another release writes has to be read first.
    """
    at = _find(lines, _FIRST)
    names = _drop(lines, _FIRST, _LAST)
    lines[at] = INCLUDE
    names |= _drop(
        lines, f"static const uint8_t {_BITS[0]}[", f"static inline uint128_t {_BITS[1]}("
    )
    if names != _REPLACED:
        strange = ", ".join(sorted(names ^ _REPLACED))
        raise UnknownFormError(f"mrustc's helpers are not those that are replaced: {strange}")
    return len(names)


def _find(lines: list[str], start: str) -> int:
    for at, line in enumerate(lines):
        if line.startswith(start):
            return at
    raise UnknownFormError(f"mrustc's C has no line that begins with {start!r}")


def _drop(lines: list[str], first: str, last: str) -> set[str]:
    """Empty the lines between two, and return the names that they defined."""
    start, end = _find(lines, first), _find(lines, last)
    names = {match[1] for line in lines[start : end + 1] if (match := _DEFINED.match(line))}
    lines[start : end + 1] = [""] * (end + 1 - start)
    return names
