# SPDX-License-Identifier: GPL-2.0-only
"""A tiny writer of relocatable ELF files, of any class, byte order and machine."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


@dataclass
class Sec:
    name: str
    data: bytes = b""
    type: int = 1
    flags: int = 0
    link: int = 0
    info: int = 0
    align: int = 4
    address: int = 0


@dataclass
class Sym:
    """``section``: the name of one, or a number (0 undefined, 0xfff1 absolute, 0xfff2 COMMON)."""

    name: str
    section: str | int = 0
    value: int = 0
    size: int = 0
    bind: int = 1
    type: int = 0


@dataclass
class Rel:
    """A relocation in ``section`` against ``symbol``; no addend: SHT_REL."""

    section: str
    offset: int
    symbol: str
    addend: int | None = 0
    type: int = 1


@dataclass
class Elf:
    machine: int = 4
    bits: int = 32
    order: str = "big"
    kind: int = 1
    flags: int = 0
    sections: list[Sec] = field(default_factory=list)
    symbols: list[Sym] = field(default_factory=list)
    relocations: list[Rel] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return ">" if self.order == "big" else "<"

    def build(self) -> bytes:
        wide = self.bits == 64
        word = "Q" if wide else "I"
        sections = [Sec("", type=0), *self.sections]
        numbers = {section.name: number for number, section in enumerate(sections)}
        strings = b"\0"
        table = bytes(24 if wide else 16)
        order = [""]
        for symbol in sorted(self.symbols, key=lambda one: one.bind != 0):
            order.append(symbol.name)
            place = numbers[symbol.section] if isinstance(symbol.section, str) else symbol.section
            info = symbol.bind << 4 | symbol.type
            if wide:
                table += struct.pack(
                    f"{self.prefix}IBBHQQ",
                    len(strings),
                    info,
                    0,
                    place,
                    symbol.value,
                    symbol.size,
                )
            else:
                table += struct.pack(
                    f"{self.prefix}IIIBBH",
                    len(strings),
                    symbol.value,
                    symbol.size,
                    info,
                    0,
                    place,
                )
            strings += symbol.name.encode() + b"\0"
        symtab = len(sections)
        local = 1 + sum(symbol.bind == 0 for symbol in self.symbols)
        sections.append(Sec(".symtab", table, 2, 0, symtab + 1, local))
        sections.append(Sec(".strtab", strings, 3))
        for name in dict.fromkeys(one.section for one in self.relocations):
            rela = all(one.addend is not None for one in self.relocations if one.section == name)
            data = b""
            for one in self.relocations:
                if one.section == name:
                    info = order.index(one.symbol) << (32 if wide else 8) | one.type
                    data += struct.pack(self.prefix + word * 2, one.offset, info)
                    if rela:
                        data += struct.pack(self.prefix + word.lower(), one.addend)
            prefix, kind = (".rela", 4) if rela else (".rel", 9)
            sections.append(Sec(prefix + name, data, kind, 0, symtab, numbers[name]))
        names = b"\0"
        starts = []
        sections.append(Sec(".shstrtab", b"", 3))
        for section in sections:
            starts.append(len(names) if section.name else 0)
            names += section.name.encode() + b"\0" if section.name else b""
        sections[-1].data = names
        return self._assemble(sections, starts)

    def _assemble(self, sections: list[Sec], starts: list[int]) -> bytes:
        wide = self.bits == 64
        word = "Q" if wide else "I"
        header_size, entry_size = (64, 64) if wide else (52, 40)
        body = b""
        headers = b""
        for section, start in zip(sections, starts, strict=True):
            entry = {2: 24 if wide else 16, 4: 24 if wide else 12, 9: 16 if wide else 8}
            headers += struct.pack(
                f"{self.prefix}II{word * 4}II{word * 2}",
                start,
                section.type,
                section.flags,
                section.address,
                header_size + len(body),
                len(section.data),
                section.link,
                section.info,
                section.align,
                entry.get(section.type, 0),
            )
            body += section.data
        ident = b"\x7fELF" + bytes([2 if wide else 1, 2 if self.order == "big" else 1, 1])
        return (
            ident.ljust(16, b"\0")
            + struct.pack(
                f"{self.prefix}HHI{word * 3}I6H",
                self.kind,
                self.machine,
                1,
                0,
                0,
                header_size + len(body),
                self.flags,
                header_size,
                0,
                0,
                entry_size,
                len(sections),
                len(sections) - 1,
            )
            + body
            + headers
        )


COMMENT = "GCC: (Test 12.2.0) 12.2.0"


def good(**changes: object) -> Elf:
    """Return an m68k object as GCC writes one: code, a comment, a recorded command line."""
    elf = Elf(
        sections=[
            Sec(".text", b"\x4e\x75", flags=6),
            Sec(".comment", b"\0" + COMMENT.encode() + b"\0"),
            Sec(".GCC.command.line", b"GNU C17 12.2.0 -mcpu=68040 -ffixed-a2\0"),
        ],
        symbols=[Sym("a.c", 0xFFF1, bind=0, type=4), Sym("run", ".text", 0, 2, type=2)],
    )
    for name, value in changes.items():
        setattr(elf, name, value)
    return elf
