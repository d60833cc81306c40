# SPDX-License-Identifier: GPL-2.0-only
"""No function ends without an instruction that ends it: the next one would be run on.

Cheap first: almost every function ends in a return, a jump or a trap.  The others are followed
from their first instruction, branch by branch, to see whether their end can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.names import readable
from pipeline.validate.code_flow import FLOWS, Kind
from pipeline.validate.code_reach import Reach
from pipeline.validate.elfdata import SHF_EXECINSTR, STT_FUNC
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.listing import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function
    from pipeline.validate.reference import Reference

_CHECK = "code.fall-through"
_MEANING = "the processor goes on into whatever stands behind the function, with its registers"
_MEND = "look for undefined behaviour there (a value that cannot be, a loop without an end)"


def fall_through(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Every function ends in a return, a jump, a trap or a call that does not return."""
    code, flow = listing(obj, reference), FLOWS.get(reference.arch.name)
    if code.reason:
        yield Skipped(_CHECK, code.reason)
        return
    if flow is None:
        name = reference.arch.name
        yield Skipped(_CHECK, f"which instructions end a function of {name} is not known here")
        return
    reach = Reach(obj, reference, code, flow)
    sized = {
        (symbol.section, symbol.value): symbol.name
        for symbol in obj.symbols
        if symbol.type == STT_FUNC and symbol.size
    }
    yield from _empty(obj, sized)
    taken: dict[str, str] = {}
    for function in code.functions:
        yield from _judge(reach, function, taken, sized=function[1:3] in sized)
    if taken:
        yield Finding(
            _CHECK,
            Severity.NOTE,
            some(taken),
            f"these end in a call of {some(set(taken.values()))}, which is taken not to return",
            _MEANING + ", if it does",
            "nothing, if its declaration says __noreturn",
            "GCC manual, noreturn",
        )


def _empty(obj: Object, sized: Mapping[tuple[int, int], str]) -> Iterator[Finding]:
    """Yield functions without an instruction: GCC and LLVM make them of what cannot be."""
    wanted = {
        (relocation.symbol.section, relocation.symbol.value)
        for relocation in obj.relocations
        if relocation.symbol.type == STT_FUNC
    }
    for symbol in obj.symbols:
        if symbol.type != STT_FUNC or symbol.size or symbol.section >= len(obj.sections):
            continue
        section = obj.sections[symbol.section]
        if not section.flags & SHF_EXECINSTR or not section.number:
            continue
        behind = sized.get((section.number, symbol.value))
        if symbol.value < section.size and behind is None:
            continue  # hand-written code without a size
        used = (symbol.section, symbol.value) in wanted
        what = f"the code of {readable(behind)}" if behind else "the end of the section"
        yield Finding(
            _CHECK,
            Severity.ERROR if used or symbol.bind else Severity.WARNING,
            readable(symbol.name),
            f"it has no instruction: {section.name}+{symbol.value:#x} is {what}",
            "a call of it runs what stands there" if used else _MEANING,
            _MEND,
            "GCC manual, __builtin_unreachable",
        )


def _judge(
    reach: Reach, function: Function, taken: dict[str, str], *, sized: bool
) -> Iterator[Finding]:
    """Yield what is wrong with the end of one function; ``taken`` gets what is assumed of it.

    Only a compiler gives every function a size: without one it may be hand-written, and meant to
    run on.
    """
    body = reach.body(function)
    if not body and sized and not reach.is_data(function):
        yield Finding(
            _CHECK,
            Severity.ERROR,
            readable(function.name),
            f"its {function.end - function.start} bytes are padding and nothing else",
            _MEANING,
            _MEND,
            reach.flow.source,
        )
    last = reach.last(body)
    if last is None:
        return
    call = reach.call(function, last)
    if reach.flow.kind(last) is Kind.CALL:
        if call is not None and reach.never(call):
            return
        if reach.assumed(call):
            name = readable(call.name) if call else "a function through a pointer"
            taken[readable(function.name)] = name
            return
    reached = reach.reaches(function, body, last.address)
    if reached is False:
        return
    section = reach.obj.sections[function.section].name
    evidence = f"its last instruction, at {section}+{last.address:#x}, is “{last}”"
    if call is not None:
        evidence += f": {readable(call.name)} returns"
    if reached is None:
        evidence += "; whether it is reached depends on a jump through a register"
    yield Finding(
        _CHECK,
        Severity.ERROR if reached and sized else Severity.WARNING,
        readable(function.name),
        evidence,
        _MEANING,
        _MEND,
        reach.flow.source,
    )


CHECKS = {_CHECK: fall_through}
