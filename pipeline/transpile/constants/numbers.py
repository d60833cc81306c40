# SPDX-License-Identifier: GPL-2.0-only
"""What Rust says a cast or an intrinsic gives, on the bytes that mrustc had (little-endian)."""

from __future__ import annotations

import math
import re
import struct
from typing import Final

_NUMBER = re.compile(r"([iu])(8|16|32|64|128|size)$")
_SMALL: Final = 128
FLOATS: Final = {"f32": "<f", "f64": "<d"}
"""The types of floats, with the form that Python's ``struct`` has for their bytes."""


def width(kind: str, pointer: int) -> int:
    """Return the size of an integer type in bytes, 0 for any other type."""
    match = _NUMBER.match(kind)
    if match is None:
        return 0
    return pointer if match[2] == "size" else int(match[2]) // 8


def value(kind: str, data: bytes) -> int:
    """Return the number of an integer type that some bytes are."""
    return int.from_bytes(data, "little", signed=kind.startswith("i"))


def to_integer(data: bytes, kind: str, size: int) -> bytes | None:
    """Return a float of 4 or 8 bytes cast to an integer type; None for other sizes."""
    form = {4: "<f", 8: "<d"}.get(len(data))
    if form is None:
        return None
    number = struct.unpack(form, data)[0]
    least, most = limits(kind, size)
    if math.isnan(number):
        whole = 0
    elif math.isinf(number):
        whole = most if number > 0 else least
    else:
        whole = min(max(int(number), least), most)
    return whole.to_bytes(size, "little", signed=least < 0)


def float_bytes(text: str, kind: str) -> bytes:
    """Return the bytes of a float that C's ``%a`` has written."""
    return struct.pack(FLOATS[kind], float.fromhex(text))


def is_rounded(text: str, kind: str) -> bool:
    """Say whether a float that C's ``%a`` has written is one of its type."""
    number = float.fromhex(text)
    try:
        return (
            math.isnan(number) or struct.unpack(FLOATS[kind], float_bytes(text, kind))[0] == number
        )
    except OverflowError:
        return False


def to_float(number: int, kind: str) -> bytes:
    """Return an integer cast to a float: to the nearest, halves to even."""
    if kind == "f64":
        return struct.pack("<d", float(number))
    # By way of a double a number would be rounded twice: an odd last bit keeps it from that.
    extra = max(abs(number).bit_length() - 50, 0)
    whole = abs(number) >> extra
    if abs(number) != whole << extra:
        whole |= 1
    return struct.pack("<f", math.copysign(math.ldexp(whole, extra), number))


def is_small(kind: str, data: bytes) -> bool:
    """Say whether the bytes of a float are a number from 0 to 127."""
    number = struct.unpack(FLOATS[kind], data[: struct.calcsize(FLOATS[kind])])[0]
    return bool(0 <= number < _SMALL)


def is_float(kind: str) -> bool:
    """Say whether a type is one that :func:`to_float` makes."""
    return kind in FLOATS


def limits(kind: str, size: int) -> tuple[int, int]:
    """Return the least and the greatest number of an integer type."""
    bits = 8 * size
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if kind[0] == "i" else (0, (1 << bits) - 1)


def intrinsic(name: str, kind: str, size: int, left: int, right: int) -> bytes | None:
    """Return the bytes that an intrinsic gives for two numbers of a type; None for others.

    Those with a flag give the flag behind a byte, before anything wider, as mrustc has them.
    """
    bits, (least, most) = 8 * size, limits(kind, size)
    mask = (1 << bits) - 1
    if name == "bitreverse":
        result = int(f"{left & mask:0{bits}b}"[::-1], 2)
    elif name in ("rotate_left", "rotate_right"):
        count = right % bits if name == "rotate_left" else -right % bits
        result = (left & mask) << count | (left & mask) >> (bits - count)
    else:
        verb, _, what = name.partition("_")
        if what in ("add", "sub"):
            verb, what = what, "saturating"
        exact = {"add": left + right, "sub": left - right, "mul": left * right}.get(verb)
        if exact is None:
            return None
        if what == "saturating":
            result = min(max(exact, least), most)
        else:
            flag = bytes([not least <= exact <= most])
            data = (exact & mask).to_bytes(size, "little")
            return data + flag if size == 1 else flag + data
    return (result & mask).to_bytes(size, "little")
