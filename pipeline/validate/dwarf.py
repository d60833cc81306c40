# SPDX-License-Identifier: GPL-2.0-only
"""Read who produced each compilation unit from ``.debug_info``, and nothing else.

pyelftools cannot do this in a relocatable object of the architectures in hand: it does not know
their relocations, and without them the offset of a unit's abbreviations is wrong in all units but
the first of a linked object.  Here only a unit's header and its first entry are read, so the time
is linear in the sections' size.  Format: DWARF 5, sections 7.5.1 and 7.5.3 (and 7.5 of DWARF 2-4).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT_LANGUAGE = 0x13
AT_PRODUCER = 0x25
LANG_ASSEMBLER = 0x8001  # DW_LANG_Mips_Assembler, which GNU as writes for all architectures
_TAGS = {0x11, 0x3C, 0x4A}  # compile unit, partial unit, skeleton unit
_UNIT_TYPES_WITH_SIGNATURE = {0x02: 12, 0x04: 8, 0x05: 8, 0x06: 12}  # extra bytes; 2, 6: type units
_MAX_UNITS = 200_000
_MAX_STRING = 1 << 16
_DWARF64 = 0xFFFFFFFF
_FORM_ADDR, _FORM_REF_ADDR = 0x01, 0x10
_FORM_STRING, _FORM_STRP, _FORM_LINE_STRP = 0x08, 0x0E, 0x1F
_FORM_INDIRECT, _FORM_IMPLICIT_CONST = 0x16, 0x21
_FIXED = {  # bytes of a form's value
    **dict.fromkeys([0x0B, 0x0C, 0x11, 0x25, 0x29], 1),
    **dict.fromkeys([0x05, 0x12, 0x26, 0x2A], 2),
    **dict.fromkeys([0x27, 0x2B], 3),
    **dict.fromkeys([0x06, 0x13, 0x1C, 0x28, 0x2C], 4),
    **dict.fromkeys([0x07, 0x14, 0x20, 0x24], 8),
    0x1E: 16,
    0x19: 0,
    _FORM_IMPLICIT_CONST: 0,
}
_OFFSETS = {0x0E, 0x17, 0x1D, 0x1F, 0x1F20, 0x1F21}  # 4 bytes, 8 in 64-bit DWARF
_LEB = {0x0D, 0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23}
_BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
_BLOCKS_LEB = {0x09, 0x18}


class DwarfError(ValueError):
    """The debug information contradicts itself or its size."""


@dataclass(frozen=True)
class Producer:
    """Who made the unit at ``offset`` of ``.debug_info``; None where it does not say."""

    offset: int
    text: str | None
    language: int | None


@dataclass(frozen=True)
class DebugSections:
    """The bytes of the sections; ``relocate`` is (offset in .debug_info, value there) to value."""

    info: bytes
    abbrev: bytes
    strings: bytes
    line_strings: bytes
    byte_order: str
    relocate: Callable[[int, int], int]


@dataclass
class _Cursor:
    """A place in some bytes, in one byte order."""

    data: bytes
    position: int
    big: bool
    wide: bool = field(default=False)

    def number(self, size: int) -> int:
        end = self.position + size
        if end > len(self.data):
            raise DwarfError(f"the debug information ends inside a value at {self.position:#x}")
        value = int.from_bytes(self.data[self.position : end], "big" if self.big else "little")
        self.position = end
        return value

    def skip(self, size: int) -> None:
        self.position += size
        if self.position > len(self.data):
            raise DwarfError(f"a value of {size} bytes goes past the end of the debug information")

    def leb(self) -> int:
        """Return an unsigned LEB128 number; ten bytes hold any that a unit can have."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
        raise DwarfError(f"a number of more than ten bytes at {self.position:#x}")

    def offset(self) -> int:
        return self.number(8 if self.wide else 4)


def producers(sections: DebugSections) -> Iterator[Producer]:
    """Yield each unit's producer; raise :class:`DwarfError` for anything that cannot be read."""
    cache: dict[int, dict[int, _Abbreviation]] = {}
    budget = _Budget(4 * len(sections.abbrev) + 1024)
    start = 0
    for _ in range(_MAX_UNITS):
        if start >= len(sections.info):
            return
        cursor = _Cursor(sections.info, start, big=sections.byte_order == "big")
        length = cursor.number(4)
        if length == _DWARF64:
            cursor.wide = True
            length = cursor.number(8)
        end = cursor.position + length
        if end > len(sections.info):
            raise DwarfError(f"the unit at {start:#x} is longer than its section")
        found = _unit(cursor, start, sections, cache, budget) if length else None
        if found is not None:
            yield found
        start = end
    raise DwarfError(f"more than {_MAX_UNITS} units")


