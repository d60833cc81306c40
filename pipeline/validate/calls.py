# SPDX-License-Identifier: GPL-2.0-only
"""Who calls whom: every call and every jump out of a function whose goal the bytes show.

A goal is shown by a relocation of the instruction, by the address that the assembler filled in, or
by a register that was loaded with an address before.  Registers are followed from the top of a
function to its end, without its branches, so a call through one is nearly always right and not
proved; :attr:`Call.sure` says which it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.validate.code_flow import FLOWS, Flow, Kind
from pipeline.validate.elfdata import EM_SH, SHF_EXECINSTR, SHT_NOBITS, STT_FUNC, STT_SECTION
from pipeline.validate.listing import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation, Symbol
    from pipeline.validate.listing import Function, Listing
    from pipeline.validate.reference import Reference

# m68k writes a call inside a section as `jsr %pc@(0x12)`.
_HEX = re.compile(r"(?:%pc@\()?(?:0x)?([0-9a-f]+)\)?")
_BRANCH = re.compile(
    r"(?:b(?!set|clr|msk|ic|tst|xor|chg|f(?!(?:\.s)?$)|it|rk|swap)|j|call|l\.[bj]).*"
)
_BY_REGISTER = frozenset({"jr", "jalr", "c.jr", "c.jalr", "jr.hb"})
_R_SH_DIR32 = 1
_EM_ALPHA, _R_ALPHA_LITUSE, _R_ALPHA_GPDISP = 0x9026, 5, 6


class Call(NamedTuple):
    """A call (or a jump, with ``leaves``) from byte ``address`` of a function's section.

    ``name`` is the goal's symbol, or its section's name and offset; ``symbol`` None says that no
    relocation names it.  ``function`` is the goal where it is defined here.
    """

    caller: Function
    address: int
    name: str
    symbol: Symbol | None
    function: Function | None
    leaves: bool
    sure: bool


def calls(obj: Object, reference: Reference) -> tuple[Call, ...]:
    """Return the calls of all functions in order of address; none where there is no listing."""
    return obj.once("calls", lambda: tuple(_calls(obj, reference)))


def _calls(obj: Object, reference: Reference) -> Iterator[Call]:
    code, flow = listing(obj, reference), FLOWS.get(reference.arch.name)
    if code.reason or flow is None:
        return
    words = {
        section: {one.offset: one for one in code.relocations.get(section, ())}
        for section in code.instructions
    }
    for function in code.functions:
        yield from _Walk(obj, code, flow, function, words.get(function.section, {})).calls()


class _Walk:
    """One function, read from its first instruction to its last."""

    def __init__(
        self,
        obj: Object,
        code: Listing,
        flow: Flow,
        function: Function,
        words: Mapping[int, Relocation],
    ) -> None:
        self.obj = obj
        self.code = code
        self.flow = flow
        self.function = function
        self.words = words  # relocations by offset, for those of literal pools
        self.loaded: dict[str, tuple[Relocation, int]] = {}

    def calls(self) -> Iterator[Call]:
        """Yield the calls of the function."""
        instructions = self.code.within(self.function)
        moves = list(self.code.moved(*self.function[1:]))
        leaders = {
            place
            for instruction in instructions
            if branches(instruction.mnemonic)
            for place in [branch_target(instruction)]
            if place is not None
        }
        at, last_leader = 0, self.function.start
        for number, instruction in enumerate(instructions):
            if instruction.address in leaders:
                last_leader = instruction.address
            end = self.function.end
            if number + 1 < len(instructions):
                end = instructions[number + 1].address
            here = []
            while at < len(moves) and moves[at].offset < end:
                if moves[at].offset >= instruction.address:
                    here.append(moves[at])
                at += 1
            yield from self.one(instruction, [one for one in here if self.counts(one)], last_leader)

    def counts(self, move: Relocation) -> bool:
        """Say whether a relocation names something: alpha has some that only mark."""
        return not (
            self.obj.machine == _EM_ALPHA and move.type in {_R_ALPHA_LITUSE, _R_ALPHA_GPDISP}
        )

    def one(
        self, instruction: Instruction, moves: list[Relocation], last_leader: int
    ) -> Iterator[Call]:
        """Yield the call that an instruction is, and follow what it does to registers."""
        if self.obj.machine == EM_SH and moves and moves[0].type == _R_SH_DIR32:
            return  # a word of a literal pool, whatever it looks like
        kind = self.flow.kind(instruction)
        if kind not in {Kind.CALL, Kind.LEAVE} and not branches(instruction.mnemonic):
            self.follow(instruction, moves)
            return
        leaves = kind is not Kind.CALL
        if moves and kind is Kind.OTHER and not _may_be_code(self.obj, moves[0].symbol):
            return  # a constant that a conditional branch compares with
        if moves:
            through_memory = any("*" in operand for operand in instruction.operands)
            if not through_memory and not self.is_inside(moves[0]):
                yield self.moved(instruction, moves[0], leaves=leaves, sure=True)
            return
        register = self.flow.register.fullmatch(str(instruction))
        if register:
            known = self.loaded.get(register[1])
            if known:
                sure = known[1] >= last_leader
                yield self.moved(instruction, known[0], leaves=leaves, sure=sure)
            return
        place = branch_target(instruction)
        if place is None or self.function.start <= place < self.function.end:
            return
        goal = self.code.function_at(self.function.section, place)
        if goal is not None and goal.start == place:
            yield Call(self.function, instruction.address, goal.name, None, goal, leaves, sure=True)

    def is_inside(self, move: Relocation) -> bool:
        """Say whether a relocation names a place within the function, behind its start."""
        place = goal_of(self.obj, move) + self.flow.bias
        here = move.symbol.section == self.function.section
        return here and self.function.start < place < self.function.end

    def moved(
        self, instruction: Instruction, move: Relocation, *, leaves: bool, sure: bool
    ) -> Call:
        """Return the call of what a relocation names."""
        symbol = move.symbol
        offset = goal_of(self.obj, move)
        goal = self.code.function_at(symbol.section, offset + self.flow.bias)
        if goal is None or symbol.type == STT_FUNC:
            goal = self.code.function_at(symbol.section, symbol.value) or goal
        name = symbol.name
        if symbol.type == STT_SECTION or not name:
            section = (
                self.obj.sections[symbol.section].name
                if (symbol.section < len(self.obj.sections))
                else "?"
            )
            name = goal.name if goal else f"{section}+{offset:#x}"
        return Call(self.function, instruction.address, name, symbol, goal, leaves, sure)

    def follow(self, instruction: Instruction, moves: list[Relocation]) -> None:
        """Note a register that gets an address, and forget one that gets something else."""
        if not instruction.operands:
            return
        target = instruction.operands[self.flow.target]
        if self.flow.address.fullmatch(str(instruction)):
            place = _HEX.fullmatch(instruction.operands[0])
            move = moves[0] if moves else None
            if move is None and place and self.flow.target == -1:
                move = self.words.get(int(place[1], 16))
            if move is not None:
                self.loaded[target] = (move, instruction.address)
                return
        self.loaded.pop(target, None)


def goal_of(obj: Object, move: Relocation) -> int:
    """Return the place in its symbol's section that a relocation of an address means.

    sh's loader adds the word that stands there already (arch/sh/kernel/module.c, R_SH_DIR32), and
    so does every loader where relocations have no addend of their own.
    """
    goal = move.symbol.value + (move.addend or 0)
    if move.addend is None or (obj.machine == EM_SH and move.type == _R_SH_DIR32):
        section = obj.sections[move.section]
        start = section.offset + move.offset
        if section.type != SHT_NOBITS and move.offset + 4 <= section.size:
            order: Literal["little", "big"] = "little" if obj.byte_order == "little" else "big"
            word = int.from_bytes(obj.data[start : start + 4], order)
            goal = (goal + word) & 0xFFFFFFFF
    return goal


@lru_cache(maxsize=4096)
def branches(mnemonic: str) -> bool:
    """Say whether a mnemonic is a branch's, conditional or not."""
    return _BRANCH.match(mnemonic) is not None


def branch_target(instruction: Instruction) -> int | None:
    """Return the address that stands in a branch as objdump writes it, None for any other form."""
    if instruction.mnemonic in _BY_REGISTER:  # a0 is a register there, and a number elsewhere
        return None
    for operand in reversed(instruction.operands):
        match = _HEX.fullmatch(operand)
        if match:
            return int(match[1], 16)
    return None


def _may_be_code(obj: Object, symbol: Symbol) -> bool:
    """Say whether a symbol may name a function: it is defined elsewhere, or with the code."""
    if not 0 < symbol.section < len(obj.sections):
        return True
    return bool(obj.sections[symbol.section].flags & SHF_EXECINSTR)
