# SPDX-License-Identifier: GPL-2.0-only
"""The object's code by function: disassembled once for a verdict, then shared by all checks."""

from __future__ import annotations

import bisect
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import FerricError
from pipeline.validate.disassembly import MAX_CODE, code_size, disassemble
from pipeline.validate.elfdata import (
    SHF_EXECINSTR,
    SHT_NOBITS,
    STB_LOCAL,
    STT_FUNC,
    STT_PARISC_MILLI,
)
from pipeline.validate.identity import matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation
    from pipeline.validate.reference import Reference


class Function(NamedTuple):
    """A function: its symbol's name, its section's number, its bytes from ``start`` to ``end``."""

    name: str
    section: int
    start: int
    end: int


@dataclass(frozen=True)
class Listing:
    """The instructions by section in order of address, the functions, and the relocations.

    ``reason`` says why there is no listing, and is empty where there is one; the other members
    are empty then.  ``unreadable`` says that the bytes are the reason: objdump gave up on them.
    """

    reason: str
    instructions: Mapping[int, Sequence[Instruction]]
    functions: Sequence[Function]
    relocations: Mapping[int, Sequence[Relocation]]
    unreadable: bool = False

    def within(self, function: Function) -> Sequence[Instruction]:
        """Return the instructions of one function."""
        found = self.instructions.get(function.section, ())
        first = bisect.bisect_left(found, function.start, key=_address)
        return found[first : bisect.bisect_left(found, function.end, first, key=_address)]

    def moved(self, section: int, start: int, end: int) -> Sequence[Relocation]:
        """Return the relocations of the bytes from ``start`` to ``end`` of a section."""
        found = self.relocations.get(section, ())
        first = bisect.bisect_left(found, start, key=_offset)
        return found[first : bisect.bisect_left(found, end, first, key=_offset)]

    def function_at(self, section: int, address: int) -> Function | None:
        """Return the function that has the byte ``address`` of a section."""
        at = bisect.bisect_right(self.functions, (section, address), key=_place) - 1
        if at < 0:
            return None
        found = self.functions[at]
        return found if found.section == section and address < found.end else None


def listing(obj: Object, reference: Reference) -> Listing:
    """Return the listing of ``obj`` by the architecture's objdump, or the reason for none."""
    return obj.once("listing", lambda: _listing(obj, reference))


def _listing(obj: Object, reference: Reference) -> Listing:
    reason = _why_not(obj, reference)
    if reason or reference.toolchain is None:
        return Listing(reason, {}, (), {})
    try:
        found = disassemble(obj, reference.toolchain.tool("objdump"))
    except FerricError as error:
        return Listing(f"the code cannot be disassembled: {error}", {}, (), {}, unreadable=True)
    moves: dict[int, list[Relocation]] = defaultdict(list)
    for relocation in sorted(obj.relocations, key=_offset):
        moves[relocation.section].append(relocation)
    return Listing("", found, functions(obj), moves)


def functions(obj: Object) -> tuple[Function, ...]:
    """Return the functions by section and address; one without a size ends where the next begins.

    Of several names of the same place the first global one in the symbol table is taken, or the
    first: GCC adds local ones (``.localalias``) to those that the source has.
    """
    code = {
        section.number: section
        for section in obj.sections
        if section.flags & SHF_EXECINSTR and section.type != SHT_NOBITS
    }
    named: dict[tuple[int, int], tuple[str, int]] = {}
    for symbol in sorted(obj.symbols, key=lambda one: one.bind == STB_LOCAL):
        if symbol.section in code and symbol.type in (STT_FUNC, STT_PARISC_MILLI):
            named.setdefault((symbol.section, symbol.value), (symbol.name, symbol.size))
    starts = sorted(named)
    found = []
    for at, (section, start) in enumerate(starts):
        name, size = named[section, start]
        limit = code[section].size
        if at + 1 < len(starts) and starts[at + 1][0] == section:
            limit = starts[at + 1][1]
        end = min(start + size, limit) if size else limit
        if start < end:
            found.append(Function(name, section, start, end))
    return tuple(found)


def _why_not(obj: Object, reference: Reference) -> str:
    """Return why the code cannot be disassembled, or nothing."""
    if reference.toolchain is None:
        return "the architecture's objdump is not installed"
    if not matches(obj, reference):
        return "the object is for another machine: its instructions cannot be read"
    if code_size(obj) > MAX_CODE:
        return f"{code_size(obj)} bytes of code are more than {MAX_CODE}"
    return ""


def _address(instruction: Instruction) -> int:
    return instruction.address


def _offset(relocation: Relocation) -> int:
    return relocation.offset


def _place(function: Function) -> tuple[int, int]:
    return function.section, function.start
