# SPDX-License-Identifier: GPL-2.0-only
"""Abbreviations: the shapes of debug entries, made into plans to step over them fast.

A plan has one step for each attribute that somebody may ask for; all others between are one step
over so many bytes where their size is fixed.  Format: DWARF 5, sections 7.5.3 to 7.5.6.
"""

from __future__ import annotations

from typing import NamedTuple

from pipeline.debuginfo.model import DwarfError

FORM_ADDR, FORM_REF_ADDR = 0x01, 0x10
FORM_STRING, FORM_STRP, FORM_LINE_STRP = 0x08, 0x0E, 0x1F
FORM_SDATA, FORM_UDATA, FORM_REF_UDATA = 0x0D, 0x0F, 0x15
FORM_INDIRECT, FORM_FLAG_PRESENT, FORM_IMPLICIT_CONST = 0x16, 0x19, 0x21
FORM_SEC_OFFSET, FORM_EXPRLOC, FORM_REF_SIG8 = 0x17, 0x18, 0x20
BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}  # a length of so many bytes leads
BLOCKS_LEB = frozenset({0x09, FORM_EXPRLOC})
LEBS = frozenset({FORM_SDATA, FORM_UDATA, FORM_REF_UDATA, 0x1A, 0x1B, 0x22, 0x23, 0x1F01, 0x1F02})
STRX = {0x1A: 0, 0x1F02: 0, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4}  # 0: LEB128
ADDRX = {0x1B: 0, 0x1F01: 0, 0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4}
REFS = {0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8}  # from the unit's start
DATA = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x0C: 1, 0x1E: 16}
_FIXED = {
    **DATA,
    **REFS,
    **{form: size for form, size in (*STRX.items(), *ADDRX.items()) if size},
    0x1C: 4,
    FORM_REF_SIG8: 8,
    0x24: 8,
    FORM_FLAG_PRESENT: 0,
    FORM_IMPLICIT_CONST: 0,
}
# Of 4 bytes, 8 in 64-bit DWARF: section offsets and strings elsewhere.
_OFFSETS = frozenset({FORM_STRP, FORM_SEC_OFFSET, 0x1D, FORM_LINE_STRP, 0x1F20, 0x1F21})
_VARIABLE = frozenset({FORM_STRING, FORM_INDIRECT}) | LEBS | BLOCKS.keys() | BLOCKS_LEB

AT_SIBLING, AT_LOCATION, AT_NAME, AT_BYTE_SIZE = 0x01, 0x02, 0x03, 0x0B
AT_BIT_OFFSET, AT_BIT_SIZE, AT_LOW_PC, AT_LANGUAGE = 0x0C, 0x0D, 0x11, 0x13
AT_DISCR, AT_DISCR_VALUE, AT_CONST_VALUE, AT_PRODUCER = 0x15, 0x16, 0x1C, 0x25
AT_PROTOTYPED, AT_UPPER_BOUND, AT_ABSTRACT_ORIGIN, AT_COUNT = 0x27, 0x2F, 0x31, 0x37
AT_MEMBER_LOCATION, AT_DECLARATION, AT_ENCODING, AT_EXTERNAL = 0x38, 0x3C, 0x3E, 0x3F
AT_SPECIFICATION, AT_TYPE, AT_DATA_BIT_OFFSET, AT_LINKAGE_NAME = 0x47, 0x49, 0x6B, 0x6E
AT_SIGNATURE, AT_STR_OFFSETS_BASE, AT_ADDR_BASE, AT_OLD_LINKAGE_NAME = 0x69, 0x72, 0x73, 0x2007
_WANTED = frozenset(
    {
        *(AT_SIBLING, AT_LOCATION, AT_NAME, AT_BYTE_SIZE, AT_BIT_OFFSET, AT_BIT_SIZE, AT_LOW_PC),
        *(AT_LANGUAGE, AT_DISCR, AT_DISCR_VALUE, AT_CONST_VALUE, AT_PRODUCER, AT_PROTOTYPED),
        *(AT_UPPER_BOUND, AT_ABSTRACT_ORIGIN, AT_COUNT, AT_MEMBER_LOCATION, AT_DECLARATION),
        *(AT_ENCODING, AT_EXTERNAL, AT_SPECIFICATION, AT_TYPE, AT_DATA_BIT_OFFSET),
        *(AT_LINKAGE_NAME, AT_SIGNATURE, AT_STR_OFFSETS_BASE, AT_ADDR_BASE, AT_OLD_LINKAGE_NAME),
    }
)


