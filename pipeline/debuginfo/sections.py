# SPDX-License-Identifier: GPL-2.0-only
"""The debug sections of an object: found, decompressed within bounds, relocated by hand.

A relocatable object of any architecture is read without knowing its relocation types: in debug
sections each one is an absolute word, the symbol's value plus the addend (for example
R_68K_32, R_ALPHA_REFLONG, R_PARISC_DIR32), where the linker's choice is only whether the addend
stands in the relocation (SHT_RELA) or in the section (SHT_REL).  Several sections of one name (as
``-fdebug-types-section`` makes them, one in each COMDAT group) are kept apart.
"""

from __future__ import annotations

import importlib
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.debuginfo.model import DwarfError
from pipeline.validate.elfdata import (
    EM_SH,
    SHF_COMPRESSED,
    SHN_LORESERVE,
    SHN_UNDEF,
    SHT_NOBITS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.debuginfo.model import Place
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation, Section

INFO, TYPES, ABBREV = ".debug_info", ".debug_types", ".debug_abbrev"
STR, LINE_STR = ".debug_str", ".debug_line_str"
STR_OFFSETS, ADDR = ".debug_str_offsets", ".debug_addr"
_MOVED = frozenset({INFO, TYPES, STR_OFFSETS, ADDR})
_READ = frozenset({ABBREV, STR, LINE_STR}) | _MOVED
# zlib packs zeros a thousandfold; real debug information packs two- to tenfold.
_MAX_RATIO = 32
_SPARE = 64 << 10
_ZLIB, _ZSTD = 1, 2  # ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD of the ELF document's section headers


@dataclass(frozen=True)
class DebugSection:
    """One section's bytes; ``base`` is what its offsets get added to be a :data:`Ref`.

    ``moves`` are the relocations by the offset that they change.
    """

    number: int
    name: str
    data: bytes
    base: int
    moves: Mapping[int, Relocation] = field(default_factory=dict, repr=False)


class DebugSections:
    """All debug sections of an object that are read here."""

    def __init__(self, obj: Object) -> None:
        """Find and decompress them; raises :class:`DwarfError` where that cannot be done."""
        self.order = obj.byte_order
        self.wide_default = obj.bits == 64
        self._adds_content = obj.machine == EM_SH
        found = [(section, _plain_name(section.name)) for section in obj.sections]
        found = [one for one in found if one[1] in _READ and one[0].type != SHT_NOBITS]
        moves: dict[int, dict[int, Relocation]] = {
            section.number: {} for section, name in found if name in _MOVED
        }
        for relocation in obj.relocations:
            if relocation.section in moves:
                moves[relocation.section][relocation.offset] = relocation
        self.by_number: dict[int, DebugSection] = {}
        self._first: dict[str, DebugSection] = {}
        base = 0
        for section, name in found:
            data = content(obj, section)
            one = DebugSection(section.number, name, data, base, moves.get(section.number, {}))
            self.by_number[section.number] = one
            self._first.setdefault(name, one)
            if name in (INFO, TYPES):
                base += len(data)

    @property
    def info(self) -> list[DebugSection]:
        """The sections that have units, in order."""
        return [one for one in self.by_number.values() if one.name in (INFO, TYPES)]

    def target(self, section: DebugSection, at: int, value: int, name: str) -> tuple[bytes, int]:
        """Return the bytes of the section ``name`` that a word names, and the offset in them.

        The word at ``at`` of ``section`` has ``value`` in it.
        """
        one, offset = self.targeted(section, at, value, name)
        return one.data, offset

    def targeted(
        self, section: DebugSection, at: int, value: int, name: str
    ) -> tuple[DebugSection, int]:
        """Do the same as :meth:`target` and return the section itself."""
        relocation = section.moves.get(at)
        if relocation is None:
            one = section if name == section.name else self._first.get(name)
        else:
            one = self.by_number.get(relocation.symbol.section)
            value = self._sum(relocation, value)
        if one is None or one.name != name:
            raise DwarfError(f"a word at {at:#x} of {section.name} names no section {name}")
        return one, value

    def place(self, section: DebugSection, at: int, value: int) -> Place | None:
        """Return where the address that stands at ``at`` is, None where no section has it."""
        relocation = section.moves.get(at)
        if relocation is None or not SHN_UNDEF < relocation.symbol.section < SHN_LORESERVE:
            return None
        return relocation.symbol.section, self._sum(relocation, value)

    def _sum(self, relocation: Relocation, value: int) -> int:
        """Return symbol plus addend.

        SuperH adds what stands in the section although it has addends, and its linker leaves them
        there (arch/sh/kernel/module.c, R_SH_DIR32).
        """
        addend = relocation.addend
        if addend is None:
            addend = value
        elif self._adds_content:
            addend += value
        return relocation.symbol.value + addend


def _plain_name(name: str) -> str:
    """Return the name that ``.zdebug_info`` (GNU's older way of compressing) stands for."""
    return f".debug_{name[8:]}" if name.startswith(".zdebug_") else name


def content(obj: Object, section: Section) -> bytes:
    """Return a section's bytes, decompressed; raises :class:`DwarfError` where that fails."""
    data = obj.content(section)
    if section.name.startswith(".zdebug_"):
        if data[:4] != b"ZLIB" or len(data) < 12:
            raise DwarfError(f"{section.name} is not compressed as its name says")
        return _inflate(section.name, data[12:], int.from_bytes(data[4:12], "big"))
    if not section.flags & SHF_COMPRESSED:
        return data
    prefix = "<" if obj.byte_order == "little" else ">"
    layout = struct.Struct(prefix + ("IIQQ" if obj.bits == 64 else "III"))
    if len(data) < layout.size:
        raise DwarfError(f"the compressed section {section.name} has no header")
    kind, *rest = layout.unpack_from(data)
    size = rest[1] if obj.bits == 64 else rest[0]
    packed = data[layout.size :]
    if kind == _ZLIB:
        return _inflate(section.name, packed, size)
    if kind == _ZSTD:
        return _zstd(section.name, packed, size)
    raise DwarfError(f"{section.name} is compressed in an unknown way ({kind})")


def _require_sane(name: str, packed: bytes, size: int) -> None:
    if size > _MAX_RATIO * len(packed) + _SPARE:
        raise DwarfError(f"{name}: {len(packed)} compressed bytes are said to hold {size}")


def _inflate(name: str, packed: bytes, size: int) -> bytes:
    """Return ``size`` bytes out of a zlib stream, or raise."""
    _require_sane(name, packed, size)
    try:
        data = zlib.decompressobj().decompress(packed, size + 1)
    except zlib.error as error:
        raise DwarfError(f"the compressed section {name} cannot be read: {error}") from None
    if len(data) != size:
        raise DwarfError(f"the compressed section {name} does not hold the {size} bytes it says")
    return data


def _zstd(name: str, packed: bytes, size: int) -> bytes:
    """Return ``size`` bytes out of a zstd frame; Python has that from 3.14 on."""
    _require_sane(name, packed, size)
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        raise DwarfError(
            f"{name} is compressed with zstd, which this Python cannot read (3.14 can)"
        ) from None
    try:
        data: bytes = zstd.ZstdDecompressor().decompress(packed, size + 1)
    except (zstd.ZstdError, EOFError) as error:
        raise DwarfError(f"the compressed section {name} cannot be read: {error}") from None
    if len(data) != size:
        raise DwarfError(f"the compressed section {name} does not hold the {size} bytes it says")
    return data
