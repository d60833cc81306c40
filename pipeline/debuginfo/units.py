# SPDX-License-Identifier: GPL-2.0-only
"""Compilation units and their entries: headers, and steps over entries.

Format: DWARF 5, sections 7.5.1 to 7.5.6, and the same of DWARF 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.debuginfo import abbreviations as ab
from pipeline.debuginfo.abbreviations import Abbreviation, Budget, Sizes, leb, read_table
from pipeline.debuginfo.model import DwarfError
from pipeline.debuginfo.sections import (
    ABBREV,
    INFO,
    TYPES,
    DebugSection,
    DebugSections,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG_UNITS = frozenset({0x11, 0x3C, 0x41, 0x4A})  # compile, partial, type and skeleton unit
_UT_TYPE, _UT_SKELETON, _UT_SPLIT_COMPILE, _UT_SPLIT_TYPE = 0x02, 0x04, 0x05, 0x06
_DWARF64 = 0xFFFFFFFF
_MAX_UNITS = 200_000
_MAX_STRING = 1 << 16


@dataclass(slots=True)
class Header:
    """A unit: its bytes lie from ``start`` to ``end`` of its section, entries from ``first`` on.

    ``signature`` and ``type_offset`` (from ``start``) are a type unit's.  The bases of indexed
    strings and addresses stand in the first entry; they are -1 until that is read.
    """

    number: int
    section: DebugSection
    start: int
    first: int
    end: int
    sizes: Sizes
    table: dict[int, Abbreviation]
    signature: int | None = None
    type_offset: int = 0
    strings_base: int = -1
    addresses_base: int = -1

    @property
    def ref(self) -> int:
        """The unit's start, as references count."""
        return self.section.base + self.start


@dataclass(slots=True)
class Entry:
    """A debug entry: where it is, its shape, the places of its values, and what comes after them.

    ``values`` are by attribute: the form, the offset in the section, the implicit value.
    """

    unit: Header
    at: int
    tag: int
    children: bool
    values: dict[int, tuple[int, int, int | None]]
    after: int

    @property
    def ref(self) -> int:
        """The entry's place, as references count."""
        return self.unit.section.base + self.at


