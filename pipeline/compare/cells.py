# SPDX-License-Identifier: GPL-2.0-only
"""Values in an object's sections: where they are, their numbers, how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.debuginfo.model import Base, Encoding, Enum, Record

if TYPE_CHECKING:
    from pipeline.compare.side import Pointed, Side
    from pipeline.debuginfo.model import Member, Ref

_MAX_ZEROS = 4096


class Value(NamedTuple):
    """A value's place in a section, and its type."""

    section: int
    offset: int
    type: Ref


@dataclass(frozen=True)
class Unequal:
    """A part of a constant that differs: ``path`` inside it, both values as text."""

    path: str
    ours: str
    native: str


class UnknownError(Exception):
    """A value cannot be compared; the text says why."""


def wide(record: Record) -> bool:
    """Say whether a record is rustc's description of a wide pointer."""
    names = tuple(member.name for member in record.members)
    return names in {("data_ptr", "length"), ("pointer", "vtable")}


def inside(value: Value, member: Member) -> Value:
    """Return the place of a member of a value."""
    return Value(value.section, value.offset + member.offset, member.type)


def number(side: Side, value: Value, size: int) -> int:
    """Return an unsigned number of ``size`` bytes."""
    data = side.bytes_at(value.section, value.offset, size)
    if data is None or size > 16:
        raise UnknownError("it goes past the end of its section")
    return int.from_bytes(data, side.order)


def signed(value: int, size: int) -> int:
    """Return a number of ``size`` bytes as two's complement has it."""
    return value - (1 << 8 * size) if size and value >> (8 * size - 1) & 1 else value


def zero(side: Side, value: Value, size: int) -> bool:
    """Say whether a value is nothing but zeros, and no pointer."""
    data = side.bytes_at(value.section, value.offset, size)
    moved = any(
        (value.section, value.offset + at) in side.moves for at in range(min(size, _MAX_ZEROS))
    )
    return data is not None and not any(data) and not moved


def function(side: Side, pointed: Pointed) -> str:
    """Return the function that a pointer leads to, or nothing."""
    return pointed.outside or side.functions.get((pointed.section, pointed.offset), "")


def shown(theirs: Base | Enum, value: int, size: int) -> str:
    """Return a number as text; an enum's case and a character with their names."""
    if isinstance(theirs, Enum):
        names = {number: name for name, number in theirs.values}
        return f"{names.get(value, 'no case')} ({value})"
    if theirs.encoding == Encoding.FLOAT:
        return f"float bits {value & (1 << 8 * size) - 1:#x}"
    if theirs.encoding == Encoding.UTF and value < 0x110000 and chr(value).isprintable():
        return f"{chr(value)!r} ({value:#x})"
    return f"{value} ({value:#x})" if value > 9 else str(value)