class Step(NamedTuple):
    """An attribute (0: nobody's), its form, its implicit value, its size (-1: to be read)."""

    attribute: int
    form: int
    constant: int | None
    size: int


class Abbreviation(NamedTuple):
    """A shape: ``size`` is that of all attributes together, -1 where it is not fixed."""

    tag: int
    children: bool
    steps: tuple[Step, ...]
    size: int
    sibling: bool


class Sizes(NamedTuple):
    """What of a unit decides the sizes of forms: version, bytes of an address, 64-bit DWARF."""

    version: int
    address: int
    wide: bool

    def of(self, form: int) -> int:
        """Return the bytes that a value of ``form`` has, -1 where the value itself says."""
        fixed = _FIXED.get(form)
        if fixed is not None:
            return fixed
        if form in _VARIABLE:
            return -1
        offset = 8 if self.wide else 4
        if form in _OFFSETS:
            return offset
        if form == FORM_ADDR:
            return self.address
        if form == FORM_REF_ADDR:  # as wide as an address in DWARF 2, as an offset since
            return self.address if self.version == 2 else offset
        raise DwarfError(f"form {form:#x} is unknown")


class Budget:
    """How much may still be done: units could each name tables that overlap, and entries nest."""

    def __init__(self, left: int, what: str) -> None:
        self._left = left
        self._what = what

    def take(self, count: int) -> None:
        """Take ``count`` away; raise :class:`DwarfError` where no more is left."""
        self._left -= count
        if self._left < 0:
            raise DwarfError(self._what)


def leb(data: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned LEB128 number (of ten bytes at the most) and the offset after it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise DwarfError("the debug information ends inside a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise DwarfError(f"a number of more than ten bytes at {at:#x}")


def signed_leb(data: bytes, at: int) -> tuple[int, int]:
    """Do the same for a signed LEB128 number."""
    value, after = leb(data, at)
    bits = 7 * (after - at)
    return (value - (1 << bits) if value >> (bits - 1) & 1 else value), after


def read_table(data: bytes, at: int, sizes: Sizes, budget: Budget) -> dict[int, Abbreviation]:
    """Return the table of abbreviations at ``at`` by their codes."""
    table: dict[int, Abbreviation] = {}
    while True:
        begin = at
        code, at = leb(data, at)
        if code == 0:
            return table
        tag, at = leb(data, at)
        if at >= len(data):
            raise DwarfError("the debug information ends inside an abbreviation")
        children = data[at] != 0
        at += 1
        steps, at = _steps(data, at, sizes)
        budget.take(at - begin)
        fixed = all(step.size >= 0 for step in steps)
        total = sum(step.size for step in steps) if fixed else -1
        sibling = any(step.attribute == AT_SIBLING for step in steps)
        table.setdefault(code, Abbreviation(tag, children, tuple(steps), total, sibling))


def _steps(data: bytes, at: int, sizes: Sizes) -> tuple[list[Step], int]:
    """Return the plan of one abbreviation and the offset after its attributes."""
    steps: list[Step] = []
    seen: set[int] = set()
    while True:
        attribute, at = leb(data, at)
        form, at = leb(data, at)
        if attribute == form == 0:
            return steps, at
        constant = None
        if form == FORM_IMPLICIT_CONST:
            constant, at = signed_leb(data, at)
        size = sizes.of(form)
        if attribute in _WANTED and attribute not in seen:
            seen.add(attribute)
            steps.append(Step(attribute, form, constant, size))
        elif size < 0:
            steps.append(Step(0, form, None, size))
        elif steps and steps[-1].attribute == 0 and steps[-1].size >= 0:
            steps[-1] = steps[-1]._replace(size=steps[-1].size + size)
        else:
            steps.append(Step(0, 0, None, size))
