# SPDX-License-Identifier: GPL-2.0-only
"""A bounded reader of object files: whatever the bytes are, an :class:`Object` or a UserError.

pyelftools reads the file's header.  Sections, symbols, relocations and names are unpacked here:
pyelftools needs about 20 µs for one of them and does not bound the length of names, so a small
file could keep it busy for hours.
"""

from __future__ import annotations

import hashlib
import io
import stat
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from elftools.elf.elffile import ELFFile

from pipeline.errors import FerricError, UserError
from pipeline.validate.dwarf import Producer, read_producers
from pipeline.validate.elfdata import (
    EM_SPARCV9,
    ET_REL,
    SHN_LORESERVE,
    SHN_XINDEX,
    SHT_NOBITS,
    SHT_REL,
    SHT_RELA,
    SHT_SYMTAB,
    STT_SECTION,
    Relocation,
    Section,
    Symbol,
)
from pipeline.validate.finding import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

MAX_FILE = 512 << 20
MAX_ENTRIES = 2_000_000  # symbols and relocations together: 300 MB of memory
MAX_NAME = 16 << 10
MAX_SECTIONS = 200_000

_NO_RELOCATION_SECTIONS = (SHT_REL, SHT_RELA)


@dataclass(frozen=True)
class Object:
    """What an object file says; numbers of types and flags are those of the ELF document.

    ``recorded`` are the lines of ``.GCC.command.line``; ``derived`` keeps what checks worked out
    of the bytes and share: see :meth:`once`.
    """

    path: Path
    sha256: str
    bits: int
    byte_order: str
    machine: int
    flags: int
    kind: int
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    relocations: tuple[Relocation, ...]
    comments: tuple[str, ...]
    recorded: tuple[str, ...]
    data: bytes = field(repr=False)
    derived: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, path: Path) -> Object:
        """Read ``path``; a file that is no sound object is a :class:`UserError`."""
        data = _bytes(path)
        try:
            return _Reader(path, data).object()
        except FerricError:
            raise
        # The one boundary: pyelftools raises construct's errors, IndexError, AssertionError,
        # UnicodeDecodeError and more on bytes that contradict each other.
        except Exception as error:  # noqa: BLE001 - see above
            raise _unsound(path, f"{type(error).__name__}: {error}") from None

    def section(self, name: str) -> Section | None:
        """Return the first section called ``name``."""
        return self.once("sections", self._by_name).get(name)

    def _by_name(self) -> dict[str, Section]:
        """Return the first section of each name."""
        return {section.name: section for section in reversed(self.sections)}

    def content(self, section: Section) -> bytes:
        """Return a section's bytes (none for one that has no bytes in the file)."""
        if section.type == SHT_NOBITS:
            return b""
        return self.data[section.offset : section.offset + section.size]

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what ``make`` makes, made at the first call with this ``name`` and then kept."""
        if name not in self.derived:
            self.derived[name] = make()
        return cast("T", self.derived[name])

    @property
    def producers(self) -> tuple[Producer, ...] | None:
        """What DWARF says of each unit; None where it cannot be read (``producers_missing``)."""
        return self.once("producers", lambda: read_producers(self))[0]

    @property
    def producers_missing(self) -> str:
        """Why :attr:`producers` are None; empty where they are not."""
        return self.once("producers", lambda: read_producers(self))[1]

    @property
    def is_module(self) -> bool:
        """Say whether this is a ``.ko``: modpost gave it a ``struct module``."""
        return self.section(".gnu.linkonce.this_module") is not None


def _bytes(path: Path) -> bytes:
    """Return the bytes of a regular file that is not too large."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _unsound(path, "it is not a regular file")
        if status.st_size > MAX_FILE:
            raise _unsound(path, f"{status.st_size} bytes are more than {MAX_FILE}")
        with path.open("rb") as stream:
            return stream.read(MAX_FILE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unsound(path, reason) from None


def _unsound(path: Path, reason: str) -> UserError:
    """Return the error for a file that cannot be judged."""
    return UserError(
        f"{printable(str(path))} cannot be judged: {printable(reason, 300)}",
        mend="give a whole ELF object file (.o or .ko)",
    )


class _Reader:
    """Reads one file; every method raises some exception where the bytes make no sense."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.data = data
        self.elf = ELFFile(io.BytesIO(data))
        self.bits: int = self.elf.elfclass
        self.order = "little" if self.elf.little_endian else "big"
        self.prefix = "<" if self.elf.little_endian else ">"
        self.names_left = 8 * len(data) + (1 << 20)
        # pyelftools gives names for machines and types that it knows; the numbers are wanted.
        self.kind, self.machine = struct.unpack_from(f"{self.prefix}HH", data, 16)

    def object(self) -> Object:
        """Return the whole object."""
        sections = self.read_sections()
        symbols, relocations = self.tables(sections)
        return Object(
            path=self.path,
            sha256=hashlib.sha256(self.data).hexdigest(),
            bits=self.bits,
            byte_order=self.order,
            machine=self.machine,
            flags=self.elf["e_flags"],
            kind=self.kind,
            sections=tuple(sections),
            symbols=tuple(symbols),
            relocations=tuple(relocations),
            comments=self.strings(sections, ".comment"),
            recorded=self.strings(sections, ".GCC.command.line"),
            data=self.data,
        )

    def read_sections(self) -> list[Section]:
        """Return all sections; one that lies outside the file is an error."""
        count: int = self.elf.num_sections()
        start, size = self.elf["e_shoff"], self.elf["e_shentsize"]
        if count > MAX_SECTIONS or start + count * size > len(self.data):
            raise ValueError(f"{count} section headers do not fit into the file")
        if count and size != self.elf.structs.Elf_Shdr.sizeof():
            raise ValueError(f"section headers of {size} bytes")
        if not count:
            return []
        layout = struct.Struct(self.prefix + ("IIQQQQIIQQ" if self.bits == 64 else "10I"))
        headers = list(layout.iter_unpack(self.data[start : start + count * size]))
        _name, _kind, _flags, _address, offset, length, *_ = headers[self.elf.get_shstrndx()]
        return [
            self.one_section(index, header, offset, length) for index, header in enumerate(headers)
        ]

    def one_section(
        self, index: int, header: tuple[int, ...], names: int, names_size: int
    ) -> Section:
        """Check one header against the file and name it; ``names`` is where all names begin."""
        name, kind, flags, _address, offset, size, link, info, align, entry_size = header
        if index and kind != SHT_NOBITS and offset + size > len(self.data):
            raise ValueError(f"section {index} goes past the end of the file")
        text = self.name(names, names_size, name) if index else ""
        return Section(index, text, kind, flags, offset, size, link, info, align, entry_size)

    def name(self, start: int, size: int, at: int) -> str:
        """Return the string at byte ``at`` of the string table at ``start``."""
        if at == 0:
            return ""
        if at >= size:
            raise ValueError(f"a name at byte {at} of a string table of {size}")
        begin = start + at
        end = self.data.find(b"\0", begin, min(start + size, begin + MAX_NAME))
        if end < 0:
            raise ValueError(f"a name that does not end, or is longer than {MAX_NAME} bytes")
        self.names_left -= end - begin
        if self.names_left < 0:
            raise ValueError("the names are longer than the file")
        return self.data[begin:end].decode("utf-8", "backslashreplace")

    def tables(self, sections: list[Section]) -> tuple[list[Symbol], list[Relocation]]:
        """Return all symbols and all relocations; there is one symbol table at most."""
        tables = [section for section in sections if section.type == SHT_SYMTAB]
        moved = [section for section in sections if section.type in _NO_RELOCATION_SECTIONS]
        total = sum(section.size for section in (*tables, *moved))
        if total > len(self.data):
            raise ValueError("symbol and relocation tables overlap")
        if len(tables) > 1:
            raise ValueError(f"{len(tables)} symbol tables")
        if total // (16 if self.bits == 64 else 8) > MAX_ENTRIES:
            raise ValueError(f"more than {MAX_ENTRIES} symbols and relocations")
        symbols = list(self.read_symbols(sections, tables[0])) if tables else []
        relocations: list[Relocation] = []
        for section in moved:
            # A linked program's relocations count by its dynamic symbols; its kind is judged.
            if self.kind == ET_REL or (tables and section.link == tables[0].number):
                relocations += self.read_relocations(sections, section, symbols)
        return symbols, relocations

    def read_symbols(self, sections: list[Section], table: Section) -> Iterator[Symbol]:
        """Yield every symbol, the first (empty) one too: relocations count from it."""
        strings = sections[table.link]
        extended = self.extended_indices(sections, table)
        layout = struct.Struct(self.prefix + ("IBBHQQ" if self.bits == 64 else "IIIBBH"))
        content = self.data[table.offset : table.offset + table.size]
        if len(content) % layout.size:
            raise ValueError("half a symbol at the end of the symbol table")
        for number, entry in enumerate(layout.iter_unpack(content)):
            if self.bits == 64:
                name, info, other, index, value, size = entry
            else:
                name, value, size, info, other, index = entry
            if index == SHN_XINDEX and extended:
                index = extended[number]
            elif SHN_LORESERVE > index >= len(sections):
                raise ValueError(f"symbol {number} in section {index} of {len(sections)}")
            text = self.name(strings.offset, strings.size, name)
            if not text and info & 15 == STT_SECTION and index < len(sections):
                text = sections[index].name
            yield Symbol(text, value, size, info >> 4, info & 15, index, other)

    def extended_indices(self, sections: list[Section], table: Section) -> tuple[int, ...]:
        """Return the table of section numbers above 0xff00 (SHT_SYMTAB_SHNDX), if there is one."""
        for section in sections:
            if section.name == ".symtab_shndx" and section.link == table.number:
                content = self.data[section.offset : section.offset + section.size]
                return struct.unpack(f"{self.prefix}{len(content) // 4}I", content)
        return ()

    def read_relocations(
        self, sections: list[Section], section: Section, symbols: list[Symbol]
    ) -> Iterator[Relocation]:
        """Yield the relocations in one section of them."""
        if section.info >= len(sections):
            raise ValueError(f"{section.name} relocates section {section.info}")
        rela = section.type == SHT_RELA
        word = "Q" if self.bits == 64 else "I"
        layout = struct.Struct(self.prefix + word * 2 + (word.lower() if rela else ""))
        content = self.data[section.offset : section.offset + section.size]
        if len(content) % layout.size:
            raise ValueError(f"half a relocation at the end of {section.name}")
        shift, mask = (32, 0xFFFFFFFF) if self.bits == 64 else (8, 0xFF)
        if self.machine == EM_SPARCV9:
            mask = 0xFF  # the upper 24 bits of the type are data (SPARC Compliance Definition 2.4)
        for entry in layout.iter_unpack(content):
            offset, info = entry[0], entry[1]
            if info >> shift >= len(symbols):
                raise ValueError(f"a relocation names symbol {info >> shift} of {len(symbols)}")
            symbol, addend = symbols[info >> shift], entry[2] if rela else None
            yield Relocation(section.info, offset, info & mask, symbol, addend)

    def strings(self, sections: list[Section], name: str) -> tuple[str, ...]:
        """Return the strings of all sections called ``name``, in order."""
        found: list[str] = []
        for section in sections:
            if section.name == name and section.type != SHT_NOBITS:
                content = self.data[section.offset : section.offset + section.size]
                found += (
                    part.decode("utf-8", "backslashreplace")
                    for part in content.split(b"\0")
                    if part
                )
                if len(found) > len(self.data):
                    raise ValueError(f"sections {name} overlap")
        return tuple(found)
