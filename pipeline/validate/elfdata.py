# SPDX-License-Identifier: GPL-2.0-only
"""The parts of an object file, and the numbers that the ELF document gives to their kinds."""

from __future__ import annotations

from typing import NamedTuple

ET_REL = 1
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOTE, SHT_NOBITS, SHT_REL = 1, 2, 3, 4, 7, 8, 9
SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY, SHT_GROUP, SHT_SYMTAB_SHNDX = 14, 15, 16, 17, 18
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 0x1, 0x2, 0x4
SHF_GROUP, SHF_TLS, SHF_COMPRESSED = 0x200, 0x400, 0x800
SHF_RELA_LIVEPATCH = 0x100000  # include/uapi/linux/elf.h
SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_XINDEX, SHN_LORESERVE = 0, 0xFFF1, 0xFFF2, 0xFFFF, 0xFF00
SHN_LIVEPATCH = 0xFF20  # include/uapi/linux/elf.h
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_TLS = 0, 1, 2, 3, 4, 6
STT_SPARC_REGISTER, STT_PARISC_MILLI = 13, 13
EM_SPARC, EM_68K, EM_SPARC32PLUS, EM_SH, EM_SPARCV9 = 2, 4, 18, 42, 43


class Section(NamedTuple):
    """A section: ``type`` is sh_type, sizes, offsets and the alignment are in bytes."""

    number: int
    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    align: int = 1
    entry_size: int = 0


class Symbol(NamedTuple):
    """A symbol: ``section`` is the section's index, or a value from SHN_LORESERVE up.

    ``other`` is st_other: the visibility in its two lowest bits, the ABI's own in the rest.
    """

    name: str
    value: int
    size: int
    bind: int
    type: int
    section: int
    other: int = 0


class Relocation(NamedTuple):
    """A relocation of byte ``offset`` of section ``section`` (its index).

    ``type`` is the architecture's number; ``addend`` None says that it stands in the section.
    """

    section: int
    offset: int
    type: int
    symbol: Symbol
    addend: int | None
