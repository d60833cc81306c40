# SPDX-License-Identifier: GPL-2.0-only
"""The parts of an object file, and the numbers that the ELF document gives to their kinds."""

from __future__ import annotations

from typing import NamedTuple

ET_REL = 1
SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 2, 4, 8, 9
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 0x1, 0x2, 0x4, 0x800
SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_XINDEX, SHN_LORESERVE = 0, 0xFFF1, 0xFFF2, 0xFFFF, 0xFF00
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_SECTION, STT_FILE, STT_TLS, STT_SPARC_REGISTER = 3, 4, 6, 13
EM_SH, EM_SPARCV9 = 42, 43


class Section(NamedTuple):
    """A section: ``type`` is sh_type (-1 where it has no use here), sizes and offsets in bytes."""

    number: int
    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int


class Symbol(NamedTuple):
    """A symbol: ``section`` is the section's index, or a value from SHN_LORESERVE up."""

    name: str
    value: int
    size: int
    bind: int
    type: int
    section: int


class Relocation(NamedTuple):
    """A relocation of byte ``offset`` of section ``section`` (its index).

    ``type`` is the architecture's number; ``addend`` None says that it stands in the section.
    """

    section: int
    offset: int
    type: int
    symbol: Symbol
    addend: int | None
