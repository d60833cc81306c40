# SPDX-License-Identifier: GPL-2.0-only
"""From the entry of a type to the type (DWARF 5, chapter 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipeline.debuginfo import abbreviations as ab
from pipeline.debuginfo.model import (
    VOID,
    Alias,
    Array,
    Base,
    DwarfError,
    Enum,
    Member,
    Parameter,
    Pointer,
    Record,
    Signature,
    Unspecified,
    Variant,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.debuginfo.model import Ref, Type
    from pipeline.debuginfo.units import Entry
    from pipeline.debuginfo.values import Units

_TAG_ARRAY, _TAG_CLASS, _TAG_ENUM, _TAG_PARAMETER, _TAG_MEMBER = 0x01, 0x02, 0x04, 0x05, 0x0D
_TAG_POINTER, _TAG_REFERENCE, _TAG_STRUCT, _TAG_SIGNATURE = 0x0F, 0x10, 0x13, 0x15
_TAG_TYPEDEF, _TAG_UNION, _TAG_VARIADIC, _TAG_VARIANT = 0x16, 0x17, 0x18, 0x19
_TAG_SUBRANGE, _TAG_BASE, _TAG_ENUMERATOR, _TAG_VARIANT_PART = 0x21, 0x24, 0x28, 0x33
_TAG_UNSPECIFIED, _TAG_RVALUE_REFERENCE = 0x3B, 0x42
_TAG_QUALIFIERS = frozenset({0x26, 0x2D, 0x35, 0x37, 0x47, 0x4B})  # const, packed, volatile, …
# What a function's body starts with, where its parameters end: label, block, inlined call,
# variable, call site, and GNU's older call site.
_TAG_BODY = frozenset({0x0A, 0x0B, 0x1D, 0x34, 0x48, 0x4109})
# -1 as a number of 4 and of 8 bytes, the upper bound that old GCCs write for int a[0].
_NO_ELEMENT = frozenset({0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})


class TypeReader:
    """Reads one type at a time; what it refers to stays a reference."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._kinds: dict[int, Callable[[Entry, str], Type]] = {
            _TAG_ARRAY: self._array,
            _TAG_BASE: self._base,
            _TAG_ENUM: self._enum,
            _TAG_SIGNATURE: self._signature,
            _TAG_UNSPECIFIED: self._unspecified,
            _TAG_TYPEDEF: self._typedef,
            **dict.fromkeys((_TAG_STRUCT, _TAG_CLASS, _TAG_UNION), self._record),
            **dict.fromkeys((_TAG_POINTER, _TAG_REFERENCE, _TAG_RVALUE_REFERENCE), self._pointer),
            **dict.fromkeys(_TAG_QUALIFIERS, self._qualifier),
        }

    def read(self, entry: Entry, prefix: str) -> Type:
        """Return the type of an entry; ``prefix`` are the namespaces it is in (``a::b::``)."""
        kind = self._kinds.get(entry.tag)
        if kind is None:
            raise DwarfError(f"the entry at {entry.at:#x} (tag {entry.tag:#x}) is no type")
        return kind(entry, prefix)

    def _name(self, entry: Entry) -> str:
        return self._units.text(entry, ab.AT_NAME) or ""

    def _target(self, entry: Entry) -> Ref:
        found = self._units.reference(entry, ab.AT_TYPE)
        return VOID if found is None else found

    def _base(self, entry: Entry, _prefix: str) -> Base:
        units = self._units
        size = units.constant(entry, ab.AT_BYTE_SIZE) or 0
        return Base(self._name(entry), size, units.constant(entry, ab.AT_ENCODING) or 0)

    def _unspecified(self, entry: Entry, _prefix: str) -> Unspecified:
        return Unspecified(self._name(entry))

    def _typedef(self, entry: Entry, _prefix: str) -> Alias:
        return Alias("typedef", self._name(entry), self._target(entry))

    def _qualifier(self, entry: Entry, _prefix: str) -> Alias:
        return Alias("qualifier", "", self._target(entry))

    def _pointer(self, entry: Entry, _prefix: str) -> Pointer:
        size = self._units.constant(entry, ab.AT_BYTE_SIZE)
        return Pointer(self._target(entry), size or entry.unit.sizes.address)

    def _signature(self, entry: Entry, _prefix: str) -> Signature:
        return signature(self._units, entry, self._target(entry))

    def _array(self, entry: Entry, _prefix: str) -> Array:
        counts = tuple(
            self._count(child)
            for child in self._units.children(entry)
            if child.tag in (_TAG_SUBRANGE, _TAG_ENUM)
        )
        return Array(self._target(entry), counts or (None,))

    def _count(self, bounds: Entry) -> int | None:
        count = self._units.constant(bounds, ab.AT_COUNT)
        if count is not None:
            return count
        upper = self._units.constant(bounds, ab.AT_UPPER_BOUND)
        if upper is None:
            return None
        return 0 if upper in _NO_ELEMENT else upper + 1

    def _enum(self, entry: Entry, prefix: str) -> Enum:
        units = self._units
        values = tuple(
            (self._name(child), units.constant(child, ab.AT_CONST_VALUE) or 0)
            for child in units.children(entry)
            if child.tag == _TAG_ENUMERATOR
        )
        name = self._name(entry)
        return Enum(
            name,
            units.constant(entry, ab.AT_BYTE_SIZE),
            self._target(entry),
            values,
            units.flag(entry, ab.AT_DECLARATION),
            f"{prefix}{name}",
        )

    def _record(self, entry: Entry, prefix: str) -> Record | Alias:
        units = self._units
        # A unit that uses a type unit's type has a declaration with the type unit's signature.
        whole = units.reference(entry, ab.AT_SIGNATURE)
        if whole is not None:
            return Alias("typedef", self._name(entry), whole)
        kind: Literal["struct", "union"] = "union" if entry.tag == _TAG_UNION else "struct"
        members: list[Member] = []
        discriminant: Member | None = None
        variants: tuple[Variant, ...] = ()
        for child in units.children(entry):
            if child.tag == _TAG_MEMBER and not units.flag(child, ab.AT_EXTERNAL):
                members.append(self._member(child))
            elif child.tag == _TAG_VARIANT_PART:
                discriminant, variants = self._variants(child)
        name = self._name(entry)
        return Record(
            kind,
            name,
            units.constant(entry, ab.AT_BYTE_SIZE),
            tuple(members),
            units.flag(entry, ab.AT_DECLARATION),
            f"{prefix}{name}",
            discriminant,
            variants,
        )

    def _variants(self, part: Entry) -> tuple[Member | None, tuple[Variant, ...]]:
        """Return what tells the cases of a Rust enum apart, and the cases."""
        wanted = self._units.reference(part, ab.AT_DISCR)
        discriminant = None
        cases = []
        for child in self._units.children(part):
            if child.tag == _TAG_MEMBER and child.ref == wanted:
                discriminant = self._member(child)
            elif child.tag == _TAG_VARIANT:
                members = tuple(
                    self._member(one)
                    for one in self._units.children(child)
                    if one.tag == _TAG_MEMBER
                )
                cases.append(Variant(self._units.constant(child, ab.AT_DISCR_VALUE), members))
        return discriminant, tuple(cases)

    def _member(self, entry: Entry) -> Member:
        units = self._units
        name, target = self._name(entry), self._target(entry)
        offset = units.member_location(entry) or 0
        size = units.constant(entry, ab.AT_BIT_SIZE)
        if size is None:
            return Member(name, target, offset)
        at = units.constant(entry, ab.AT_DATA_BIT_OFFSET)
        if at is None:
            at = 8 * offset + self._old_bit_offset(entry, size)
        else:
            at += 8 * offset
        return Member(name, target, at // 8, at, size)

    def _old_bit_offset(self, entry: Entry, size: int) -> int:
        """Return a bit-field's place in its storage unit as DWARF 2 and 3 give it.

        They count from the unit's most significant bit, whatever the byte order.
        """
        units = self._units
        offset = units.constant(entry, ab.AT_BIT_OFFSET) or 0
        if units.order == "big":
            return offset
        storage = units.constant(entry, ab.AT_BYTE_SIZE)
        if storage is None:
            raise DwarfError(f"the bit-field at {entry.at:#x} does not say what it is part of")
        return 8 * storage - offset - size


def signature(units: Units, entry: Entry, returns: Ref) -> Signature:
    """Return the parameters below an entry of a function or of a function's type."""
    parameters: list[Parameter] = []
    variadic = False
    for child in units.children(entry):
        if child.tag == _TAG_PARAMETER:
            name = units.text(child, ab.AT_NAME) or ""
            target = units.reference(child, ab.AT_TYPE)
            parameters.append(Parameter(name, VOID if target is None else target))
        elif child.tag == _TAG_VARIADIC:
            variadic = True
        elif child.tag in _TAG_BODY:
            break
    prototyped = units.flag(entry, ab.AT_PROTOTYPED) or bool(parameters)
    return Signature(tuple(parameters), variadic, returns, prototyped)
