# SPDX-License-Identifier: GPL-2.0-only
"""The debug information of one object: its units, functions, variables and types, when asked."""

from __future__ import annotations

import bisect
import functools
from typing import TYPE_CHECKING

from pipeline.debuginfo import abbreviations as ab
from pipeline.debuginfo.model import (
    VOID,
    Alias,
    Array,
    Base,
    DwarfError,
    Enum,
    Function,
    Pointer,
    Record,
    Ref,
    Type,
    Unit,
    Variable,
)
from pipeline.debuginfo.scan import Scan
from pipeline.debuginfo.sections import DebugSections
from pipeline.debuginfo.types import TypeReader, signature
from pipeline.debuginfo.values import Units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.debuginfo.units import Entry, Header
    from pipeline.validate.elf import Object

_MAX_DEPTH = 64  # qualifiers of qualifiers, arrays of arrays
NO_DEBUG_INFORMATION = "there is no debug information"
# Entries that may be stepped over: some 100,000 in any file, and one for each two bytes.
_SPARE_ENTRIES = 100_000


def debug_information(obj: Object) -> DebugInfo | str:
    """Return what an object's DWARF (version 2 to 5) says, or the reason why nothing can be read.

    It is made once for an object.  The methods of what comes back raise :class:`DwarfError` where
    something that is read only then makes no sense.
    """
    return obj.once("debug information", lambda: _debug_information(obj))


