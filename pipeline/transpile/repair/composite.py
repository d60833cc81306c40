# SPDX-License-Identifier: GPL-2.0-only
"""Rotates and saturating sums: several C statements in a line, replaced as one.

Nothing is taken for what it looks like: the line that mrustc would write for the operands that were
read is built again, and has to be the line that is there, word for word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.transpile.repair.tokens import UnknownFormError, split

if TYPE_CHECKING:
    from pipeline.transpile.repair.expression import Expression, Words

_BITS = re.compile(r"uint(\d+)_t$")
# What a saturated sum becomes, by type; A is the left operand.
_LIMITS: Final = (
    "-1",
    "0",
    "make128_raw(-1,-1)",
    "make128(0)",
    "(A<0?-0x80:0x7F)",
    "(A<0?-0x8000:0x7FFF)",
    "(A<0?-0x8000000l:0x7FFFFFFFl)",
    "(A<0?-0x800000000000000ll:0x7FFFFFFFFFFFFFFFll)",
    "(A<0?-0x8000000000000000ll:0x7FFFFFFFFFFFFFFFll)",
    "((int64_t)(A.hi)<0?make128s_raw(-0x800000000000000ll,0):make128s_raw(0x7FFFFFFFFFFFFFFFll,-1))",
    "((int64_t)(A.hi)<0?make128s_raw(-0x8000000000000000ll,0):make128s_raw(0x7FFFFFFFFFFFFFFFll,-1))",
)


def rotate(words: Words, intrinsic: str) -> str:
    """Replace ``{ uintN_t v = a; unsigned shift = n; … }``: undefined for n = 0 or n ≥ N.

    Rotated to the right, the result went to a new variable ``rv`` that hid the function's own.
    """
    start = words.at
    words.expect("{")
    match = _BITS.match(kind := words.type())
    words.expect("v", "=")
    value = words.expression()
    words.expect(";", "unsigned", "shift", "=")
    count = words.expression()
    words.expect(";")
    if match is None or intrinsic not in ("rotate_left", "rotate_right"):
        raise UnknownFormError(f"a block for {intrinsic or 'no intrinsic'} on {kind}")
    bits = int(match[1])
    left = intrinsic == "rotate_left"
    place = _rotated_place(words, bits, left=left)
    whole = _rotation(kind, bits, value, count, place, left=left)
    if words.words[start : start + len(whole)] != whole:
        raise UnknownFormError(f"a {intrinsic} in other words than mrustc's")
    words.at = start + len(whole)
    words.open.clear()
    words.counts["rotate"] += 1
    macro = "FERRIC_ROTATE_LEFT" if left else "FERRIC_ROTATE_RIGHT"
    return f"{place} = {macro}({place}, {value.text}, {count.text});"


def _rotated_place(words: Words, bits: int, *, left: bool) -> str:
    """Return the place that the result goes to, as text."""
    at = words.at
    if bits == 128:
        words.at += 7
        place = words.expression()
        if place.sign != "lo":
            raise UnknownFormError("a rotated place without halves")
        place = place.parts[0]
    elif left:
        place = words.expression()
    else:
        words.at = words.words.index(";", at) + 1
        place = words.expression()
    words.at = at
    return place.text


def _rotation(
    kind: str, bits: int, value: Expression, count: Expression, place: str, *, left: bool
) -> list[str]:
    """Return the words that mrustc writes for a rotation (codegen_c.cpp, ``rotate_left``)."""
    to, back = ("<<", ">>") if left else (">>", "<<")
    head = f"{{ {kind} v = {value.raw}; unsigned shift = {count.raw};"
    if bits == 128:
        halves = [
            f"{place}.{one} = (v.{a} {to} shift) | (v.{b} {back} (64 - shift));"
            for one, a, b in (("lo", "lo", "hi"), ("hi", "hi", "lo"),
                              ("lo", "hi", "lo"), ("hi", "lo", "hi"))
        ]  # fmt: skip
        low, high = " ".join(halves[:2]), " ".join(halves[2:])
        body = f"if(shift < 64) {{ {low} }} else {{ shift -= 64; {high} }}"
    else:
        body = f"{place} = (v {to} shift) | (v {back} ({bits} - shift));"
        if not left:
            body = f"{kind} rv = (v {to} shift) | (v {back} ({bits} - shift)); {place} = rv;"
    return split(f"{head} {body} }}")[0]


def saturate(words: Words, intrinsic: str) -> str:
    """Replace ``if( add_overflow(a, b, &p) ) { p = limit; }``.

    The limit of ``i32`` is wrong in it, and ``a`` is read again after the place was written.
    """
    if intrinsic not in ("saturating_add", "saturating_sub"):
        raise UnknownFormError(f"a test of an overflow for {intrinsic or 'no intrinsic'}")
    words.expect("if", "(")
    call = words.expression()
    words.expect(")", "{")
    place = words.expression()
    words.expect("=")
    start = words.at
    end = words.words.index(";", start)
    limit = "".join(words.words[start:end])
    words.at = end
    words.expect(";", "}")
    words.open.clear()
    _callee, left, right, address = call.parts
    if address.raw != f"&{place.raw}":
        raise UnknownFormError("a saturated sum that goes to two places")
    operand = "".join(split(left.raw)[0])
    if limit not in (one.replace("A", operand) for one in _LIMITS):
        raise UnknownFormError(f"the limit of a saturated sum: {limit}")
    words.counts["saturating"] += 1
    return f"{place.text} = FERRIC_{intrinsic.upper()}({place.raw}, {left.text}, {right.text});"
