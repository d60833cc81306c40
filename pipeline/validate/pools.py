# SPDX-License-Identifier: GPL-2.0-only
"""Data that the compiler keeps between instructions, and that a disassembler takes for code.

On SuperH a constant of more than eight bits is loaded relative to the program counter, from a pool
behind the next jump; tables of ``switch`` lie there too.  A word of such a pool is data where an
instruction loads it and no path of the program runs into it.  Other architectures in hand have
their constants in sections of their own; the tables that m68k has in its code are taken out when
it is disassembled.

Sources: SH-4 Software Manual, MOV.L @(disp,PC), MOVA, BRAF and "Delayed Branches"; GCC 12,
gcc/config/sh/sh.md, casesi and casesi_worker.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pipeline.validate.elfdata import EM_SH, SHF_ALLOC, SHT_NOBITS, STT_FUNC, STT_SECTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation
    from pipeline.validate.listing import Listing

Range = tuple[int, int]

_ROUNDS = 4  # the first finds most branches' targets, the others those behind them
_R_SH_DIR32 = 1
_ADDRESS = re.compile(r"(?:0x)?[0-9a-f]+")
_LOADS = {"mov.l": 4, "mov.w": 2}
_TABLE_LOAD = re.compile(r"@\(r0,r\d+\)|@\(r\d+,r0\)")
_WIDTHS = {"mov.b": 1, "mov.w": 2, "mov.l": 4}
_CALLS = {"jsr", "bsr", "bsrf"}
_JUMPS = {"bra", "braf", "jmp", "rts", "rte"}  # each has one delay slot
_BRANCHES = {"bt", "bf", "bt.s", "bf.s", "bra", "bsr"}


def data_ranges(obj: Object, listing: Listing) -> Mapping[int, Sequence[Range]]:
    """Return the byte ranges (start, end) of each code section that are data, in order.

    A section without such data is not in the mapping.  Time is linear in the code.
    """
    return obj.once("data ranges", lambda: _data_ranges(obj, listing))


def is_data(ranges: Sequence[Range], address: int) -> bool:
    """Say whether the byte ``address`` is in one of a section's ranges."""
    at = bisect.bisect_right(ranges, address, key=lambda one: one[0]) - 1
    return at >= 0 and address < ranges[at][1]


def _data_ranges(obj: Object, listing: Listing) -> dict[int, list[Range]]:
    if obj.machine != EM_SH:
        return {}
    order: Literal["big", "little"] = "little" if obj.byte_order == "little" else "big"
    named = _named(obj)
    found = {}
    for section in obj.sections:
        instructions = listing.instructions.get(section.number)
        if not instructions:
            continue
        stored = {
            one.offset
            for one in listing.relocations.get(section.number, ())
            if one.type == _R_SH_DIR32
        }
        leaders = named[section.number]
        content = obj.content(section)
        for _ in range(_ROUNDS):
            known = len(leaders)
            sweep = _Sweep(content, order, leaders, stored)
            sweep.run(instructions)
            # A jump backwards may go to a place that was passed without knowing of it.
            if len(leaders) == known:
                break
        data = sweep.data
        if data:
            found[section.number] = _joined(data)
    return found


def _named(obj: Object) -> defaultdict[int, set[int]]:
    """Return by section where functions start, and what relocations point at."""
    named: defaultdict[int, set[int]] = defaultdict(set)
    for symbol in obj.symbols:
        if symbol.type == STT_FUNC:
            named[symbol.section].add(symbol.value)
    loaded = {section.number for section in obj.sections if section.flags & SHF_ALLOC}
    for one in obj.relocations:
        # Debugging information also names where code ends.
        if one.section in loaded and one.symbol.type in (STT_SECTION, STT_FUNC):
            place = one.symbol.value + (one.addend or 0)
            if one.type == _R_SH_DIR32:  # part of the addend stands in the section
                place += _word(obj, one)
            named[one.symbol.section].add(place & 0xFFFFFFFF)
    return named


def _word(obj: Object, relocation: Relocation) -> int:
    """Return the 32 bits that a relocation moves."""
    section = obj.sections[relocation.section]
    at = section.offset + relocation.offset
    inside = relocation.offset + 4 <= section.size and section.type != SHT_NOBITS
    word = obj.data[at : at + 4] if inside else b""
    return int.from_bytes(word, "little" if obj.byte_order == "little" else "big")