def _debug_information(obj: Object) -> DebugInfo | str:
    try:
        sections = DebugSections(obj)
        if not sections.info:
            return NO_DEBUG_INFORMATION
        return DebugInfo(Units(sections, _SPARE_ENTRIES + len(obj.data) // 2))
    except DwarfError as error:
        return str(error)


class DebugInfo:
    """What the debug information of one object says; nothing is read before it is asked for."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._headers: list[Header] = []
        self._starts: list[int] = []
        self._signatures: dict[int, int] = {}
        found = []
        for header in units.headers():
            root = units.root(header)
            header.strings_base, header.addresses_base = units.bases(root)
            self._headers.append(header)
            self._starts.append(header.ref)
            if header.signature is not None:
                self._signatures.setdefault(header.signature, header.ref + header.type_offset)
            found.append(
                Unit(
                    header.number,
                    header.start,
                    units.text(root, ab.AT_NAME) or "",
                    units.text(root, ab.AT_PRODUCER),
                    units.constant(root, ab.AT_LANGUAGE),
                    header.sizes.version,
                    header.signature is not None,
                )
            )
        self.units: tuple[Unit, ...] = tuple(found)
        self._types: dict[Ref, Type | None] = {VOID: None}
        self._reader = TypeReader(units)

    # -- types ---------------------------------------------------------------------------------

    def type(self, ref: Ref) -> Type | None:
        """Return the type at ``ref``; None for :data:`VOID`."""
        if ref not in self._types:
            entry = self._entry(ref)
            self._types[ref] = self._reader.read(entry, self._scan.prefixes.get(ref, ""))
        return self._types[ref]

    def resolved(self, ref: Ref) -> tuple[Ref, Type | None]:
        """Return the type at ``ref`` without its typedefs and qualifiers, and its own place."""
        for _ in range(_MAX_DEPTH):
            found = self.type(ref)
            if not isinstance(found, Alias):
                return ref, found
            ref = found.target
        raise DwarfError("typedefs and qualifiers without end")

    def size(self, ref: Ref) -> int | None:
        """Return the bytes that a value of a type takes; None where that is not known."""
        total = 1
        for _ in range(_MAX_DEPTH):
            ref, found = self.resolved(ref)
            if isinstance(found, Array):
                for count in found.counts:
                    if count is None:
                        return None
                    total *= count
                ref = found.element
                continue
            if isinstance(found, Pointer):
                return total * (found.size or self.address_size)
            if isinstance(found, (Base, Record, Enum)) and found.size is not None:
                return total * found.size
            return None
        raise DwarfError("arrays of arrays without end")

    @property
    def address_size(self) -> int:
        """The bytes of an address in the first unit."""
        return self._headers[0].sizes.address if self._headers else 0

    @functools.cached_property
    def named_types(self) -> Mapping[str, tuple[Ref, ...]]:
        """The structs, unions and enums that are defined outside functions, by their path."""
        found: dict[str, list[Ref]] = {}
        for ref in self._scan.types:
            entry = self._entry(ref)
            name = self._units.text(entry, ab.AT_NAME)
            if name and not self._units.flag(entry, ab.AT_DECLARATION):
                path = f"{self._scan.prefixes.get(ref, '')}{name}"
                found.setdefault(path, []).append(ref)
        return {path: tuple(refs) for path, refs in found.items()}

    # -- functions and variables ---------------------------------------------------------------

    @functools.cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function that a unit defines or declares (nested in namespaces, not functions)."""
        found, origins = [], set()
        for ref in self._scan.functions:
            entry, prefix = self._entry(ref), self._scan.prefixes.get(ref, "")
            origin = self._units.reference(entry, ab.AT_ABSTRACT_ORIGIN)
            if origin is not None:
                origins.add(origin)
            found.append(self._function(entry, prefix, origin))
        return tuple(one for one in found if one.ref not in origins)

    @functools.cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Every variable that a unit defines or declares outside functions."""
        return tuple(
            self._variable(self._entry(ref), self._scan.prefixes.get(ref, ""))
            for ref in self._scan.variables
        )

    def _function(self, entry: Entry, prefix: str, origin: Ref | None) -> Function:
        units = self._units
        model = entry if origin is None else self._entry(origin)
        base = self._specified(model)
        name = units.text(model, ab.AT_NAME) or units.text(base, ab.AT_NAME) or ""
        # A concrete instance's parameters refer to those of the abstract one, which has types.
        shape = model if model.children else base
        return Function(
            entry.ref,
            entry.unit.number,
            name,
            self._symbol((entry, model, base)) or name,
            f"{prefix}{name}",
            any(units.flag(one, ab.AT_EXTERNAL) for one in (model, base)),
            units.flag(entry, ab.AT_DECLARATION),
            signature(units, shape, self._returns(model, base)),
            units.address(entry, ab.AT_LOW_PC),
        )

    def _returns(self, model: Entry, base: Entry) -> Ref:
        for one in (model, base):
            found = self._units.reference(one, ab.AT_TYPE)
            if found is not None:
                return found
        return VOID

    def _variable(self, entry: Entry, prefix: str) -> Variable:
        units = self._units
        base = self._specified(entry)
        name = units.text(entry, ab.AT_NAME) or units.text(base, ab.AT_NAME) or ""
        return Variable(
            entry.ref,
            entry.unit.number,
            name,
            self._symbol((entry, base)) or name,
            f"{prefix}{name}",
            any(units.flag(one, ab.AT_EXTERNAL) for one in (entry, base)),
            units.flag(entry, ab.AT_DECLARATION),
            self._returns(entry, base),
            units.located(entry),
        )

    def _specified(self, entry: Entry) -> Entry:
        """Return the declaration that an entry completes, or the entry itself."""
        ref = self._units.reference(entry, ab.AT_SPECIFICATION)
        return entry if ref is None else self._entry(ref)

    def _symbol(self, entries: tuple[Entry, ...]) -> str | None:
        for entry in entries:
            for attribute in (ab.AT_LINKAGE_NAME, ab.AT_OLD_LINKAGE_NAME):
                found = self._units.text(entry, attribute)
                if found:
                    return found
        return None

    # -- reading -------------------------------------------------------------------------------

    def _entry(self, ref: Ref) -> Entry:
        """Return the entry that a reference (see :meth:`Units.reference`) leads to."""
        if ref < VOID:
            signature_ = -2 - ref
            if signature_ not in self._signatures:
                raise DwarfError(f"no type unit has the signature {signature_:#x}")
            ref = self._signatures[signature_]
        at = bisect.bisect_right(self._starts, ref) - 1
        entry = None
        if at >= 0:
            header = self._headers[at]
            entry = self._units.entry(header, ref - header.section.base)
        if entry is None:
            raise DwarfError(f"a reference to {ref:#x}, where no entry is")
        return entry

    @functools.cached_property
    def _scan(self) -> Scan:
        return Scan(self._units, self._headers)
