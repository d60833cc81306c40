# SPDX-License-Identifier: GPL-2.0-only
"""No instruction uses floating-point or vector registers, but where the kernel lends them.

The kernel saves these registers for the user's program, and not for itself: what a module changes
there, the program finds changed.  What counts is data, ``instructions.yaml``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pipeline.validate.calls import calls
from pipeline.validate.elfdata import SHF_ALLOC, STB_LOCAL
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.instruction_table import rules
from pipeline.validate.listing import listing
from pipeline.validate.pools import data_ranges, is_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.validate.calls import Call
    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.instruction_table import Rule
    from pipeline.validate.listing import Function, Listing
    from pipeline.validate.reference import Reference

_CHECK = "instructions.float"
# Sections with the addresses of functions that nothing calls through.
_NO_POINTERS = ("__mcount_loc", "__patchable_function_entries", ".orc_", ".eh_frame", ".discard.")
_MEANING = (
    "the kernel does not save these registers for itself: a user's program that runs on goes on "
    "with wrong numbers in them, or the processor traps inside the kernel and it stops (Oops)"
)
_LENT = "between its begin and end the kernel saves the registers: it is allowed there"


def no_float(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """No instruction uses floating-point or vector registers outside the kernel's own regions."""
    rule = rules().get(reference.arch.name)
    if rule is None:
        yield Skipped(_CHECK, f"what counts on {reference.arch.name} is not in instructions.yaml")
        return
    code = listing(obj, reference)
    if code.reason:
        yield Skipped(_CHECK, code.reason)
        return
    found = _by_function(obj, code, rule)
    regions = _Regions(obj, reference, code, rule) if found and rule.has_regions else None
    for function, instructions in found.items():
        outside = [
            one
            for one in instructions
            if regions is None or function is None or not regions.allow(function, one.address)
        ]
        yield _finding(obj, function, outside or instructions, rule, allowed=not outside)


def _by_function(
    obj: Object, code: Listing, rule: Rule
) -> Mapping[Function | None, Sequence[Instruction]]:
    """Return the instructions that count, by function; None has those outside all functions."""
    found: defaultdict[Function | None, list[Instruction]] = defaultdict(list)
    data = data_ranges(obj, code)
    for section, instructions in code.instructions.items():
        ranges = data.get(section, ())
        for one in instructions:
            if rule.counts(one) and not is_data(ranges, one.address):
                found[code.function_at(section, one.address)].append(one)
    return found


def _finding(
    obj: Object,
    function: Function | None,
    instructions: Sequence[Instruction],
    rule: Rule,
    *,
    allowed: bool,
) -> Finding:
    """Return the finding for all instructions of one function."""
    first = instructions[0]
    more = len(instructions) - 1
    place = f"{obj.sections[first.section].name}+{first.address:#x}"
    return Finding(
        _CHECK,
        Severity.NOTE if allowed else Severity.ERROR,
        f"{place} ({function.name})" if function else place,
        f"{first}" + (f" and {more} more in this function" if more else ""),
        _LENT if allowed else _MEANING,
        "see that nothing there sleeps"
        if allowed
        else "do without floating point, and compile with the kernel's flags (they forbid these "
        "instructions)" + ("; or mark the region as the kernel does" if rule.has_regions else ""),
        rule.regions_source if allowed else rule.source,
    )


class _Regions:
    """Where the kernel lends the registers: between two calls, and in what is called only there.

    A region goes from the call of a begin to the next call of an end, in order of address; a
    function is in one whose calls all are in one, and whose address nothing else has.
    """

    def __init__(self, obj: Object, reference: Reference, code: Listing, rule: Rule) -> None:
        self.marks = _marks(obj, reference, code, rule)
        self.callers: defaultdict[Function, list[Call]] = defaultdict(list)
        for call in calls(obj, reference):
            if call.function is not None:
                self.callers[call.function].append(call)
        self.taken = _taken(obj, code)

    def allow(self, function: Function, address: int) -> bool:
        """Say whether the instruction at ``address`` of ``function`` is in a region."""
        inside = False
        for place, begins in self.marks.get(function, ()):
            if place > address:
                break
            inside = begins
        return inside or self.only_inside(function)

    def only_inside(self, function: Function) -> bool:
        """Say whether a function is called from regions alone."""
        waiting, seen = [function], {function}
        while waiting:
            one = waiting.pop()
            if one in self.taken or not self.callers[one]:
                return False
            for call in self.callers[one]:
                if self.within(call) or call.caller in seen:
                    continue
                seen.add(call.caller)
                waiting.append(call.caller)
        return True

    def within(self, call: Call) -> bool:
        """Say whether a call stands in a region."""
        inside = False
        for place, begins in self.marks.get(call.caller, ()):
            if place >= call.address:
                break
            inside = begins
        return inside


def _marks(
    obj: Object, reference: Reference, code: Listing, rule: Rule
) -> Mapping[Function, Sequence[tuple[int, bool]]]:
    """Return where regions begin (True) and end in each function that has any, in order."""
    found: defaultdict[Function, list[tuple[int, bool]]] = defaultdict(list)
    for call in calls(obj, reference):
        begins = rule.begin.fullmatch(call.name) is not None
        if begins or rule.end.fullmatch(call.name):
            found[call.caller].append((call.address, begins))
    return {
        function: sorted(
            marks
            + [
                (one.address, False)
                for one in code.within(function)
                if rule.end_line.fullmatch(str(one))
            ]
        )
        for function, marks in found.items()
    }


def _taken(obj: Object, code: Listing) -> frozenset[Function]:
    """Return the functions that something other than a call can reach: by address or by name."""
    loaded = {
        section.number
        for section in obj.sections
        if section.flags & SHF_ALLOC and not section.name.startswith(_NO_POINTERS)
    }
    found = set()
    for one in obj.relocations:
        if one.section in loaded and one.section not in code.instructions:
            goal = code.function_at(one.symbol.section, one.symbol.value + (one.addend or 0))
            if goal is not None:
                found.add(goal)
    for symbol in obj.symbols:
        # In a module every name is resolved; in an object any other one may call it.
        if symbol.bind != STB_LOCAL and not obj.is_module:
            goal = code.function_at(symbol.section, symbol.value)
            if goal is not None:
                found.add(goal)
    return frozenset(found)


CHECKS = {_CHECK: no_float}
