# SPDX-License-Identifier: GPL-2.0-only
"""The instructions of an object, as the architecture's own objdump prints them.

On m68k GCC puts the tables of ``switch`` between the instructions, and objdump takes them for
code.  They are found by the jump that uses them and replaced in a copy, so that what is left is
code alone.
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.run import check
from pipeline.validate.elfdata import (
    SHF_EXECINSTR,
    SHT_NOBITS,
    SHT_REL,
    SHT_RELA,
    SHT_SYMTAB,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Section

MAX_CODE = 16 << 20  # bytes: objdump prints some twenty for each
_SECONDS = 120.0
_ROUNDS = 4  # the kernel's vmlinux.o and the library core need two and one
_EM_68K = 4
_M68K_NOP = b"\x4e\x71"
_SECTION = re.compile(r"^Disassembly of section (.*):$")
_LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S+)(?:\s+(.*))?$")
_COMMENT = re.compile(r"\s*<[^>]*>|\s+[#!;].*$")
_OPERAND = re.compile(r"(?:[^,({\[]|[({\[][^)}\]]*[)}\]])+")
_JUMP_TABLE = re.compile(r"%pc@\((?:0x)?([0-9a-f]+),%d\d:([wl])\)")
_TARGET = re.compile(r"(?:0x)?[0-9a-f]+")


class Instruction(NamedTuple):
    """One instruction: the number of its section, its byte offset there, its text in parts."""

    section: int
    address: int
    mnemonic: str
    operands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.mnemonic} {','.join(self.operands)}".strip()


def code_size(obj: Object) -> int:
    """Return the bytes of code in the object."""
    return sum(section.size for section in _code(obj))


def disassemble(obj: Object, objdump: Path) -> list[Instruction]:
    """Return all instructions; raise :class:`ToolError` where objdump cannot read the object."""
    if obj.machine != _EM_68K:
        return _objdump(obj, objdump, obj.data)
    patched = bytearray(obj.data)
    found: list[Instruction] = []
    for _ in range(_ROUNDS):
        found = _objdump(obj, objdump, patched)
        if not _blank_tables(obj, found, patched):
            break
    return found


def _code(obj: Object) -> list[Section]:
    """Return the sections that hold instructions."""
    return [
        section
        for section in obj.sections
        if section.flags & SHF_EXECINSTR and section.type != SHT_NOBITS and section.size
    ]


def _objdump(obj: Object, objdump: Path, data: bytes | bytearray) -> list[Instruction]:
    """Run objdump over ``data`` and read what it prints.

    It gets a copy without symbols and relocations.  With them it took over two minutes for 5 MB of
    8,000 sections, and it would print names that a hostile file chose.
    """
    with tempfile.TemporaryDirectory(prefix="ferric-") as folder:
        copy = Path(folder) / "object.o"
        copy.write_bytes(_without_tables(obj, data))
        argv = [str(objdump), "-d", "-w", "-z", "--no-show-raw-insn", str(copy)]
        output = check(argv, f"objdump cannot read {obj.path.name}", timeout=_SECONDS)
    by_name: dict[str, list[int]] = defaultdict(list)
    for section in reversed(_code(obj)):
        by_name[section.name].append(section.number)
    number = 0
    found = []
    for line in output.splitlines():
        match = _LINE.match(line)
        if match:
            operands = _COMMENT.sub("", match[3] or "")
            words = tuple(word.strip() for word in _OPERAND.findall(operands))
            found.append(Instruction(number, int(match[1], 16), match[2], words))
        elif header := _SECTION.match(line):
            waiting = by_name[header[1]]
            number = waiting.pop() if waiting else 0
    return found


def _without_tables(obj: Object, data: bytes | bytearray) -> bytes:
    """Return ``data`` with the headers of symbol and relocation tables marked as unused."""
    wide = obj.bits == 64
    prefix = ">" if obj.byte_order == "big" else "<"
    (start,) = struct.unpack_from(prefix + ("Q" if wide else "I"), data, 40 if wide else 32)
    copy = bytearray(data)
    for section in obj.sections:
        if section.type in (SHT_SYMTAB, SHT_REL, SHT_RELA):
            # sh_type is the second word of a header of 64 or 40 bytes.
            struct.pack_into(
                f"{prefix}I", copy, start + section.number * (64 if wide else 40) + 4, 0
            )
    return bytes(copy)


def _blank_tables(obj: Object, found: Iterable[Instruction], patched: bytearray) -> bool:
    """Overwrite m68k's jump tables by instructions that do nothing; say whether any was new.

    After a table objdump may be out of step: nothing is believed until an address that a jump or
    a symbol names.  One already overwritten is stepped over again, and changes nothing.
    """
    by_section: dict[int, list[Instruction]] = defaultdict(list)
    for instruction in found:
        by_section[instruction.section].append(instruction)
    named: dict[int, set[int]] = defaultdict(set)
    for symbol in obj.symbols:
        named[symbol.section].add(symbol.value)
    changed = False
    for section in _code(obj):
        leaders, data = named[section.number], obj.content(section)
        in_step, end = True, 0
        for instruction in by_section[section.number]:
            at = instruction.address
            if at < end:
                continue
            in_step = in_step or at == end or at in leaders
            if not in_step:
                continue
            leaders.update(_targets(instruction))
            table = _table(instruction)
            if table:
                start = table[0]
                end = _table_end(data, table, leaders)
                place = slice(section.offset + start, section.offset + end)
                blank = _M68K_NOP * ((end - start) // 2)
                changed = changed or patched[place] != blank
                patched[place] = blank
                in_step = False
    return changed


def _targets(instruction: Instruction) -> set[int]:
    """Return where a branch goes to; its last operand is a plain hexadecimal address."""
    operand = instruction.operands[-1] if instruction.operands else ""
    is_branch = instruction.mnemonic.startswith(("b", "db", "j", "fb"))
    return {int(operand, 16)} if is_branch and _TARGET.fullmatch(operand) else set()


def _table(instruction: Instruction) -> tuple[int, int] | None:
    """Return the start of the table that this jump uses and the bytes of an entry."""
    match = _JUMP_TABLE.fullmatch(instruction.operands[0]) if instruction.operands else None
    if instruction.mnemonic != "jmp" or match is None:
        return None
    start = int(match[1], 16)
    # GCC has the table right behind the four bytes of the jump (m68k.md, *tablejump).
    return (start, 2 if match[2] == "w" else 4) if start == instruction.address + 4 else None


def _table_end(data: bytes, table: tuple[int, int], leaders: set[int]) -> int:
    """Return where a table ends: before the first place behind it that something jumps to."""
    start, width = table
    position = start
    while position + width <= len(data) and (position == start or position not in leaders):
        (offset,) = struct.unpack_from(">h" if width == 2 else ">i", data, position)
        target = start + offset
        if target % 2 or not 0 <= target < len(data):
            break
        leaders.add(target)
        position += width
    return position
