# SPDX-License-Identifier: GPL-2.0-only
"""Spoil the bytes of a real object where it hurts: the same seed spoils it in the same way."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

from pipeline.validate.elfdata import SHF_COMPRESSED, SHT_NOBITS, SHT_REL, SHT_RELA, SHT_SYMTAB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from pipeline.validate.elf import Object

_EXTREME: tuple[int, ...] = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0xFF00, 0xFFF1, 0xFFF2, 0xFFFF)
_EXTREME += (0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF)
_NASTY = (b"\x1b[2J", b"\x1b]0;x\x07", b"\x00", b"\xff\xfe", "\u202e".encode(), b"\r\n", b"%s%n")
_MOST = 12  # changes in one file


def mutated(obj: Object, random: Random) -> bytes:
    """Return the bytes of ``obj`` with one to a dozen changes, chosen by ``random``."""
    data = bytearray(obj.data)
    for _ in range(random.randint(1, _MOST) if random.random() < 0.5 else 1):
        random.choice(_CHANGES)(random, obj, data)
    return bytes(data)


def _flip(random: Random, _obj: Object, data: bytearray) -> None:
    """Change one bit anywhere."""
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _elf_header(random: Random, obj: Object, data: bytearray) -> None:
    """Give a field of the ELF header an extreme value."""
    _number(random, obj, data, random.randrange(64), random.choice((1, 2, 4)))


def _section_header(random: Random, obj: Object, data: bytearray) -> None:
    """Give a field of one section's header an extreme value, or that of another section."""
    wide = obj.bits == 64
    (start,) = struct.unpack_from(_word(obj, wide=wide), obj.data, 40 if wide else 32)
    size = 64 if wide else 40
    width = random.choice((4, 8)) if wide else 4
    field = random.randrange(0, size, width)
    at = start + random.randrange(len(obj.sections)) * size + field
    if random.random() < 0.5:
        other = start + random.randrange(len(obj.sections)) * size + field
        data[at : at + width] = obj.data[other : other + width]
    else:
        _number(random, obj, data, at, width)


def _symbol(random: Random, obj: Object, data: bytearray) -> None:
    """Give a field of a symbol an extreme value."""
    _inside(random, obj, data, lambda section: section.type == SHT_SYMTAB)


def _relocation(random: Random, obj: Object, data: bytearray) -> None:
    """Give a field of a relocation an extreme value."""
    _inside(random, obj, data, lambda section: section.type in (SHT_REL, SHT_RELA))


def _debug(random: Random, obj: Object, data: bytearray) -> None:
    """Give a place in the debug information an extreme value."""
    _inside(random, obj, data, lambda section: section.name.startswith(".debug"))


def _loaded(random: Random, obj: Object, data: bytearray) -> None:
    """Give a place in what the kernel loads an extreme value: code, data, ``.modinfo``."""
    _inside(random, obj, data, lambda section: bool(section.flags & 2))


def _compressed(random: Random, obj: Object, data: bytearray) -> None:
    """Say of a section that it is compressed."""
    wide = obj.bits == 64
    (start,) = struct.unpack_from(_word(obj, wide=wide), obj.data, 40 if wide else 32)
    at = start + random.randrange(len(obj.sections)) * (64 if wide else 40) + 8
    width = 8 if wide else 4
    order = _order(obj)
    flags = int.from_bytes(data[at : at + width], order) | SHF_COMPRESSED
    data[at : at + width] = flags.to_bytes(width, order)


def _name(random: Random, obj: Object, data: bytearray) -> None:
    """Write what a terminal would obey into a table of strings."""
    named = [section for section in obj.sections if section.name in _STRINGS and section.size > 8]
    if named:
        section = random.choice(named)
        text = random.choice(_NASTY)
        at = section.offset + random.randrange(section.size)
        data[at : at + len(text)] = text


_STRINGS = (".strtab", ".shstrtab", ".modinfo", ".comment", ".debug_str", ".GCC.command.line")


def _truncate(random: Random, _obj: Object, data: bytearray) -> None:
    """Cut the end off."""
    del data[random.randrange(len(data) + 1) :]


def _swap(random: Random, _obj: Object, data: bytearray) -> None:
    """Write one stretch of the file over another."""
    if len(data) > 8:
        length = random.randrange(1, min(len(data) // 2, 4096))
        source, target = (random.randrange(len(data) - length) for _ in range(2))
        data[target : target + length] = data[source : source + length]


def _fill(random: Random, _obj: Object, data: bytearray) -> None:
    """Write zeroes, ones or noise over a stretch of the file."""
    if len(data) > 8:
        length = random.randrange(1, min(len(data) // 2, 1024))
        at = random.randrange(len(data) - length)
        noise = random.randbytes(length)
        data[at : at + length] = random.choice((bytes(length), b"\xff" * length, noise))


def _inside(random: Random, obj: Object, data: bytearray, wanted: Callable[..., bool]) -> None:
    """Give an aligned place in one of the wanted sections an extreme value."""
    found = [
        section
        for section in obj.sections
        if wanted(section) and section.size >= 8 and section.type != SHT_NOBITS
    ]
    if found:
        section = random.choice(found)
        width = random.choice((1, 2, 4, 8))
        at = section.offset + random.randrange(0, section.size - width + 1)
        _number(random, obj, data, at - at % width, width)


def _number(random: Random, obj: Object, data: bytearray, at: int, width: int) -> None:
    """Write an extreme number, or one near what is there, in the file's byte order."""
    if at + width > len(data):
        return
    order = _order(obj)
    if random.random() < 0.5:
        value = random.choice(_EXTREME)
    else:
        value = int.from_bytes(data[at : at + width], order) + random.choice((-4, -1, 1, 4))
    data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, order)


def _order(obj: Object) -> Literal["big", "little"]:
    return "big" if obj.byte_order == "big" else "little"


def _word(obj: Object, *, wide: bool) -> str:
    return (">" if obj.byte_order == "big" else "<") + ("Q" if wide else "I")


_CHANGES: Sequence[Callable[[Random, Object, bytearray], None]] = (
    _flip,
    _elf_header,
    _section_header,
    _section_header,
    _symbol,
    _relocation,
    _debug,
    _loaded,
    _compressed,
    _name,
    _truncate,
    _swap,
    _fill,
)
