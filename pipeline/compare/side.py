# SPDX-License-Identifier: GPL-2.0-only
"""One of the two files: its symbols by Rust path, its bytes with what moves them, its types."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.debuginfo.information import debug_information
from pipeline.names import demangle
from pipeline.validate.elfdata import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHN_LORESERVE,
    SHN_UNDEF,
    SHT_NOBITS,
    STB_LOCAL,
    STT_FUNC,
    STT_OBJECT,
    STT_PARISC_MILLI,
)
from pipeline.validate.finding import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Record, Ref, Variable
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation, Section, Symbol

# What GCC appended to a copy of a function, mrustc's numbers of nameless scopes, closures' numbers.
_SUFFIX = re.compile(r" \{\.[^}]*\}$")
_NUMBERED = re.compile(r"::(?:#\d+|_#?\d*|\{(?:impl|closure|constant)#\d+\}|(?:impl|closure)#\w+)")
_MADE = ("__typeid_", "__rdl_", "__rg_", "__rust_", "__ferric_", "rust_eh_personality", "__rustc")
_EM_SH_ADDS = 42  # SuperH adds what stands in the section (arch/sh/kernel/module.c, R_SH_DIR32)


class Pointed(NamedTuple):
    """Where a pointer in data leads: to a byte of a section, or to a symbol of another object."""

    section: int
    offset: int
    outside: str


def plain(path: str) -> str:
    """Return a Rust path as both compilers' names agree on it.

    Without what GCC appended, the turbofish and the numbers of nameless scopes.
    """
    text = _SUFFIX.sub("", path).replace("::<", "<")
    return _NUMBERED.sub("::_", text)


@dataclass(frozen=True, eq=False)
class Side:
    """An object with its indices; ``title`` is how the tables call it."""

    obj: Object
    title: str

    @property
    def big(self) -> bool:
        """Say whether numbers have their most significant byte first."""
        return self.obj.byte_order == "big"

    @property
    def order(self) -> Literal["big", "little"]:
        """The byte order as :meth:`int.from_bytes` takes it."""
        return "big" if self.big else "little"

    @property
    def pointer(self) -> int:
        """The bytes of a pointer."""
        return self.obj.bits // 8

    @functools.cached_property
    def debug(self) -> DebugInfo | str:
        """The debug information, or why there is none."""
        return debug_information(self.obj)

    @functools.cached_property
    def defined(self) -> Mapping[str, Symbol]:
        """The symbols that others may use and that a programmer named, by name."""
        return {
            symbol.name: symbol
            for symbol in self.obj.symbols
            if symbol.bind != STB_LOCAL
            and SHN_UNDEF < symbol.section < SHN_LORESERVE
            and demangle(symbol.name) is None
            and not symbol.name.startswith(_MADE)
        }

    @functools.cached_property
    def undefined(self) -> frozenset[str]:
        """The names that others have to supply, those of Rust functions as paths."""
        return frozenset(
            plain(demangle(symbol.name) or symbol.name)
            for symbol in self.obj.symbols
            if symbol.section == SHN_UNDEF and symbol.name
        )

    @functools.cached_property
    def function_sizes(self) -> Mapping[str, int]:
        """The bytes of code by function, GCC's copies of one together, by Rust path or C name."""
        code = {one.number for one in self.obj.sections if one.flags & SHF_EXECINSTR}
        sizes: dict[str, int] = {}
        seen: set[tuple[int, int]] = set()
        for symbol in self.obj.symbols:
            place = (symbol.section, symbol.value)
            if symbol.section not in code or place in seen:
                continue
            if symbol.type in (STT_FUNC, STT_PARISC_MILLI) and symbol.size:
                seen.add(place)
                name = plain(demangle(symbol.name) or symbol.name)
                sizes[name] = sizes.get(name, 0) + symbol.size
        return sizes

    @functools.cached_property
    def objects(self) -> Mapping[str, Symbol]:
        """The data objects by Rust path; exported ones also by their name."""
        found: dict[str, Symbol] = {}
        for symbol in self.obj.symbols:
            if symbol.type == STT_OBJECT and SHN_UNDEF < symbol.section < SHN_LORESERVE:
                found.setdefault(plain(demangle(symbol.name) or symbol.name), symbol)
        return found

    @functools.cached_property
    def variables(self) -> Mapping[str, Variable]:
        """The variables that have a place, by Rust path, those without a Rust path by name."""
        if isinstance(self.debug, str):
            return {}
        found: dict[str, Variable] = {}
        for variable in self.debug.variables:
            if variable.place is not None:
                path = demangle(variable.symbol)
                if path is None and "::" in variable.path:
                    path = variable.path
                found.setdefault(plain(path or variable.symbol), variable)
        return found

    @functools.cached_property
    def by_place(self) -> Mapping[tuple[int, int], Variable]:
        """The variables by their places."""
        return {one.place: one for one in self.variables.values() if one.place is not None}

    @functools.cached_property
    def by_symbol(self) -> Mapping[str, Variable]:
        """The variables by every symbol that names their places: exported ones have two."""
        return {
            symbol.name: self.by_place[symbol.section, symbol.value]
            for symbol in self.obj.symbols
            if symbol.name and (symbol.section, symbol.value) in self.by_place
        }

    @functools.cached_property
    def types(self) -> Mapping[str, Ref]:
        """The structs, unions and enums by Rust path (C types of mrustc's demangled)."""
        if isinstance(self.debug, str):
            return {}
        found: dict[str, Ref] = {}
        for name, refs in self.debug.named_types.items():
            path = demangle(name[2:]) if name[:2] in {"s_", "e_", "u_"} else name
            if path:
                found.setdefault(plain(path), refs[0])
        return found

    def type_path(self, record: Record) -> str:
        """Return the Rust path of a struct or union."""
        if record.name[:2] in {"s_", "e_", "u_"}:
            return plain(demangle(record.name[2:]) or record.name)
        return plain(record.path or record.name)

    def section_sizes(self) -> dict[str, int]:
        """Return the bytes of code, of writable data (with zeros) and of read-only data."""
        sizes = {"text": 0, "data": 0, "rodata": 0}
        for section in self.obj.sections:
            if not section.flags & SHF_ALLOC or section.name.startswith((".eh_frame", ".note")):
                continue
            kind = "rodata"
            if section.flags & SHF_EXECINSTR:
                kind = "text"
            elif section.flags & SHF_WRITE and ".rel.ro" not in section.name:
                kind = "data"
            sizes[kind] += section.size
        return sizes

    def bytes_at(self, section: int, offset: int, size: int) -> bytes | None:
        """Return bytes of a section, None where they are not all in it."""
        if not 0 <= section < len(self.obj.sections) or offset < 0 or size < 0:
            return None
        found: Section = self.obj.sections[section]
        if offset + size > found.size:
            return None
        if found.type == SHT_NOBITS:
            return bytes(size)
        start = found.offset + offset
        return self.obj.data[start : start + size]

    @functools.cached_property
    def moves(self) -> Mapping[tuple[int, int], Relocation]:
        """The relocations by section and offset."""
        return {(one.section, one.offset): one for one in self.obj.relocations}

    def pointed(self, section: int, offset: int) -> Pointed | None:
        """Return where the pointer that stands there leads; None where it is a plain number."""
        move = self.moves.get((section, offset))
        if move is None:
            return None
        addend = move.addend
        if addend is None or self.obj.machine == _EM_SH_ADDS:
            word = self.bytes_at(section, offset, self.pointer) or b""
            addend = (addend or 0) + int.from_bytes(word, self.order, signed=True)
        symbol = move.symbol
        if SHN_UNDEF < symbol.section < SHN_LORESERVE:
            return Pointed(symbol.section, symbol.value + addend, "")
        return Pointed(0, addend, symbol.name)

    @functools.cached_property
    def functions(self) -> Mapping[tuple[int, int], str]:
        """The functions' paths by the place where their code begins."""
        found: dict[tuple[int, int], str] = {}
        for symbol in self.obj.symbols:
            if symbol.type in (STT_FUNC, STT_PARISC_MILLI):
                name = plain(demangle(symbol.name) or symbol.name)
                found.setdefault((symbol.section, symbol.value), name)
        return found


def undescribed(check: str, *sides: Side) -> Iterator[Skipped]:
    """Yield a skip for each file that has no debug information to read."""
    for side in sides:
        if isinstance(side.debug, str):
            yield Skipped(check, f"{side.title}: {side.debug}")
