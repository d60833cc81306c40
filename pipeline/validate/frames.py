# SPDX-License-Identifier: GPL-2.0-only
"""How many bytes of stack each function takes, read from its instructions.

Every way through a function is followed once, and the stack pointer with it; other registers are
followed as far as it is computed from them.  A frame is counted as GCC does for ``-fstack-usage``
(GCC manual, "Developer Options"): what the function moves the stack pointer by, the arguments that
it pushes included; on x86 the return address counts, on m68k, where the call pushes one too, not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from pipeline.validate.calls import branch_target
from pipeline.validate.code_flow import FLOWS, Flow, Kind
from pipeline.validate.listing import listing
from pipeline.validate.pools import data_ranges
from pipeline.validate.stack_machine import Effect, Machine, Registers, Value
from pipeline.validate.stack_rules import STACKS, Stack
from pipeline.validate.stack_usage import Usage, beside, read, usages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function, Listing
    from pipeline.validate.reference import Reference

# Of a loop that touches each page of a large frame (GCC, alpha_expand_prologue).
_MAX_REPEATS, _MAX_LOOP = 1024, 8


@dataclass(frozen=True)
class Frame:
    """A function's frame: ``size`` bytes, None where they are not known, with the ``reason``.

    ``dynamic`` says that the function takes an amount that only the run decides (alloca); ``size``
    is what it takes beside.  ``leaves`` has the bytes taken at each call (``calls`` are those) and
    each jump for good, by its address.
    """

    size: int | None
    reason: str = ""
    dynamic: bool = False
    leaves: Mapping[int, int] = field(default_factory=dict)
    calls: tuple[int, ...] = ()


# Enough to follow a frame, not to know what is called.
_MORE_FLOWS = {
    "csky": Flow(
        "C-SKY V2 CPU instruction set manual",
        call=re.compile("bsr|bsr16|bsr32|jsr|jsri|jsr16|jsr32"),
        leave=re.compile("rts|rts16|rts32|pop|pop16|pop32|jmp.*|jmpi|br|br16|br32|rte"),
        stop=re.compile("bkpt"),
        pad=re.compile("nop"),
    ),
    "xtensa": Flow(
        "Xtensa Instruction Set Architecture Reference Manual",
        call=re.compile("call(?:x)?(?:0|4|8|12)"),
        leave=re.compile(r"retw?(?:\.n)?|jx?|rfe|rfi|rfw[ou]"),
        stop=re.compile("ill.*|break.*"),
        pad=re.compile("nop.*"),
    ),
}


class _Plain(Enum):
    """Whether an instruction is no jump and no form of the stack's, and if it writes a register."""

    NO = 0
    READS = 1
    WRITES = 2


@dataclass(frozen=True)
class _Step:
    """What there is to know of one text of an instruction."""

    effect: Effect | None
    writes: str
    kind: Kind
    goal: int | None
    delays: bool


def measured(obj: Object, reference: Reference) -> Mapping[Function, Frame]:
    """Return the frame of every function; empty where there is no listing or no table."""
    return obj.once("frames", lambda: _measured(obj, reference))


def frames(obj: Object, reference: Reference) -> Mapping[str, int | None]:
    """Return the bytes of stack of each function by its symbol, None where they are not known.

    Of several functions with one name the largest frame counts.
    """
    found: dict[str, int | None] = {}
    for function, frame in measured(obj, reference).items():
        if function.name not in found:
            found[function.name] = frame.size
        else:
            before = found[function.name]
            known = before is not None and frame.size is not None
            found[function.name] = max(before or 0, frame.size or 0) if known else None
    return found


def unmeasured(obj: Object, reference: Reference) -> str:
    """Return why no frame is measured, or nothing."""
    code = listing(obj, reference)
    if code.reason:
        return code.reason
    name = reference.arch.name
    if name not in STACKS or name not in _flows():
        return f"how instructions of {name} move the stack pointer is not known here"
    return ""


def _flows() -> Mapping[str, Flow]:
    """Return how control flows, by architecture: PA-RISC's two have the same instructions."""
    return {**_MORE_FLOWS, "parisc64": FLOWS["parisc"], **FLOWS}


