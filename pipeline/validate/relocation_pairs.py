# SPDX-License-Identifier: GPL-2.0-only
"""Relocations that come in pairs: the loader needs the other half, or writes in two places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate.finding import Finding, Severity
from pipeline.validate.relocation_uses import uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Symbol
    from pipeline.validate.reference import Reference
    from pipeline.validate.relocation_uses import Use

_CHECK = "relocations.pair"
_MEND = "assemble and link with the kernel's own binutils, which keep the halves together"


def unpaired(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield the findings on halves whose other half is missing or wrong."""
    source = reference.arch.relocations_source
    paired = [use for use in uses(obj, reference.arch) if use.rule.pair]
    yield from _second_place((use for use in paired if use.rule.pair == "addend"), source)
    yield from _labels([use for use in paired if use.rule.pair in {"labelled", "by-label"}], source)
    yield from _high_and_low(
        (use for use in paired if use.rule.pair in {"before-low", "low"}), source
    )


def _second_place(paired: Iterable[Use], source: str) -> Iterator[Finding]:
    """Yield findings on Alpha's GPDISP: ldah at the place, lda at place plus addend."""
    for use in paired:
        second = use.relocation.offset + (use.relocation.addend or 0)
        inside = 0 <= second <= use.section.size - use.rule.bytes
        if not inside or second % use.rule.align or second == use.relocation.offset:
            yield _finding(
                use,
                f"the second instruction would be at {second:#x} of {use.section.size:#x}",
                "the loader writes half of the global pointer's offset to a wrong address",
                source,
            )


def _labels(paired: list[Use], source: str) -> Iterator[Finding]:
    """Yield findings on RISC-V's LO12: its symbol is the label of the instruction with HI20."""
    labelled = {
        (use.section.number, use.relocation.offset) for use in paired if use.rule.pair == "labelled"
    }
    for use in paired:
        symbol = use.relocation.symbol
        label = (symbol.section, symbol.value)
        if use.rule.pair == "by-label" and (
            label not in labelled or symbol.section != use.section.number
        ):
            yield _finding(
                use,
                "no HI20 relocation is at its symbol",
                'the kernel refuses the module ("Can not find HI20 relocation information")',
                source,
            )


def _high_and_low(paired: Iterable[Use], source: str) -> Iterator[Finding]:
    """Yield findings on MIPS' HI16 without addends: they wait for a LO16 of the same value."""
    waiting: list[Use] = []
    for use in paired:
        if waiting and waiting[0].section.number != use.section.number:
            yield _alone(waiting[0], source)
            waiting = []
        if use.rule.pair == "before-low":
            waiting.append(use)
            continue
        wrong = [one for one in waiting if _value(one) != _value(use)]
        if wrong:
            yield _finding(
                wrong[0],
                f"the next low half is {use.against} at {use.place}",
                'the kernel refuses the module ("dangerous R_MIPS_LO16 relocation")',
                source,
            )
        waiting = []
    if waiting:
        yield _alone(waiting[0], source)


def _alone(use: Use, source: str) -> Finding:
    return _finding(
        use,
        "no low half follows in its section",
        "the kernel refuses the module (ENOEXEC, without a message)",
        source,
    )


def _value(use: Use) -> tuple[int, int | str]:
    """Return what stands for the symbol's value: the loader compares values, not symbols."""
    symbol: Symbol = use.relocation.symbol
    return (symbol.section, symbol.value if symbol.section else symbol.name)


def _finding(use: Use, evidence: str, meaning: str, source: str) -> Finding:
    return Finding(
        _CHECK,
        Severity.ERROR,
        use.place,
        f"{use.against}: {evidence}",
        meaning,
        _MEND,
        source,
    )
