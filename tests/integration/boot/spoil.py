# SPDX-License-Identifier: GPL-2.0-only
"""Ways to spoil a module's bytes: each takes a 32- or 64-bit ELF file and returns another."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

if TYPE_CHECKING:
    from collections.abc import Callable

    Spoil = Callable[[bytes], bytes]

# ELF headers (System V ABI, chapter 4): byte offsets and formats, 32-bit and 64-bit.
_HEADER = {
    "e_type": ((16, "H"), (16, "H")),
    "e_machine": ((18, "H"), (18, "H")),
    "e_shoff": ((32, "I"), (40, "Q")),
    "e_flags": ((36, "I"), (48, "I")),
    "e_shentsize": ((46, "H"), (58, "H")),
    "e_shnum": ((48, "H"), (60, "H")),
    "e_shstrndx": ((50, "H"), (62, "H")),
}
_SECTION = {
    "sh_name": ((0, "I"), (0, "I")),
    "sh_type": ((4, "I"), (4, "I")),
    "sh_flags": ((8, "I"), (8, "Q")),
    "sh_addr": ((12, "I"), (16, "Q")),
    "sh_offset": ((16, "I"), (24, "Q")),
    "sh_size": ((20, "I"), (32, "Q")),
    "sh_link": ((24, "I"), (40, "I")),
    "sh_info": ((28, "I"), (44, "I")),
    "sh_addralign": ((32, "I"), (48, "Q")),
    "sh_entsize": ((36, "I"), (56, "Q")),
}
SHN_COMMON, SHN_ABS, SHN_LIVEPATCH, SHN_XINDEX = 0xFFF2, 0xFFF1, 0xFF20, 0xFFFF
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_REGISTER = 13
SHF_WRITE, SHF_ALLOC, SHF_TLS = 0x1, 0x2, 0x400
SHF_COMPRESSED, SHF_RELA_LIVEPATCH = 0x800, 0x100000


def _elf(data: bytes) -> ELFFile:
    return ELFFile(io.BytesIO(data))


def _place(data: bytes, name: str) -> tuple[int, int]:
    """Return where a section's bytes begin and end."""
    found = _elf(data).get_section_by_name(name)
    assert found is not None
    return found["sh_offset"], found["sh_offset"] + found["sh_size"]


def _put(data: bytes, at: int, form: str, value: int) -> bytes:
    order = "<" if data[5] == 1 else ">"
    out = bytearray(data)
    struct.pack_into(order + form, out, at, value)
    return bytes(out)


def header(name: str, value: int) -> Spoil:
    """Return what sets a field of the ELF header."""

    def spoil(data: bytes) -> bytes:
        at, form = _HEADER[name][data[4] - 1]
        return _put(data, at, form, value)

    return spoil


def section(which: str, name: str, value: int) -> Spoil:
    """Return what sets a field of a section's header; ``which`` is empty for that of number 0."""

    def spoil(data: bytes) -> bytes:
        elf = _elf(data)
        at, form = _SECTION[name][data[4] - 1]
        number = elf.get_section_index(which) if which else 0
        place = elf["e_shoff"] + number * elf["e_shentsize"] + at
        return _put(data, place, form, value)

    return spoil


def flags(which: str, change: int) -> Spoil:
    """Return what turns over flags of a section."""

    def spoil(data: bytes) -> bytes:
        found = _elf(data).get_section_by_name(which)
        assert found is not None
        return section(which, "sh_flags", found["sh_flags"] ^ change)(data)

    return spoil


def past_the_end(data: bytes) -> bytes:
    """Make the section that ends last one byte longer than the file."""
    loaded = (one for one in _elf(data).iter_sections() if one["sh_type"] != "SHT_NOBITS")
    last = max(loaded, key=lambda one: int(one["sh_offset"] + one["sh_size"]))
    return section(last.name, "sh_size", len(data) - last["sh_offset"] + 1)(data)


def beyond_all_addresses(which: str) -> Spoil:
    """Return what lets the end of a section, as a sum, come before its start."""

    def spoil(data: bytes) -> bytes:
        top = 1 << (64 if data[4] == 2 else 32)
        moved = section(which, "sh_offset", top - 16)(data)
        return section(which, "sh_size", 32)(moved)

    return spoil


def code_of(name: str, change: int) -> Spoil:
    """Return what turns over flags of the section that a symbol is defined in."""

    def spoil(data: bytes) -> bytes:
        table = _elf(data).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        number = next(one for one in table.iter_symbols() if one.name == name)["st_shndx"]
        return flags(_elf(data).get_section(number).name, change)(data)

    return spoil


