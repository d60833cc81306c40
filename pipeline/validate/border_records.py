# SPDX-License-Identifier: GPL-2.0-only
"""Two structs beside each other, byte for byte: the first member on which they disagree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.debuginfo.model import Array, Enum, Pointer, Record, Signature
from pipeline.names import readable

if TYPE_CHECKING:
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref, Type

_PREFIX = re.compile("[a-z]_(?=ZR)")  # what mrustc puts before the mangled name of a type


@dataclass(frozen=True)
class Side:
    """One side of the border: its debug information, and how to call the unit that speaks.

    ``foreign`` says that it is not C's own: Rust's, or C that a transpiler made of it.  What is
    padding to C may be a member there.
    """

    info: DebugInfo
    label: str
    foreign: bool


class Slot(NamedTuple):
    """A member that takes space: offset and size in bytes, its type; ``bits`` of a bit-field.

    These are the first bit, counted from the struct's start, and the number of bits.
    """

    offset: int
    size: int
    type: Ref
    name: str
    bits: tuple[int, int] | None = None

    @property
    def end(self) -> int:
        """The byte after it."""
        return self.offset + self.size


Difference = tuple[str, str]
Matched = list[tuple[Slot, Slot]]


def name_of(found: Type | None) -> str:
    """Return how a type is called in a finding."""
    if isinstance(found, (Record, Enum)):
        kind = found.kind if isinstance(found, Record) else "enum"
        return f"{kind} {readable(_PREFIX.sub('', found.path)) or '(unnamed)'}"
    if isinstance(found, Pointer):
        return "a pointer"
    if isinstance(found, Array):
        return "an array"
    if isinstance(found, Signature):
        return "a function"
    return found.name if found is not None else "void"


def slots(side: Side, record: Record, base: int = 0) -> list[Slot]:
    """Return the members that take space in order of their places, ``base`` bytes further on."""
    found = []
    for member in record.members:
        if member.bit_size is not None and member.bit_offset is not None:
            first = member.bit_offset
            last = first + member.bit_size + 7
            size = last // 8 - first // 8
            bits = (8 * base + first, member.bit_size)
            found.append(Slot(base + first // 8, size, member.type, member.name, bits))
            continue
        size = side.info.size(member.type) or 0
        if size:
            found.append(Slot(base + member.offset, size, member.type, member.name))
    # A bit-field of no bits only aligns what follows.
    return sorted((slot for slot in found if slot.size), key=_place)


def _place(slot: Slot) -> tuple[int, tuple[int, int]]:
    return slot.offset, slot.bits or (0, 0)


def differing(
    here: Side, left: Record, there: Side, right: Record
) -> tuple[Matched, Difference | None]:
    """Return the members that stand in the same place, or the first that do not."""
    if left.kind == "union":
        return _unions(here, left, there, right)
    walk = _Walk(here, left, there, right)
    difference = walk.run()
    if difference is None and left.size != right.size:
        difference = f"{name_of(left)}, {left.size} bytes", f"{name_of(right)}, {right.size} bytes"
    return walk.matched, difference or _renamed(left, right, walk)


def _unions(
    here: Side, left: Record, there: Side, right: Record
) -> tuple[Matched, Difference | None]:
    if left.size != right.size:
        return [], (
            f"{name_of(left)}, {left.size} bytes",
            f"{name_of(right)}, {right.size} bytes",
        )
    one, other = slots(here, left), slots(there, right)
    alike = [slot.size for slot in one] == [slot.size for slot in other]
    # Whose members are of other sizes may be in another order: any of them may be meant.
    return (list(zip(one, other, strict=True)) if alike else []), None


class _Walk:
    """Two structs' members, compared from the first byte on."""

    def __init__(self, here: Side, left: Record, there: Side, right: Record) -> None:
        self.here, self.left, self.there, self.right = here, left, there, right
        self.matched: Matched = []
        # What is still to come, the next member last.
        self._one = slots(here, left)[::-1]
        self._other = slots(there, right)[::-1]

    def run(self) -> Difference | None:
        """Match members; return what the two sides have where they first disagree."""
        while self._one or self._other:
            one = self._one[-1] if self._one else None
            other = self._other[-1] if self._other else None
            if one is not None and other is not None and one.offset == other.offset:
                if not self._same_place(one, other):
                    return self._difference(one, other)
            elif one is not None and (other is None or one.offset < other.offset):
                if not self._in_hole(one, other, self._one, foreign=self.here.foreign):
                    return self._difference(one, other)
            elif other is not None and not self._in_hole(
                other, one, self._other, foreign=self.there.foreign
            ):
                return self._difference(one, other)
        return None

    def _same_place(self, one: Slot, other: Slot) -> bool:
        """Match two members that begin at the same byte; False where they do not match."""
        if one.bits and other.bits:
            self._one.pop()
            self._other.pop()
            return one.bits == other.bits
        if one.bits or other.bits:
            # Storage for C's bit-fields as one number, or the other way round.
            self._blob(self._one, self._other, max(one.end, other.end))
            return True
        if one.size == other.size:
            self.matched.append((self._one.pop(), self._other.pop()))
            return True
        return self._larger(one, other)

    def _larger(self, one: Slot, other: Slot) -> bool:
        """Take the larger of two members apart that begin at the same byte."""
        if one.size > other.size:
            slot, side, stack, others = one, self.here, self._one, self._other
        else:
            slot, side, stack, others = other, self.there, self._other, self._one
        _, found = side.info.resolved(slot.type)
        if isinstance(found, Record) and found.kind == "struct" and not found.variants:
            stack.pop()
            stack.extend(slots(side, found, slot.offset)[::-1])
            return True
        if isinstance(found, (Array, Record)):
            # An array or union in the place of several members: as many bytes is all there is.
            stack.pop()
            while others and others[-1].end <= slot.end:
                others.pop()
            return not others or others[-1].offset >= slot.end
        return False

    def _in_hole(self, slot: Slot, next_: Slot | None, stack: list[Slot], *, foreign: bool) -> bool:
        """Say whether a member stands in what is padding on the other side, and pass it by.

        Only what is not C may name C's padding.
        """
        if not foreign or (next_ is not None and slot.end > next_.offset):
            return False
        stack.pop()
        return True

    def _blob(self, one: list[Slot], other: list[Slot], end: int) -> None:
        for stack in (one, other):
            while stack and stack[-1].offset < end:
                end = max(end, stack[-1].end)
                stack.pop()

    def _difference(self, one: Slot | None, other: Slot | None) -> Difference:
        return _told(self.left, one), _told(self.right, other)


def _told(record: Record, slot: Slot | None) -> str:
    """Return what a finding says of one side."""
    whole = f"{name_of(record)} ({record.size} bytes)"
    if slot is None:
        return f"{whole}: no member there"
    name = f"member {slot.name}" if slot.name else "an unnamed member"
    if slot.bits:
        return f"{whole}: {name} of {slot.bits[1]} bits at bit {slot.bits[0]}"
    return (
        f"{whole}: {name} of {slot.size} byte{'' if slot.size == 1 else 's'} at byte {slot.offset}"
    )


def _renamed(left: Record, right: Record, walk: _Walk) -> Difference | None:
    """Return a member that has the same name on both sides and another place."""
    places = {member.name: member for member in left.members if member.name}
    for member in right.members:
        one = places.get(member.name)
        if one is not None and (one.offset, one.bit_offset) != (member.offset, member.bit_offset):
            shown = (
                Slot(each.offset, walk.here.info.size(one.type) or 0, each.type, each.name)
                for each in (one, member)
            )
            first, second = shown
            return _told(left, first), _told(right, second)
    return None
