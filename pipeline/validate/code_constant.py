# SPDX-License-Identifier: GPL-2.0-only
"""Addresses that code builds from constants in registers and then uses.

Registers are followed in a straight line: what is known is forgotten at each place that a branch
goes to, and behind each call, so an address that is reported is the one that is used.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.validate.calls import branch_target
from pipeline.validate.code_flow import FLOWS, Kind
from pipeline.validate.pools import data_ranges, is_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function, Listing


class Used(NamedTuple):
    """An instruction that uses a constant address; ``calls`` where it goes there."""

    instruction: Instruction
    address: int
    calls: bool


@dataclass(frozen=True)
class Builds:
    """How an architecture's code makes a constant, and the addresses that belong to programs.

    ``loads`` pairs patterns of a whole instruction with the number of bits that its number
    (group ``value``) is shifted; group ``to`` is the register written, ``base`` one whose value is
    added.  ``pool`` reads the number from the address in ``at`` instead, in the bytes that follow
    from its mnemonic.  ``access`` finds a base register and an offset (in ``radix``) in an
    operand, ``none`` mnemonics whose operands only look so; ``makers`` are the mnemonics of the
    instructions in ``loads`` and ``pool``, ``zero`` a register that is always 0.
    """

    loads: tuple[tuple[re.Pattern[str], int], ...]
    access: re.Pattern[str]
    radix: int
    target: int
    user: range
    source: str
    makers: frozenset[str]
    zero: str = ""
    pool: re.Pattern[str] | None = None
    none: re.Pattern[str] = re.compile(r"(?!)")

    def starts(self, instruction: Instruction) -> bool:
        """Say whether an instruction may make a constant, or use one by the register of zero."""
        return instruction.mnemonic in self.makers or (
            bool(self.zero) and any(self.zero in operand for operand in instruction.operands)
        )


_PAGE = 0x1000  # below it GCC itself has accesses of what it knows to be a null pointer
BUILDS = {
    "alpha": Builds(
        (
            (re.compile(r"lda (?P<to>\w+),(?P<value>-?\d+)(?:\((?P<base>\w+)\))?"), 0),
            (re.compile(r"ldah (?P<to>\w+),(?P<value>-?\d+)(?:\((?P<base>\w+)\))?"), 16),
        ),
        re.compile(r"(?P<offset>-?\d+)?\((?P<base>\w+)\)"),
        10,
        0,
        range(_PAGE, 0x40000000000),
        "arch/alpha/include/asm/processor.h, TASK_SIZE",
        frozenset({"lda", "ldah"}),
        zero="zero",
        none=re.compile(r"ldah?|ret|fetch.*|ecb|wh64.*"),
    ),
    "openrisc": Builds(
        (
            (re.compile(r"l\.movhi (?P<to>r\d+),0x(?P<value>[0-9a-f]+)"), 16),
            (re.compile(r"l\.ori (?P<to>r\d+),(?P<base>r\d+),0x(?P<value>[0-9a-f]+)"), 0),
        ),
        re.compile(r"(?P<offset>-?\d+)\((?P<base>r\d+)\)"),
        10,
        0,
        range(_PAGE, 0x80000000),
        "arch/openrisc/include/asm/processor.h, TASK_SIZE",
        frozenset({"l.movhi", "l.ori"}),
        zero="r0",
    ),
    "parisc": Builds(
        (
            (re.compile(r"ldil L%(?P<value>-?[0-9a-f]+),(?P<to>\w+)"), 0),
            (re.compile(r"ldo (?P<value>-?[0-9a-f]+)\((?P<base>\w+)\),(?P<to>\w+)"), 0),
            (re.compile(r"ldi (?P<value>-?[0-9a-f]+),(?P<to>\w+)"), 0),
        ),
        re.compile(r"(?P<offset>-?[0-9a-f]+)\((?:sr\d,)?(?P<base>(?!r0)\w+)\)"),
        16,
        -1,
        range(_PAGE, 0xF0000000),
        "arch/parisc/include/asm/processor.h, DEFAULT_TASK_SIZE32 (devices begin at 0xf0000000)",
        frozenset({"ldil", "ldo", "ldi"}),
        none=re.compile(r"ldo|ldsid|probe.*|lp?a|lci|p[di]tlb.*|f[di]c.*|pdc.*"),
    ),
    "sh": Builds(
        (),
        re.compile(r"@(?:\((?P<offset>\d+),)?(?P<base>r\d+)\)?"),
        10,
        -1,
        range(_PAGE, 0x7C000000),
        "arch/sh/include/asm/processor_32.h, TASK_SIZE",
        frozenset({"mov.l", "mov.w"}),
        pool=re.compile(r"mov\.(?P<width>[wl]) (?:0x)?(?P<at>[0-9a-f]+),(?P<to>r\d+)"),
        none=re.compile(r"ocb.*|pref|movca\.l"),
    ),
}


def used(obj: Object, code: Listing, function: Function, arch: str) -> Iterator[Used]:
    """Yield the constant addresses of programs that a function loads, stores or calls at."""
    builds = BUILDS.get(arch)
    if builds is None:
        return
    ranges = data_ranges(obj, code).get(function.section, ())
    body = [one for one in code.within(function) if not is_data(ranges, one.address)]
    yield from _Line(obj, code, function, builds, arch).follow(body)


class _Line:
    """What is known of the registers while one function is read from top to bottom."""

    def __init__(
        self, obj: Object, code: Listing, function: Function, builds: Builds, arch: str
    ) -> None:
        self.obj = obj
        self.code = code
        self.section = obj.sections[function.section]
        self.builds = builds
        self.flow = FLOWS[arch]
        self.known: dict[str, int] = {}

    def follow(self, body: Sequence[Instruction]) -> Iterator[Used]:
        """Yield the uses in order."""
        leaders = {branch_target(one) for one in body if one.mnemonic[:1] in "bjdlacm"}
        forget = False  # a call is behind the last instruction, perhaps with a delay slot between
        before: Instruction | None = None
        for instruction in body:
            if self.known and instruction.address in leaders:
                self.known.clear()
            if self.known or self.builds.starts(instruction):
                kind = self.flow.kind(instruction)
                address = self.address(instruction)
                if address is not None and address in self.builds.user:
                    yield Used(instruction, address, kind in {Kind.CALL, Kind.LEAVE})
                if forget:
                    self.known.clear()
                forget = kind in {Kind.CALL, Kind.LEAVE}
                if not forget:
                    self.write(instruction, certain=before is None or not self.leaves_out(before))
            else:
                forget = self.flow.kind(instruction) in {Kind.CALL, Kind.LEAVE}
            before = instruction

    def leaves_out(self, instruction: Instruction) -> bool:
        """Say whether an instruction may leave out the next one."""
        return instruction.mnemonic.endswith(",n") or bool(
            self.flow.skips.fullmatch(str(instruction))
        )

    def address(self, instruction: Instruction) -> int | None:
        """Return the constant address that an instruction uses."""
        if self.builds.none.fullmatch(instruction.mnemonic):
            return None
        for operand in instruction.operands:
            match = self.builds.access.fullmatch(operand)
            if match:
                value = self.value(match["base"])
                if value is None or self.is_moved(instruction):
                    return None
                offset = int(match["offset"] or "0", self.builds.radix)
                return (value + offset) & self.mask
        through = self.flow.register.fullmatch(str(instruction))
        return self.value(through[1]) if through else None

    def value(self, register: str) -> int | None:
        """Return what a register is known to hold."""
        return 0 if register == self.builds.zero else self.known.get(register)

    @property
    def mask(self) -> int:
        """The bits of an address."""
        return (1 << self.obj.bits) - 1

    def is_moved(self, instruction: Instruction) -> bool:
        """Say whether a relocation changes an instruction (they all have at most 4 bytes here)."""
        start = instruction.address
        width = 2 if self.builds.pool else 4
        return bool(self.code.moved(self.section.number, start, start + width))

    def write(self, instruction: Instruction, *, certain: bool) -> None:
        """Note what an instruction puts into a register, or that it is no longer known."""
        if not instruction.operands:
            return
        makes = instruction.mnemonic in self.builds.makers and not self.is_moved(instruction)
        made = self.made(str(instruction)) if makes else None
        # What is written is the first or the last operand: forget both where it is not certain.
        for operand in (instruction.operands[0], instruction.operands[-1]):
            if made is None and not instruction.mnemonic.lstrip("l.").startswith("st"):
                self.known.pop(operand, None)
        if made is not None and certain:
            self.known[made[0]] = made[1]
        elif made is not None:
            self.known.pop(made[0], None)

    def made(self, text: str) -> tuple[str, int] | None:
        """Return the register and the number of an instruction that makes a constant."""
        for pattern, shift in self.builds.loads:
            match = pattern.fullmatch(text)
            if match:
                base = match.groupdict().get("base")
                start = self.value(base) if base else 0
                radix = 10 if pattern.pattern.startswith("lda") else 16
                number = int(match["value"], radix) << shift
                return None if start is None else (match["to"], (start + number) & self.mask)
        match = self.builds.pool.fullmatch(text) if self.builds.pool else None
        if match is None:
            return None
        place, width = int(match["at"], 16), 4 if match["width"] == "l" else 2
        if place + width > self.section.size or self.code.moved(
            self.section.number, place, place + width
        ):
            return None
        content = self.obj.data[self.section.offset + place : self.section.offset + place + width]
        order = "<" if self.obj.byte_order == "little" else ">"
        (number,) = struct.unpack(order + ("i" if width == 4 else "h"), content)
        return match["to"], number & self.mask