def replaced(which: str, old: bytes, new: bytes) -> Spoil:
    """Return what replaces bytes (once, as many by as many) within a section."""
    assert len(old) == len(new)

    def spoil(data: bytes) -> bytes:
        at = data.index(old, *_place(data, which))
        return data[:at] + new + data[at + len(old) :]

    return spoil


def last_byte(which: str) -> Spoil:
    """Return what writes over the last byte of a section."""

    def spoil(data: bytes) -> bytes:
        _, end = _place(data, which)
        return data[: end - 1] + b"x" + data[end:]

    return spoil


def shorter(which: str, by: int) -> Spoil:
    """Return what takes bytes off a section's size."""

    def spoil(data: bytes) -> bytes:
        start, end = _place(data, which)
        return section(which, "sh_size", end - start - by)(data)

    return spoil


def named_as(which: str, other: str) -> Spoil:
    """Return what gives a section the name of another."""

    def spoil(data: bytes) -> bytes:
        found = _elf(data).get_section_by_name(other)
        assert found is not None
        return section(which, "sh_name", found["sh_name"])(data)

    return spoil


def modinfo(key: bytes, new: bytes) -> Spoil:
    """Return what puts another entry, not longer, into the place of one of ``.modinfo``."""

    def spoil(data: bytes) -> bytes:
        at = data.index(key + b"=", *_place(data, ".modinfo"))
        end = data.index(b"\0", at)
        assert len(new) <= end - at
        return data[:at] + new.ljust(end - at, b"\0") + data[end:]

    return spoil


def renamed(new: bytes) -> Spoil:
    """Return what gives the module ``hello`` a longer name: its description makes room."""

    def spoil(data: bytes) -> bytes:
        at = data.index(b"hello\0", *_place(data, ".gnu.linkonce.this_module"))
        data = data[:at] + new + b"\0" + data[at + len(new) + 1 :]
        data = modinfo(b"name", b"nome=hello")(data)
        return modinfo(b"description", b"name=" + new)(data)

    return spoil


def relocation_type(which: str, number: int) -> Spoil:
    """Return what gives the first relocation of a section another type."""

    def spoil(data: bytes) -> bytes:
        at, _ = _place(data, which)
        if data[4] == 2:
            return _put(data, at + 8 + (0 if data[5] == 1 else 4), "I", number)
        return _put(data, at + 4 + (0 if data[5] == 1 else 3), "B", number)

    return spoil


def symbol_section(name: str, number: int) -> Spoil:
    """Return what puts a symbol into another section."""

    def spoil(data: bytes) -> bytes:
        return _put(data, _symbol(data, name) + (14 if data[4] == 1 else 6), "H", number)

    return spoil


def undefined_and_unused(bind: int, kind: int = 0) -> Spoil:
    """Return what makes a symbol that no relocation names an undefined one, of its old name."""

    def spoil(data: bytes) -> bytes:
        elf = _elf(data)
        table = elf.get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        sections = [one for one in elf.iter_sections() if isinstance(one, RelocationSection)]
        used = {one["r_info_sym"] for each in sections for one in each.iter_relocations()}
        number = next(
            number
            for number, one in enumerate(table.iter_symbols())
            if number not in used and one["st_info"]["type"] == "STT_FILE" and one.name
        )
        at = int(table["sh_offset"] + number * table["sh_entsize"])
        data = _put(data, at + (14 if data[4] == 1 else 6), "H", 0)
        return _put(data, at + (12 if data[4] == 1 else 4), "B", bind << 4 | kind)

    return spoil


def binding(name: str, bind: int) -> Spoil:
    """Return what gives a symbol without a type another binding."""

    def spoil(data: bytes) -> bytes:
        return _put(data, _symbol(data, name) + (12 if data[4] == 1 else 4), "B", bind << 4)

    return spoil


def symbol_name(name: str) -> Spoil:
    """Return what takes the first letter off a symbol's name, and off no other's."""

    def spoil(data: bytes) -> bytes:
        at = _symbol(data, name)
        start = int.from_bytes(data[at : at + 4], "little" if data[5] == 1 else "big")
        return _put(data, at, "I", start + 1)

    return spoil


def _symbol(data: bytes, name: str) -> int:
    """Return where a symbol's entry is in the file."""
    table = _elf(data).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    index = next(i for i, one in enumerate(table.iter_symbols()) if one.name == name)
    return int(table["sh_offset"] + index * table["sh_entsize"])


def other_order(data: bytes) -> bytes:
    """Say the other byte order in the ELF header."""
    return data[:5] + bytes([3 - data[5]]) + data[6:]


def other_class(data: bytes) -> bytes:
    """Say the other class (32 or 64 bits) in the ELF header."""
    return data[:4] + bytes([3 - data[4]]) + data[5:]