class Steps:
    """Reads headers and steps over entries; raises :class:`DwarfError` where bytes make no sense.

    ``budget`` bounds the entries that are stepped over in an object's lifetime: references may
    lead anywhere, so a small file could make work without end.
    """

    def __init__(self, sections: DebugSections, budget: int) -> None:
        self.sections = sections
        self.order = sections.order
        self._budget = Budget(budget, "the debug information has more entries than its size allows")
        self._tables: dict[tuple[int, int, Sizes], dict[int, Abbreviation]] = {}
        total = sum(len(one.data) for one in sections.by_number.values() if one.name == ABBREV)
        self._table_budget = Budget(4 * total + 1024, "the units' abbreviations overlap")

    def headers(self) -> Iterator[Header]:
        """Yield the units of all sections in order."""
        number = 0
        for section in self.sections.info:
            at = 0
            while at < len(section.data):
                header, at = self._header(number, section, at)
                if header is not None:
                    yield header
                    number += 1
                if number > _MAX_UNITS:
                    raise DwarfError(f"more than {_MAX_UNITS} units")

    def _header(self, number: int, section: DebugSection, at: int) -> tuple[Header | None, int]:
        """Return the unit at ``at`` (None: it is empty) and the offset after it."""
        start, data = at, section.data
        length, at = self.number(data, at, 4)
        wide = length == _DWARF64
        if wide:
            length, at = self.number(data, at, 8)
        end = at + length
        if end > len(data):
            raise DwarfError(f"the unit at {start:#x} is longer than its section")
        if not length:
            # Each empty one takes four bytes: not even many of them take long.
            return None, end
        version, at = self.number(data, at, 2)
        if version not in range(2, 6):
            raise DwarfError(f"DWARF version {version} at {start:#x}")
        kind, address, word = (_UT_TYPE if section.name == TYPES else 1), 0, 8 if wide else 4
        if version >= 5:
            kind, at = self.number(data, at, 1)
            address, at = self.number(data, at, 1)
        place = at
        offset, at = self.number(data, at, word)
        if version < 5:
            address, at = self.number(data, at, 1)
        signature, type_offset = None, 0
        if kind in (_UT_TYPE, _UT_SPLIT_TYPE):
            signature, at = self.number(data, at, 8)
            type_offset, at = self.number(data, at, word)
        elif kind in (_UT_SKELETON, _UT_SPLIT_COMPILE):
            at += 8
        abbrev, offset = self.sections.targeted(section, place, offset, ABBREV)
        sizes = Sizes(version, address, wide)
        table = self._table(abbrev, offset, sizes)
        return Header(number, section, start, at, end, sizes, table, signature, type_offset), end

    def _table(self, abbrev: DebugSection, offset: int, sizes: Sizes) -> dict[int, Abbreviation]:
        key = (abbrev.number, offset, sizes)
        if key not in self._tables:
            self._tables[key] = read_table(abbrev.data, offset, sizes, self._table_budget)
        return self._tables[key]

    def root(self, unit: Header) -> Entry:
        """Return a unit's first entry."""
        entry = self.entry(unit, unit.first)
        if entry is None or entry.tag not in TAG_UNITS:
            raise DwarfError(f"the unit at {unit.start:#x} does not start with a unit's entry")
        return entry

    def entry(self, unit: Header, at: int) -> Entry | None:
        """Return the entry at ``at`` of the unit's section; None for the end of a list."""
        self._budget.take(1)
        data = unit.section.data
        if not unit.first <= at < unit.end:
            raise DwarfError(f"an entry at {at:#x} outside its unit")
        begin = at
        code, at = leb(data, at)
        if not code:
            return None
        shape = unit.table.get(code)
        if shape is None:
            raise DwarfError(f"no abbreviation {code} for the entry at {begin:#x}")
        values = {}
        for attribute, form, constant, size in shape.steps:
            if attribute:
                values[attribute] = (form, at, constant)
            at = at + size if size >= 0 else self._past(unit, form, at)
        if at > unit.end:
            raise DwarfError(f"the entry at {begin:#x} goes past the end of its unit")
        return Entry(unit, begin, shape.tag, shape.children, values, at)

    def tag(self, unit: Header, at: int) -> int:
        """Return the tag of the entry at ``at``, 0 for the end of a list."""
        code, _ = leb(unit.section.data, at)
        if not code:
            return 0
        shape = unit.table.get(code)
        if shape is None:
            raise DwarfError(f"no abbreviation {code} for the entry at {at:#x}")
        return shape.tag

    def children(self, parent: Entry) -> Iterator[Entry]:
        """Yield the entries right below ``parent``."""
        if not parent.children:
            return
        at = parent.after
        while (entry := self.entry(parent.unit, at)) is not None:
            yield entry
            at = self.next(entry)

    def skip(self, unit: Header, at: int) -> int:
        """Return the offset of the entry that follows the one at ``at`` and all that is below."""
        after, deeper = self._skip(unit, at)
        if not deeper:
            return after
        entry = self.entry(unit, at)
        return after if entry is None else self.next(entry)

    def next(self, entry: Entry) -> int:
        """Return the offset of the entry that follows ``entry`` and all that is below it."""
        if not entry.children:
            return entry.after
        unit, at = entry.unit, entry.after
        if ab.AT_SIBLING in entry.values:
            sibling = self.reference(entry, ab.AT_SIBLING)
            if sibling is not None and at + unit.section.base <= sibling:
                return sibling - unit.section.base
        depth = 1
        while depth:
            at, tag_children = self._skip(unit, at)
            depth += tag_children
        return at

    def _skip(self, unit: Header, at: int) -> tuple[int, int]:
        """Return the offset after the entry at ``at``, and by how much it goes deeper."""
        self._budget.take(1)
        data = unit.section.data
        if at >= unit.end:
            raise DwarfError(f"the entries of the unit at {unit.start:#x} do not end")
        code = data[at]
        if code < 0x80:
            at += 1
        else:
            code, at = leb(data, at)
        if not code:
            return at, -1
        shape = unit.table.get(code)
        if shape is None:
            raise DwarfError(f"no abbreviation {code} for the entry before {at:#x}")
        if shape.size >= 0:
            return at + shape.size, shape.children
        for _, form, _, size in shape.steps:
            at = at + size if size >= 0 else self._past(unit, form, at)
        return at, shape.children

    def _past(self, unit: Header, form: int, at: int) -> int:
        """Return the offset after a value whose size it says itself."""
        data = unit.section.data
        if form == ab.FORM_STRING:
            return at + len(string(data, at)) + 1
        if form in ab.LEBS:
            return leb(data, at)[1]
        if form in ab.BLOCKS_LEB:
            size, at = leb(data, at)
            return at + size
        if form in ab.BLOCKS:
            size, at = self.number(data, at, ab.BLOCKS[form])
            return at + size
        form, at = leb(data, at)  # DW_FORM_indirect
        if form in (ab.FORM_INDIRECT, ab.FORM_IMPLICIT_CONST):
            raise DwarfError(f"form {form:#x} is named indirectly")
        size = unit.sizes.of(form)
        return at + size if size >= 0 else self._past(unit, form, at)

    def number(self, data: bytes, at: int, size: int) -> tuple[int, int]:
        """Return the unsigned number of ``size`` bytes at ``at``, and the offset after it."""
        end = at + size
        if end > len(data):
            raise DwarfError(f"the debug information ends inside a value at {at:#x}")
        return int.from_bytes(data[at:end], "big" if self.order == "big" else "little"), end

    def _value(self, entry: Entry, attribute: int) -> tuple[int, int, int | None] | None:
        """Return form, place and implicit value of an attribute, an indirect form resolved."""
        found = entry.values.get(attribute)
        if found is not None and found[0] == ab.FORM_INDIRECT:
            form, at = leb(entry.unit.section.data, found[1])
            return form, at, None
        return found

    def reference(self, entry: Entry, attribute: int) -> int | None:
        """Return the place of the entry that is referred to; a type unit's signature is negative.

        That is -2 minus the signature: see :meth:`DebugInfo.type`.
        """
        found = self._value(entry, attribute)
        if found is None:
            return None
        form, at, _ = found
        unit = entry.unit
        section = unit.section
        if form in ab.REFS:
            return unit.ref + self.number(section.data, at, ab.REFS[form])[0]
        if form == ab.FORM_REF_UDATA:
            return unit.ref + leb(section.data, at)[0]
        if form == ab.FORM_REF_SIG8:
            return -2 - self.number(section.data, at, 8)[0]
        if form == ab.FORM_REF_ADDR:
            value, _ = self.number(section.data, at, unit.sizes.of(form))
            target, value = self.sections.targeted(section, at, value, INFO)
            return target.base + value
        raise DwarfError(f"a reference of form {form:#x}")


def string(data: bytes, start: int) -> bytes:
    """Return the bytes from ``start`` up to a zero byte."""
    end = data.find(b"\0", start, start + _MAX_STRING) if 0 <= start < len(data) else -1
    if end < 0:
        raise DwarfError(f"no string at {start:#x}")
    return data[start:end]
