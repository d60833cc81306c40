# SPDX-License-Identifier: GPL-2.0-only
"""What an instruction does to registers, by the forms of :mod:`pipeline.validate.stack_rules`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline.validate.stack_rules import Op, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Listing
    from pipeline.validate.stack_rules import Stack

_SIGN = 1 << 63
# Registers at the end of a range whose names have no number, by their place.
_PLACES = {"%fp": 6, "%sp": 7}
_BY_ITSELF = (Op.PUSH, Op.POP, Op.LINK, Op.UNLINK, Op.ALIGN)
# Registers that always hold nought, by their names in the listings.
_ZEROS = frozenset({"zero", "%g0"})


class Value(NamedTuple):
    """What a register holds: a constant, or (``moved``) a distance from sp at entry, in bytes.

    ``free``: and an amount beside that only the run decides.
    """

    moved: bool
    number: int
    free: bool = False


class Effect(NamedTuple):
    """One instruction's effect on registers: a rule with the texts of its groups."""

    rule: Rule
    groups: Mapping[str, str | None]


Registers = dict[str, Value]
Written = tuple[str, Value | None]


class Machine:
    """Computes the registers of one object's code."""

    def __init__(self, obj: Object, code: Listing, stack: Stack) -> None:
        self.obj = obj
        self.code = code
        self.stack = stack
        self.sp = min(stack.names)

    def evaluate(self, instruction: Instruction, effect: Effect, registers: Registers) -> Written:
        """Return the register that an instruction writes, and its value where it is known.

        LINK and UNLINK write the frame pointer too.
        """
        rule, groups = effect
        target = groups.get("d") or groups.get("s") or ""
        if rule.op in _BY_ITSELF:
            return self.sp, self._moved(effect, registers)
        if rule.op is Op.KEEP:
            return self.sp, registers[self.sp]
        if rule.op is Op.ENTRY:
            return target, Value(moved=True, number=0)
        if rule.op is Op.LOAD:
            return target, self._constant(instruction.section, _number(groups), rule.scale)
        return target, self._computed(instruction, effect, registers)

    def _moved(self, effect: Effect, registers: Registers) -> Value | None:
        """Return the stack pointer after an instruction that moves it by itself."""
        (op, scale), groups = (effect.rule.op, effect.rule.scale), effect.groups
        before = registers[self.sp].number
        if op is Op.LINK:
            registers[groups["s"] or ""] = Value(moved=True, number=before - scale)
            return Value(moved=True, number=before - scale + _number(groups))
        if op is Op.UNLINK:
            frame_pointer = registers.pop(groups.get("s") or "%rbp", None)
            if frame_pointer is None:
                return None
            return frame_pointer._replace(number=frame_pointer.number + scale)
        if op is Op.ALIGN:
            return Value(moved=True, number=before + _number(groups) + 1)
        sign = self.stack.up if op is Op.PUSH else -self.stack.up
        return Value(moved=True, number=before + sign * scale * _count(groups.get("l")))

    def _computed(
        self, instruction: Instruction, effect: Effect, registers: Registers
    ) -> Value | None:
        """Return the result of a sum or of an operation on bits."""
        rule, groups = effect
        name = groups.get("s") or (groups.get("d") if rule.op is not Op.SET else None)
        known = name is not None and name not in _ZEROS
        left = registers.get(name or "") if known else Value(moved=False, number=0)
        if left is None:
            return None
        if rule.op is Op.ADD or rule.op is Op.SUBTRACT:
            right = registers.get(groups["r"] or "")
            return _sum(left, right, negative=rule.op is Op.SUBTRACT)
        displacement = groups.get("m")
        number = self._displacement(instruction, displacement) if displacement else _number(groups)
        if rule.op is Op.OR or rule.op is Op.XOR:
            result = left.number | number if rule.op is Op.OR else left.number ^ number
            return None if left.moved else Value(moved=False, number=_signed(result))
        result = left.number + number * rule.scale
        # A constant that is made in halves is one of 32 bits, with its sign.
        return left._replace(number=result if left.moved else _signed(result))

    def _constant(self, section: int, place: int, width: int) -> Value | None:
        """Return the signed constant in the code at ``place``; None for one that is relocated."""
        if self.code.moved(section, place, place + width):
            return None
        within = self.obj.sections[section]
        start = within.offset + min(place, within.size)
        content = self.obj.data[start : min(start + width, within.offset + within.size)]
        big = self.obj.byte_order == "big"
        number = int.from_bytes(content, "big" if big else "little", signed=True)
        return Value(moved=False, number=number) if len(content) == width else None

    def _displacement(self, instruction: Instruction, text: str) -> int:
        """Return m68k's displacement: decimal in the form of a word, else hexadecimal."""
        opcode = self._constant(instruction.section, instruction.address, 2)
        with_index = opcode is not None and opcode.number & 0x38 == 0x30
        number = int(text, 16 if with_index or not text.lstrip("-").isdecimal() else 10)
        return number - 2 * _SIGN if number >= _SIGN else number


def _sum(left: Value, right: Value | None, *, negative: bool) -> Value | None:
    """Return the sum or the difference of two values, None where that is neither kind."""
    if right is None:
        return left._replace(free=True) if left.moved else None
    if right.moved and (left.moved or negative):
        return None
    number = left.number - right.number if negative else left.number + right.number
    return Value(left.moved or right.moved, number, left.free or right.free)


def _number(groups: Mapping[str, str | None]) -> int:
    """Return the number of an operand, with its sign, 0 where there is none."""
    text = groups.get("n")
    if text is not None:
        number = int(text, 16 if "0x" in text else 10) if _is_number(text) else 0
    else:
        number = int(groups.get("h") or "0", 16)
    return number - 2 * _SIGN if number >= _SIGN else number


def _is_number(text: str) -> bool:
    return "0x" in text or text.lstrip("-").isdecimal()


def _signed(number: int) -> int:
    """Return ``number`` as a signed one of 32 bits."""
    half = 1 << 31
    return (number + half) % (2 * half) - half


def _count(text: str | None) -> int:
    """Return the number of registers in a list: ``%d2-%d4/%a2``, ``[r13-r15,fp,blink]``."""
    return sum(1 for _ in _registers(text)) if text else 1


def _registers(text: str) -> Iterator[str]:
    for part in re.split(r"[/,]\s*", text.strip("[]{}")):
        first, dash, last = part.strip().partition("-")
        if not dash:
            yield first
            continue
        low = _place(first)
        for number in range(low, min(_place(last), low + 32) + 1):
            yield f"{first}+{number}"


def _place(name: str) -> int:
    """Return a register's number within its kind."""
    digits = re.search(r"\d+$", name)
    return int(digits[0]) if digits else _PLACES.get(name, 0)
