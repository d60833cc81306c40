# SPDX-License-Identifier: GPL-2.0-only
"""The values of entries' attributes: numbers, texts, flags, addresses (DWARF 5, 7.5.5, 7.5.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.debuginfo import abbreviations as ab
from pipeline.debuginfo.abbreviations import leb
from pipeline.debuginfo.model import DwarfError
from pipeline.debuginfo.sections import ADDR, LINE_STR, STR, STR_OFFSETS
from pipeline.debuginfo.units import Steps, string

if TYPE_CHECKING:
    from pipeline.debuginfo.model import Place
    from pipeline.debuginfo.sections import DebugSection
    from pipeline.debuginfo.units import Entry

_OP_ADDR, _OP_ADDRX, _OP_PLUS_UCONST, _OP_CONSTU = 0x03, 0xA1, 0x23, 0x10


class Units(Steps):
    """An object's units and entries, with the values of the entries' attributes."""

    def constant(self, entry: Entry, attribute: int) -> int | None:
        """Return a number; None where there is none, or an expression instead."""
        found = self._value(entry, attribute)
        if found is None:
            return None
        form, at, implicit = found
        data = entry.unit.section.data
        if form == ab.FORM_IMPLICIT_CONST:
            return implicit
        if form in ab.DATA:
            return self.number(data, at, ab.DATA[form])[0]
        if form == ab.FORM_UDATA:
            return leb(data, at)[0]
        if form == ab.FORM_SDATA:
            return ab.signed_leb(data, at)[0]
        return None

    def flag(self, entry: Entry, attribute: int) -> bool:
        """Say whether a flag is there and set."""
        found = self._value(entry, attribute)
        return found is not None and (
            found[0] == ab.FORM_FLAG_PRESENT or bool(self.constant(entry, attribute))
        )

    def text(self, entry: Entry, attribute: int) -> str | None:
        """Return a text; None where there is none, or it lies in another file."""
        found = self._value(entry, attribute)
        if found is None:
            return None
        form, at, _ = found
        section, unit = entry.unit.section, entry.unit
        data = section.data
        if form != ab.FORM_STRING:
            word = 8 if unit.sizes.wide else 4
            name = LINE_STR if form == ab.FORM_LINE_STRP else STR
            if form in (ab.FORM_STRP, ab.FORM_LINE_STRP):
                offset, _ = self.number(data, at, word)
            elif form in ab.STRX:
                index = self._index(data, at, ab.STRX[form])
                # Where a unit names no base, it is the section's first one (DWARF 5, 7.26).
                base = unit.strings_base if unit.strings_base >= 0 else 4 + word
                section, data = self._first(STR_OFFSETS)
                at = base + index * word
                offset, _ = self.number(data, at, word)
            else:
                return None
            data, at = self.sections.target(section, at, offset, name)
        return string(data, at).decode("utf-8", "backslashreplace")

    def _first(self, name: str) -> tuple[DebugSection, bytes]:
        for one in self.sections.by_number.values():
            if one.name == name:
                return one, one.data
        raise DwarfError(f"there is no section {name}")

    def _index(self, data: bytes, at: int, size: int) -> int:
        return self.number(data, at, size)[0] if size else leb(data, at)[0]

    def bases(self, root: Entry) -> tuple[int, int]:
        """Return where a unit's indexed strings and addresses begin, -1 where it does not say."""
        found = []
        for attribute, name in (
            (ab.AT_STR_OFFSETS_BASE, STR_OFFSETS),
            (ab.AT_ADDR_BASE, ADDR),
        ):
            value = self._value(root, attribute)
            if value is None:
                found.append(-1)
                continue
            section = root.unit.section
            offset, _ = self.number(section.data, value[1], root.unit.sizes.of(ab.FORM_SEC_OFFSET))
            found.append(self.sections.target(section, value[1], offset, name)[1])
        return found[0], found[1]

    def address(self, entry: Entry, attribute: int) -> Place | None:
        """Return the place that an attribute's address names."""
        found = self._value(entry, attribute)
        if found is None:
            return None
        return self._place(entry, found[0], found[1])

    def _place(self, entry: Entry, form: int, at: int) -> Place | None:
        section, unit = entry.unit.section, entry.unit
        if form in ab.ADDRX:
            index = self._index(section.data, at, ab.ADDRX[form])
            section, _ = self._first(ADDR)
            at = max(unit.addresses_base, 0) + index * unit.sizes.address
        elif form != ab.FORM_ADDR:
            return None
        value, _ = self.number(section.data, at, unit.sizes.address)
        return self.sections.place(section, at, value)

    def located(self, entry: Entry) -> Place | None:
        """Return the place of a variable whose location is one address."""
        block = self._block(entry, ab.AT_LOCATION)
        if block is None:
            return None
        start, size = block
        data = entry.unit.section.data
        if size > 1 and data[start] == _OP_ADDR and size == 1 + entry.unit.sizes.address:
            return self._place(entry, ab.FORM_ADDR, start + 1)
        if size > 1 and data[start] == _OP_ADDRX:
            return self._place(entry, 0x1B, start + 1)
        return None

    def _block(self, entry: Entry, attribute: int) -> tuple[int, int] | None:
        """Return where an expression begins and its size."""
        found = self._value(entry, attribute)
        if found is None:
            return None
        form, at, _ = found
        data = entry.unit.section.data
        if form in ab.BLOCKS_LEB:
            size, at = leb(data, at)
        elif form in ab.BLOCKS:
            size, at = self.number(data, at, ab.BLOCKS[form])
        else:
            return None
        if at + size > len(data):
            raise DwarfError(f"an expression goes past the end at {at:#x}")
        return at, size

    def member_location(self, entry: Entry) -> int | None:
        """Return a member's byte offset; DWARF 2 writes it as an expression of one addition."""
        value = self.constant(entry, ab.AT_MEMBER_LOCATION)
        block = self._block(entry, ab.AT_MEMBER_LOCATION) if value is None else None
        if block is None:
            return value
        data = entry.unit.section.data
        if block[1] < 2 or data[block[0]] not in (_OP_PLUS_UCONST, _OP_CONSTU):
            raise DwarfError(f"a member's place is a calculation at {entry.at:#x}")
        return leb(data, block[0] + 1)[0]