def _measured(obj: Object, reference: Reference) -> dict[Function, Frame]:
    if unmeasured(obj, reference):
        return {}
    name = reference.arch.name
    code = listing(obj, reference)
    reader = _Reader(obj, code, STACKS[name], _flows()[name])
    said = read([*reference.stack_usage, *beside(obj.path)])
    return {
        function: _larger(reader.frame(function), usages(said, function.name))
        for function in code.functions
    }


def _larger(frame: Frame, said: Sequence[Usage]) -> Frame:
    """Return the frame with what GCC said: of several functions of one name, the one that fits.

    The instructions show more than GCC counts where arguments of a call stay pushed until a later
    one, and less where it counts an area that a function without calls does not take.
    """
    if not said:
        return frame
    dynamic = frame.dynamic or all(one.unbounded for one in said)
    if frame.size is None:
        return replace(frame, size=max(one.size for one in said), reason="", dynamic=dynamic)
    return replace(frame, size=max(frame.size, min(one.size for one in said)), dynamic=dynamic)


class _Reader:
    """Reads the functions of one object; texts that come again are parsed once."""

    def __init__(self, obj: Object, code: Listing, stack: Stack, flow: Flow) -> None:
        self.obj = obj
        self.code = code
        self.stack = stack
        self.flow = flow
        self.machine = Machine(obj, code, stack)
        self.data = {
            section: frozenset(at for start, end in ranges for at in range(start, end))
            for section, ranges in data_ranges(obj, code).items()
        }
        self.steps: dict[tuple[str, tuple[str, ...]], _Step] = {}
        self.plain: dict[str, _Plain] = {}
        # Operands that move the stack pointer beside what the instruction does.
        self.moving = frozenset(
            form.format(name) for name in stack.names for form in ("{}@-", "{}@+", "@-{}", "@{}+")
        )

    def frame(self, function: Function) -> Frame:
        """Return the frame of one function."""
        body = self.code.within(function)
        data = self.data.get(function.section)
        if data:
            body = [one for one in body if one.address not in data]
        return _Walk(self, body).frame() if body else Frame(None, "it has no instructions")

    def plainness(self, instruction: Instruction) -> _Plain:
        """Return what the mnemonic alone tells; most instructions are done with that."""
        mnemonic = instruction.mnemonic
        if (
            mnemonic in self.stack.rules
            or self.stack.branch.fullmatch(mnemonic)
            or self.flow.kind(instruction) not in {Kind.OTHER, Kind.PAD}
            or mnemonic in self.flow.stop.pattern
        ):
            found = _Plain.NO
        else:
            silent = self.stack.writes_none.fullmatch(mnemonic)
            found = _Plain.READS if silent else _Plain.WRITES
        self.plain[mnemonic] = found
        return found

    def step(self, instruction: Instruction) -> _Step:
        """Return what an instruction does."""
        key = instruction[2:]
        found = self.steps.get(key)
        if found is None:
            found = self.steps[key] = self._parse(instruction)
        return found

    def _parse(self, instruction: Instruction) -> _Step:
        stack, operands = self.stack, instruction.operands
        kind = self.flow.kind(instruction)
        goal = None
        if kind is not Kind.CALL and stack.branch.fullmatch(instruction.mnemonic):
            goal = branch_target(instruction)
        delays = (kind is not Kind.OTHER or goal is not None) and self.flow.delays(instruction)
        rules = stack.rules.get(instruction.mnemonic)
        if rules:
            text = ",".join(operands)
            for rule in rules:
                match = rule.operands.fullmatch(text)
                if match:
                    groups = match.groupdict()
                    return _Step(Effect(rule, groups), "", kind, goal, delays)
        writes = ""
        if operands and not stack.writes_none.fullmatch(instruction.mnemonic):
            writes = operands[stack.target]
        if not self.moving.isdisjoint(operands):
            writes = self.machine.sp
        return _Step(None, writes, kind, goal, delays)


