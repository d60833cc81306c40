# SPDX-License-Identifier: GPL-2.0-only
"""What relocations need together: entries of tables, one global pointer, two addends on SPARC."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pipeline.validate.elfdata import EM_SPARCV9, SHT_RELA
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.relocation_fit import fits
from pipeline.validate.relocation_uses import defined_in, is_undefined, loaded, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Symbol
    from pipeline.validate.reference import Reference

_CHECK = "relocations.range"
_R_SPARC_OLO10 = 33
_OLO10_MASK = 0x3FF
_LOWEST13, _HIGHEST13 = -0x1000, 0xFFF
_SPLIT = "split the module, or make it refer to fewer symbols"


def overfull(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield a finding for each table of addresses that gets more entries than it may have.

    An entry has the size of an address.  Two symbols of one value are counted once, which the
    loader does not always do: the count is never too large.
    """
    loader = reference.arch.loader
    table: dict[tuple[object, ...], int] = {}
    stubs: set[str] = set()
    over: dict[str, Finding] = {}
    for use in uses(obj, reference.arch):
        symbol, rule = use.relocation.symbol, use.rule
        if rule.stub and loader.got_entries and is_undefined(symbol):
            stubs.add(symbol.name)
        if not rule.base.startswith("got-"):
            continue
        addend = use.relocation.addend or 0
        by_value = rule.base == "got-of-value"
        key = (*_identity(symbol), addend if by_value else 0)
        offset = table.setdefault(key, len(table) * obj.bits // 8)
        value = offset - rule.minus + (0 if by_value else addend)
        if not fits(rule, value, obj.bits) and use.name not in over:
            what = f"{use.against}: entry {offset // (obj.bits // 8) + 1} of the loader's table"
            over[use.name] = _finding(
                use.place,
                f"{what} is out of reach of {rule.bits} bits",
                "the kernel refuses the module",
                reference,
            )
    yield from over.values()
    if loader.got_entries and len(table) + len(stubs) > loader.got_entries:
        count = f"{len(table) + len(stubs)} entries in a table of {loader.got_entries}"
        meaning = 'the kernel refuses the module ("Global Offset Table overflow")'
        yield _finding("the whole object", count, meaning, reference)


def out_of_gp(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield findings on data too far apart for one global pointer, and on SPARC's OLO10."""
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    names: dict[tuple[int, int], str] = {}
    for use in uses(obj, reference.arch):
        symbol, bits = use.relocation.symbol, use.rule.bits
        if use.rule.base != "gp" or not bits or defined_in(obj, symbol) is None:
            continue
        key = (symbol.section, bits)
        value = symbol.value + (use.relocation.addend or 0)
        low, high = spans.get(key, (value, value))
        spans[key] = (min(low, value), max(high, value))
        names.setdefault(key, use.name)
    for (section, bits), (low, high) in spans.items():
        if high - low >> bits:
            yield _finding(
                obj.sections[section].name,
                f"{names[section, bits]} reaches from {low:#x} to {high:#x}: more than {bits} bits",
                "the kernel refuses the module: no global pointer is near enough to both",
                reference,
            )
    if obj.machine == EM_SPARCV9:
        yield from _olo10(obj, reference)


def _olo10(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield findings on second addends that cannot fit 13 bits with any low part of an address.

    The second addend is in the upper 24 bits of the type: SPARC Compliance Definition 2.4.
    """
    layout = struct.Struct((">" if obj.byte_order == "big" else "<") + "QQq")
    for table in obj.sections:
        if table.type != SHT_RELA or not loaded(obj.sections[table.info]):
            continue
        for offset, info, _addend in layout.iter_unpack(obj.content(table)):
            if info & 0xFF != _R_SPARC_OLO10:
                continue
            second = (info & 0xFFFFFFFF) >> 8
            second -= (second & 0x800000) << 1
            if not _LOWEST13 - _OLO10_MASK <= second <= _HIGHEST13:
                yield _finding(
                    f"{obj.sections[table.info].name}+{offset:#x}",
                    f"R_SPARC_OLO10 with a second addend of {second:#x}, in a field of 13 bits",
                    "the loader cuts the value without a word: an access to a wrong address",
                    reference,
                )


def _identity(symbol: Symbol) -> tuple[object, ...]:
    """Return what tells two addresses apart."""
    return (symbol.section, symbol.value, symbol.name if symbol.section == 0 else "")


def _finding(place: str, evidence: str, meaning: str, reference: Reference) -> Finding:
    return Finding(
        _CHECK,
        Severity.ERROR,
        place,
        evidence,
        meaning,
        _SPLIT,
        reference.arch.relocations_source,
    )
