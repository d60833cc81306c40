# SPDX-License-Identifier: GPL-2.0-only
"""Where the functions, variables and named types of all units are: one walk over their top level.

GCC says at each entry with others below it where the next one beside it is (DW_AT_sibling), so
bodies of functions and members of structs are not walked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.debuginfo import abbreviations as ab
from pipeline.debuginfo.model import DwarfError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.debuginfo.model import Ref
    from pipeline.debuginfo.units import Entry, Header
    from pipeline.debuginfo.values import Units

_TAG_SUBPROGRAM, _TAG_VARIABLE = 0x2E, 0x34
_TAG_NAMESPACES = frozenset({0x39, 0x1E})  # namespace, module
_TAG_TYPES = frozenset({0x02, 0x04, 0x13, 0x17})  # class, enumeration, struct, union
_MAX_DEPTH = 64


class Scan:
    """The places of entries by kind, and the namespaces of those that are in one (``a::b::``)."""

    def __init__(self, units: Units, headers: Iterable[Header]) -> None:
        self.functions: list[Ref] = []
        self.variables: list[Ref] = []
        self.types: list[Ref] = []
        self.prefixes: dict[Ref, str] = {}
        self._units = units
        self._kinds = {_TAG_SUBPROGRAM: self.functions, _TAG_VARIABLE: self.variables}
        self._kinds.update(dict.fromkeys(_TAG_TYPES, self.types))
        for header in headers:
            self._walk(units.root(header), "", 0)

    def _walk(self, parent: Entry, prefix: str, depth: int) -> None:
        """Note what is right below ``parent``; go into namespaces."""
        if depth > _MAX_DEPTH:
            raise DwarfError(f"more than {_MAX_DEPTH} namespaces in each other")
        if not parent.children:
            return
        units, unit, at = self._units, parent.unit, parent.after
        while at < unit.end and (tag := units.tag(unit, at)):
            if tag in _TAG_NAMESPACES:
                entry = units.entry(unit, at)
                if entry is None:
                    return
                name = units.text(entry, ab.AT_NAME) or "{anonymous}"
                self._walk(entry, f"{prefix}{name}::", depth + 1)
                at = units.next(entry)
                continue
            kind = self._kinds.get(tag)
            if kind is not None:
                ref = unit.section.base + at
                kind.append(ref)
                if prefix:
                    self.prefixes[ref] = prefix
            at = units.skip(unit, at)
