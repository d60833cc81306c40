# SPDX-License-Identifier: GPL-2.0-only
"""Tables of ``switch`` that GCC puts between the instructions, for a disassembler to leave out.

On m68k the jump itself names its table, which lies right behind it.  On arc the table's address is
a constant that a relocation fills in twice: in the load of an entry and in the addition of what was
loaded; the table lies behind the jump to that sum.  Entries count from the table's start.

Sources: GCC 12, gcc/config/m68k/m68k.md, ``*tablejump``; gcc/config/arc/arc.md, ``casesi``,
``casesi_load`` and ``casesi_jump``, and arc.h, CASE_VECTOR_SHORTEN_MODE; ARC Processor Supplement,
R_ARC_32_ME.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.validate.elfdata import EM_68K

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object

_EM_ARC = 195  # ARCv2; its predecessor is 93
_R_ARC_32_ME = 27
NOPS = {EM_68K: b"\x4e\x71", _EM_ARC: b"\xe0\x78"}  # two bytes each, as they stand in the section

_JUMP_TABLE = re.compile(r"%pc@\((?:0x)?([0-9a-f]+),%[ad]\d:([wl])\)")
_REGISTER = re.compile(r"\[r\d+\]")
_TARGET = re.compile(r"(?:0x)?[0-9a-f]+")
_BRANCHES = ("b", "db", "j", "fb")
_LOAD = re.compile(r"ld([bhw]?)(?:_s)?((?:\.\w+)*)")
_WIDTHS = {"b": 1, "h": 2, "w": 2, "": 4}
_BEHIND = 8  # bytes from the start of a jump: four of it, four of a delay slot or of alignment


class _Table(NamedTuple):
    """A table's first byte, the bytes of an entry, and whether entries are signed."""

    start: int
    width: int
    signed: bool


def places(obj: Object) -> Mapping[int, Mapping[int, int]]:
    """Return by section of arc's code which of its own bytes the constants in it name.

    The inner mapping is from the byte offset of a constant in the section to the offset that it
    names.  For any other machine there is none.
    """
    found: dict[int, dict[int, int]] = defaultdict(dict)
    if obj.machine == _EM_ARC:
        for one in obj.relocations:
            if one.type == _R_ARC_32_ME and one.symbol.section == one.section:
                found[one.section][one.offset] = one.symbol.value + (one.addend or 0)
    return found


def tables(
    data: bytes,
    instructions: Sequence[Instruction],
    machine: int,
    constants: Mapping[int, int],
    named: set[int],
) -> list[tuple[int, int]]:
    """Return the start and the end of each jump table in a section's ``data``, in order.

    ``constants`` are those of :func:`places`, ``named`` the offsets that symbols name.  After a
    table objdump may be out of step: nothing is believed until an address that a jump or a symbol
    names.
    """
    used = {} if machine == EM_68K else _loads(instructions, constants)
    order: Literal["big", "little"] = "big" if machine == EM_68K else "little"
    if not any(_table(one, used) for one in instructions):
        return []
    leaders = set(named)
    in_step, end, found = True, 0, []
    for instruction in instructions:
        at = instruction.address
        if at < end:
            continue
        in_step = in_step or at == end or at in leaders
        if not in_step:
            continue
        leaders.update(_targets(instruction))
        if table := _table(instruction, used):
            end = _end(data, table, leaders, order)
            found.append((table.start, end))
            in_step = False
    return found


def _loads(instructions: Sequence[Instruction], constants: Mapping[int, int]) -> dict[int, _Table]:
    """Return the places that arc's code both loads an entry from and adds, each as a table."""
    starts = [one.address for one in instructions]
    loaded, added = dict[int, _Table](), set[int]()
    for offset, place in constants.items():
        # The constant is the last four bytes of its instruction.
        at = bisect.bisect_right(starts, offset) - 1
        if at < 0:
            continue
        mnemonic = instructions[at].mnemonic
        if load := _LOAD.fullmatch(mnemonic):
            loaded[place] = _Table(place, _WIDTHS[load[1]], ".x" in load[2])
        elif mnemonic in {"add", "add_s"}:
            added.add(place)
    return {place: table for place, table in loaded.items() if place in added}


def _targets(instruction: Instruction) -> set[int]:
    """Return where a branch goes to; its last operand is a plain hexadecimal address."""
    operand = instruction.operands[-1] if instruction.operands else ""
    is_branch = instruction.mnemonic.startswith(_BRANCHES)
    return {int(operand, 16)} if is_branch and _TARGET.fullmatch(operand) else set()


def _table(instruction: Instruction, used: Mapping[int, _Table]) -> _Table | None:
    """Return the table that this jump uses: its own on m68k, one of ``used`` on arc."""
    if not instruction.mnemonic.startswith("j") or not instruction.operands:
        return None
    (operand, *_), at = instruction.operands, instruction.address
    if match := _JUMP_TABLE.fullmatch(operand) if instruction.mnemonic == "jmp" else None:
        start = int(match[1], 16)
        # GCC has the table right behind the four bytes of the jump.
        return _Table(start, 2 if match[2] == "w" else 4, signed=True) if start == at + 4 else None
    if _REGISTER.fullmatch(operand):
        behind = range(at + 2, at + _BEHIND + 1)
        return next((used[place] for place in behind if place in used), None)
    return None


def _end(data: bytes, table: _Table, leaders: set[int], order: Literal["big", "little"]) -> int:
    """Return where a table ends: before the first place behind it that something jumps to.

    That is an even place: one byte fills an odd number of them up.
    """
    start, width, signed = table
    position = start
    while position + width <= len(data) and (position == start or position not in leaders):
        target = start + int.from_bytes(data[position : position + width], order, signed=signed)
        fill = width == 1 and target == start
        if fill or target % 2 or not 0 <= target < len(data):
            break
        leaders.add(target)
        position += width
    return position + position % 2
