# SPDX-License-Identifier: GPL-2.0-only
"""Which instructions of a function can be reached, and which functions never return."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.validate.calls import branch_target, calls
from pipeline.validate.code_flow import Flow, Kind
from pipeline.validate.code_tables import never_returns, returns
from pipeline.validate.pools import data_ranges, is_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.validate.calls import Call
    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function, Listing
    from pipeline.validate.reference import Reference

_DEPTH = 30  # functions that call each other without returning
_BRANCH = re.compile(r"[bj].*|l\.b.*|call.*|db.*|fb.*")
# sparc64's last call of a function: what stands in its delay slot gives the caller's frame or
# return address back, so the goal returns to the caller.
_SIBLING = re.compile(r"restore.*|mov %g\d,%o7|or %g0,%g\d,%o7")


class Reach:
    """Follows the flow of one object's functions."""

    def __init__(self, obj: Object, reference: Reference, code: Listing, flow: Flow) -> None:
        self.obj = obj
        self.flow = flow
        self._code = code
        self._calls = {(call.caller.section, call.address): call for call in calls(obj, reference)}
        self._data = data_ranges(obj, code)
        self._never: dict[Function, bool] = {}

    def body(self, function: Function) -> Sequence[Instruction]:
        """Return the instructions of a function without data and padding behind the last one."""
        found = self._code.within(function)
        ranges = self._data.get(function.section)
        if ranges:
            found = [one for one in found if not is_data(ranges, one.address)]
        count = len(found)
        while count and self.flow.kind(found[count - 1]) is Kind.PAD:
            count -= 1
        if count < len(found) and count and self.flow.delays(found[count - 1]):
            count += 1  # the padding is a delay slot's
        return found[:count]

    def is_data(self, function: Function) -> bool:
        """Say whether a function has no instruction that is not data."""
        ranges = self._data.get(function.section, ())
        return all(is_data(ranges, one.address) for one in self._code.within(function))

    def last(self, body: Sequence[Instruction]) -> Instruction | None:
        """Return the instruction that decides what follows the function, None where none can.

        That is the last one, or the jump or call before it, whose delay slot it is.
        """
        if not body:
            return None
        last, before = body[-1], body[:-1]
        if before and self.flow.delays(before[-1]) and not self._left_out(body, len(body) - 2):
            if _SIBLING.fullmatch(str(last)):
                return None
            last, before = before[-1], before[:-1]
        kind = self.flow.kind(last)
        closed = kind is Kind.LEAVE and not self._left_out(body, len(before))
        if closed or kind is Kind.STOP or self._is_data_of_stop(body):
            return None
        return last

    def _left_out(self, body: Sequence[Instruction], number: int) -> bool:
        """Say whether the instruction before this one may leave it out."""
        return number > 0 and self.flow.skips.fullmatch(str(body[number - 1])) is not None

    def call(self, function: Function, instruction: Instruction) -> Call | None:
        """Return the call that an instruction is, None for one whose goal is not known."""
        return self._calls.get((function.section, instruction.address))

    def never(self, call: Call) -> bool:
        """Say whether a call never returns."""
        return never_returns(call.name) or (
            call.function is not None and self._function_never(call.function, _DEPTH)
        )

    def assumed(self, call: Call | None) -> bool:
        """Say whether a call at a function's end is taken not to return: nothing says it does."""
        return call is None or (call.function is None and not returns(call.name))

    def reaches(self, function: Function, body: Sequence[Instruction], address: int) -> bool | None:
        """Say whether ``address`` can be reached from the start; None: a jump may lead there."""
        seen, through_register = self._walk(function, body, _DEPTH)
        return True if address in seen else (None if through_register else False)

    def _is_data_of_stop(self, body: Sequence[Instruction]) -> bool:
        """Say whether a trap's own data (alpha's line and file) is what stands last."""
        width = self.flow.after_stop
        return bool(width) and any(
            self.flow.kind(one) is Kind.STOP for one in body[-1 - width // 4 : -1]
        )

    def _function_never(self, function: Function, depth: int) -> bool:
        """Say whether no way through a function comes back to its caller."""
        if function in self._never or depth == 0:
            return self._never.get(function, False)
        self._never[function] = True  # until the opposite is shown: it may call itself
        body = self.body(function)
        seen, through_register = self._walk(function, body, depth - 1)
        answer = bool(body) and not through_register
        for number, instruction in enumerate(body):
            if not answer:
                break
            if instruction.address in seen:
                answer = not self._comes_back(function, body, number, depth - 1)
        self._never[function] = answer
        return answer

    def _comes_back(
        self, function: Function, body: Sequence[Instruction], number: int, depth: int
    ) -> bool:
        """Say whether an instruction returns, jumps to what may return, or is an open end."""
        instruction = body[number]
        kind = self.flow.kind(instruction)
        if kind is Kind.LEAVE:
            place = branch_target(instruction)
            call = self.call(function, instruction)
            if call is not None:
                return not self._stops(call, depth)
            return place is None or not function.start <= place < function.end
        last = kind is not Kind.STOP and number + 1 == len(body)
        return last and self._is_open(function, body, depth)

    def _is_open(self, function: Function, body: Sequence[Instruction], depth: int) -> bool:
        """Say whether the flow goes on behind a function's last instruction."""
        last = self.last(body)
        if last is None:
            return False
        call = self.call(function, last)
        if self.flow.kind(last) is not Kind.CALL:
            return True
        return not self.assumed(call) and not (call is not None and self._stops(call, depth))

    def _stops(self, call: Call, depth: int) -> bool:
        """Say whether the goal of a call never returns."""
        return never_returns(call.name) or (
            call.function is not None and self._function_never(call.function, depth)
        )

    def _walk(
        self, function: Function, body: Sequence[Instruction], depth: int
    ) -> tuple[set[int], bool]:
        """Return the addresses that are reached, and whether a jump may go to further ones."""
        at = {instruction.address: number for number, instruction in enumerate(body)}
        waiting = [0]
        seen: set[int] = set()
        through_register = False
        while waiting:
            number = waiting.pop()
            while number < len(body) and body[number].address not in seen:
                instruction = body[number]
                seen.add(instruction.address)
                kind = self.flow.kind(instruction)
                call = self.call(function, instruction)
                if kind is Kind.LEAVE or _BRANCH.fullmatch(instruction.mnemonic):
                    place = None if call is not None else self._place(function, instruction)
                    if place is not None and kind is not Kind.CALL and place in at:
                        waiting.append(at[place])
                if kind is Kind.STOP:
                    break
                ends = not self._left_out(body, number) and (
                    kind is Kind.LEAVE
                    or (kind is Kind.CALL and call is not None and self._stops(call, depth))
                )
                if ends:
                    through_register |= self._is_indirect(instruction)
                    if self.flow.delays(instruction) and number + 1 < len(body):
                        seen.add(body[number + 1].address)
                    break
                number += 1
        return seen, through_register

    def _place(self, function: Function, instruction: Instruction) -> int | None:
        """Return where a branch goes to: what its relocation says, else what it has in it."""
        start = instruction.address
        for move in self._code.moved(function.section, start, start + 2):
            if move.symbol.section == function.section:
                return move.symbol.value + (move.addend or 0) + self.flow.bias
        return branch_target(instruction)

    def _is_indirect(self, instruction: Instruction) -> bool:
        """Say whether a jump may go to a place in the function that no instruction names."""
        return bool(self.flow.computed.fullmatch(str(instruction)))