class _Walk:
    """One function, followed along every way through it, each instruction once."""

    def __init__(self, reader: _Reader, body: Sequence[Instruction]) -> None:
        self.reader = reader
        self.body = body
        self.stack = reader.stack
        self.sp = next(iter(reader.stack.names))
        self.at = {one.address: number for number, one in enumerate(body)}
        self.seen = bytearray(len(body))
        self.deepest = 0
        self.reason = ""
        self.dynamic = False
        self.repeats = 0
        self.leaves: dict[int, int] = {}
        self.calls: list[int] = []

    def frame(self) -> Frame:
        """Return the function's frame."""
        start = dict.fromkeys(self.stack.names, Value(moved=True, number=0))
        waiting: list[tuple[int, Registers]] = [(0, start)]
        deepest, rest = start, 0
        while rest >= 0:
            while waiting:
                end = self.follow(*waiting.pop(), waiting)
                if self.stack.up * (end[self.sp].number - deepest[self.sp].number) > 0:
                    deepest = end
            # The rest is reached through a table, by a jump from deep inside.
            rest = self.seen.find(0, rest)
            waiting.append((rest, dict(deepest)))
        size = self.deepest + self.stack.entry
        if self.reason:
            return Frame(None, self.reason, self.dynamic, self.leaves, tuple(self.calls))
        return Frame(size, "", self.dynamic, self.leaves, tuple(self.calls))

    def follow(
        self, number: int, registers: Registers, waiting: list[tuple[int, Registers]]
    ) -> Registers:
        """Follow one way to its end; return the registers where it ends in an unknown jump."""
        body, seen, plain = self.body, self.seen, self.reader.plain
        no, reads = _Plain.NO, _Plain.READS
        written, moving = self.stack.target, self.reader.moving
        while number < len(body) and not seen[number]:
            seen[number] = 1
            instruction = body[number]
            kind = plain.get(instruction.mnemonic) or self.reader.plainness(instruction)
            operands = instruction.operands
            if (
                kind is not no
                and (kind is reads or not operands or operands[written] not in registers)
                and moving.isdisjoint(operands)
            ):
                number += 1
                continue
            step = self.reader.step(instruction)
            self.apply(instruction, step, registers)
            number += 1
            goal = self.at.get(step.goal) if step.goal is not None else None
            if step.delays and number < len(body):
                if goal != number:
                    seen[number] = 1
                inside = body[number]
                self.apply(inside, self.reader.step(inside), registers)
                number += 1
            self.note(instruction, step.kind, registers)
            if goal is not None:
                if self.loops(instruction, registers, goal, number):
                    seen[goal:number] = bytes(number - goal)
                    number = goal
                    continue
                if not seen[goal]:
                    waiting.append((goal, dict(registers)))
            if step.kind is Kind.LEAVE or step.kind is Kind.STOP:
                break
        return registers

    def note(self, instruction: Instruction, kind: Kind, registers: Registers) -> None:
        """Note a call or a jump for good, with the stack that is taken there."""
        if kind is Kind.CALL:
            self.calls.append(instruction.address)
        if kind is Kind.CALL or kind is Kind.LEAVE:
            taken = self.stack.up * registers[self.sp].number + self.stack.entry
            self.leaves[instruction.address] = taken

    def loops(self, instruction: Instruction, registers: Registers, goal: int, number: int) -> bool:
        """Say whether a branch back is taken by a count that is known: alpha touches each page."""
        if len(instruction.operands) != 2 or not 0 < number - goal <= _MAX_LOOP:
            return False
        counter = registers.get(instruction.operands[0])
        if instruction.mnemonic != "bne" or counter is None or counter.moved:
            return False
        self.repeats += 1
        return counter.number > 0 and self.repeats < _MAX_REPEATS

    def apply(self, instruction: Instruction, step: _Step, registers: Registers) -> None:
        """Do to ``registers`` what an instruction does."""
        if step.effect is None:
            if step.writes not in registers:
                return
            if step.writes in self.stack.names:
                self.unknown(instruction, f"{instruction} moves the stack pointer")
            else:
                registers.pop(step.writes, None)
            return
        before = registers[self.sp]
        target, value = self.reader.machine.evaluate(instruction, step.effect, registers)
        if target in self.stack.names:
            if value is None or not value.moved:
                self.unknown(instruction, f"{instruction} sets the stack pointer")
                return
            if value.free:
                self.dynamic = True
                return
            if value != before:
                for name in self.stack.names:
                    registers[name] = value
                self.deepest = max(self.deepest, self.stack.up * value.number)
        elif value is None:
            registers.pop(target, None)
        else:
            registers[target] = value

    def unknown(self, instruction: Instruction, reason: str) -> None:
        """Note an instruction after which the stack pointer is not known."""
        self.reason = self.reason or f"{reason} at {instruction.address:#x}"