@dataclass
class _Sweep:
    """One pass over a section in order of address: pools lie behind the code that uses them.

    ``leaders`` are the places that something jumps to, ``stored`` those with an absolute address,
    ``waiting`` those that are loaded from, each with its bytes, ``data`` what is data.
    """

    content: bytes
    order: Literal["big", "little"]
    leaders: set[int]
    stored: set[int]
    waiting: dict[int, int] = field(default_factory=dict)
    data: dict[int, int] = field(default_factory=dict)
    pointed: int = -1  # what the last MOVA pointed r0 at
    entry: str = ""  # the instruction that loads from a table there, and how it is extended

    def run(self, instructions: Sequence[Instruction]) -> None:
        """Walk the section; what nothing reaches and nothing loads from stays code."""
        live, returned, end = True, False, 0
        before = last = ""  # the mnemonics of the two instructions in front
        for one in instructions:
            at = one.address
            if at < end:
                continue
            if before in _JUMPS:  # and its delay slot is behind us
                live = False
            stopped = before in _CALLS or last == "trapa"
            returned = live and (stopped or (returned and last == "nop"))
            live = live or at in self.leaders
            if self.is_pool(at, live=live, returned=returned):
                end = at + self.data[at]
                live, before, last = False, "", ""
                continue
            # Places that nothing is known to reach may be code all the same: what they load from
            # is noted, but where such bytes seem to jump to proves nothing.
            self.follow(one, live=live)
            before, last = last, one.mnemonic

    def is_pool(self, at: int, *, live: bool, returned: bool) -> bool:
        """Say whether the place ``at`` is data, and note it.

        A function that does not return may be followed by a pool, and so may the trap that BUG()
        is: what is behind them is code only if nothing loads from there.
        """
        if at in self.data:
            return True
        if at in self.stored:  # no instruction has an absolute address in it
            self.data[at] = 4
            return True
        if at in self.waiting and at not in self.leaders and (returned or not live):
            self.data[at] = self.waiting[at]
            return True
        return False

    def follow(self, one: Instruction, *, live: bool) -> None:
        """Note what an instruction loads from and, where it is ``live``, where it goes."""
        operands = one.operands
        target = int(operands[0], 16) if operands and _ADDRESS.fullmatch(operands[0]) else -1
        if target >= 0 and one.mnemonic == "mova":
            self.pointed, self.entry = target, ""
        elif target >= 0 and one.mnemonic in _LOADS:
            self.waiting[target] = max(_LOADS[one.mnemonic], self.waiting.get(target, 0))
        elif target >= 0 and one.mnemonic in _BRANCHES and live:
            self.leaders.add(target)
        elif one.mnemonic in _WIDTHS and operands and _TABLE_LOAD.fullmatch(operands[0]):
            self.entry = one.mnemonic
        elif one.mnemonic.startswith("extu.") and self.entry:
            self.entry = f"{self.entry} {one.mnemonic}"
        elif one.mnemonic in ("braf", "jmp") and live and self.pointed >= 0 and self.entry:
            # The distances in a table count from behind the delay slot of the BRAF that uses it;
            # where their sum with r0 is jumped to, they count from the table itself.
            self.table(one.address + 4 if one.mnemonic == "braf" else self.pointed)
            self.pointed, self.entry = -1, ""

    def table(self, base: int) -> None:
        """Take the table that ``pointed`` names, up to the first place that something jumps to."""
        load, _, extended = self.entry.partition(" ")
        width, at = _WIDTHS[load], self.pointed
        while at + width <= len(self.content) and at not in self.leaders:
            entry = self.content[at : at + width]
            if width == 1 and entry == b"\0" and at + 1 in self.leaders:
                break  # it fills an odd number of entries up
            distance = int.from_bytes(entry, self.order, signed=not extended)
            target = base + distance
            if target % 2 or not 0 <= target < len(self.content):
                break
            self.leaders.add(target)
            at += width
        if at > self.pointed:
            self.data[self.pointed] = (at - self.pointed + 1) & ~1


def _joined(data: Mapping[int, int]) -> list[Range]:
    """Return places and sizes as ranges in order, those that touch as one."""
    ranges: list[Range] = []
    for start in sorted(data):
        end = start + data[start]
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = ranges[-1][0], max(end, ranges[-1][1])
        else:
            ranges.append((start, end))
    return ranges