@dataclass(frozen=True)
class _Abbreviation:
    tag: int
    attributes: tuple[tuple[int, int, int | None], ...]  # name, form, value of implicit_const


@dataclass
class _Budget:
    """How many bytes of abbreviations may still be read: units could each name other tables."""

    left: int

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise DwarfError("the units' abbreviations overlap")


def _unit(
    cursor: _Cursor,
    start: int,
    sections: DebugSections,
    cache: dict[int, dict[int, _Abbreviation]],
    budget: _Budget,
) -> Producer | None:
    """Read one unit's header and first entry; None for a type unit, which names no producer."""
    version = cursor.number(2)
    if version not in range(2, 6):
        raise DwarfError(f"DWARF version {version} at {start:#x}")
    kind = 0x01
    if version >= 5:
        kind, address_size = cursor.number(1), cursor.number(1)
    at = cursor.position
    table = sections.relocate(at, cursor.offset())
    if version < 5:
        address_size = cursor.number(1)
    if kind in (0x02, 0x06):
        return None
    cursor.skip(_UNIT_TYPES_WITH_SIGNATURE.get(kind, 0))
    code = cursor.leb()
    abbreviation = _abbreviation(sections, table, code, cache, budget)
    if abbreviation.tag not in _TAGS:
        raise DwarfError(f"the unit at {start:#x} starts with tag {abbreviation.tag:#x}")
    text: str | None = None
    language: int | None = None
    for name, form, constant in abbreviation.attributes:
        wanted = name in (AT_PRODUCER, AT_LANGUAGE)
        value = _value(cursor, form, constant, address_size, version, sections if wanted else None)
        if name == AT_PRODUCER and isinstance(value, str):
            text = value
        elif name == AT_LANGUAGE and isinstance(value, int):
            language = value
    return Producer(start, text, language)


def _abbreviation(
    sections: DebugSections,
    table: int,
    code: int,
    cache: dict[int, dict[int, _Abbreviation]],
    budget: _Budget,
) -> _Abbreviation:
    """Return the declaration with ``code``; tables are read once, and only up to that code."""
    known = cache.setdefault(table, {})
    if code in known:
        return known[code]
    cursor = _Cursor(sections.abbrev, table, big=sections.byte_order == "big")
    while True:
        begin = cursor.position
        found = cursor.leb()
        if found == 0:
            raise DwarfError(f"no abbreviation {code} in the table at {table:#x}")
        tag = cursor.leb()
        cursor.skip(1)
        attributes = []
        while (pair := (cursor.leb(), cursor.leb())) != (0, 0):
            constant = cursor.leb() if pair[1] == _FORM_IMPLICIT_CONST else None
            attributes.append((*pair, constant))
        budget.take(cursor.position - begin)
        known[found] = _Abbreviation(tag, tuple(attributes))
        if found == code:
            return known[found]


def _value(
    cursor: _Cursor,
    form: int,
    constant: int | None,
    address_size: int,
    version: int,
    sections: DebugSections | None,
) -> str | int | None:
    """Step over one value; return it where ``sections`` are given and it is text or a number."""
    if form == _FORM_INDIRECT:
        form = cursor.leb()
    if form == _FORM_IMPLICIT_CONST:
        return constant
    if form == _FORM_STRING:
        text = _string(cursor.data, cursor.position)
        cursor.skip(len(text) + 1)
        return text.decode("utf-8", "backslashreplace")
    if form in (_FORM_STRP, _FORM_LINE_STRP) and sections:
        at = cursor.position
        offset = sections.relocate(at, cursor.offset())
        data = sections.strings if form == _FORM_STRP else sections.line_strings
        return _string(data, offset).decode("utf-8", "backslashreplace")
    if form in _LEB:
        return cursor.leb()
    if form in _FIXED:
        return cursor.number(_FIXED[form])
    cursor.skip(_size(cursor, form, address_size, version))
    return None


def _size(cursor: _Cursor, form: int, address_size: int, version: int) -> int:
    """Return how many bytes of a value of no use here lie ahead."""
    offset = 8 if cursor.wide else 4
    if form in _BLOCKS:
        return cursor.number(_BLOCKS[form])
    if form in _BLOCKS_LEB:
        return cursor.leb()
    if form in _OFFSETS:
        return offset
    if form == _FORM_ADDR:
        return address_size
    if form == _FORM_REF_ADDR:  # as wide as an address in DWARF 2, as an offset since
        return address_size if version == 2 else offset
    raise DwarfError(f"form {form:#x} is unknown")


def _string(data: bytes, start: int) -> bytes:
    """Return the bytes from ``start`` up to a zero byte."""
    end = data.find(b"\0", start, start + _MAX_STRING) if start < len(data) else -1
    if end < 0:
        raise DwarfError(f"no string at {start:#x}")
    return data[start:end]
