# SPDX-License-Identifier: GPL-2.0-only
"""Values that can never fit their fields, proved without the addresses that the loader chooses.

Known before loading are the distance of two places in one section, the low bits of an address in
an aligned section, absolute values, the entries of tables that the loader makes, and on which
side of the address space modules are.  The rest is the loader's to find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHN_ABS
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.relocation_fit import fits, low_bits, wrapped
from pipeline.validate.relocation_tables import out_of_gp, overfull
from pipeline.validate.relocation_uses import (
    PERCPU,
    defined_in,
    is_null,
    is_undefined,
    of_kernel,
    stands,
    uses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference
    from pipeline.validate.relocation_uses import Use

CHECK = "relocations.range"
_STD_GPLOAD = 0x88  # STO_ALPHA_STD_GPLOAD of arch/alpha/include/asm/elf.h, in st_other
_GP_LOAD = 8  # bytes of the two instructions that load an Alpha function's global pointer
_SHORTER = "keep functions that call each other nearer, in sections of their own "
_SHORTER += "(-ffunction-sections), or call through a register (-mlong-calls where GCC has it)"


def unreachable(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield a finding for each relocation whose value is proved not to fit."""
    for use in uses(obj, reference.arch):
        rule = use.rule
        if rule.bits or rule.shift or rule.unfit or rule.defined_only:
            yield from _one(obj, use, reference)
    yield from overfull(obj, reference)
    yield from out_of_gp(obj, reference)


def _one(obj: Object, use: Use, reference: Reference) -> Iterator[Finding]:
    """Yield what is proved about one relocation: one finding at most."""
    value = known_value(obj, use)
    if value is not None:
        if not low_bits(use.rule, value):
            yield _misaligned(use, value, reference)
        elif not fits(use.rule, value, obj.bits):
            yield from _too_far(obj, use, value, reference)
        return
    left_over = _residue(obj, use)
    if left_over:
        yield _misaligned(use, left_over, reference)
    else:
        yield from _address(obj, use, reference)


def known_value(obj: Object, use: Use) -> int | None:
    """Return the value in bytes before it is shifted, None where only the loader knows it."""
    rule, relocation = use.rule, use.relocation
    symbol = relocation.symbol
    if rule.base == "place" and symbol.section == relocation.section:
        start = (relocation.offset + rule.minus) // rule.round * rule.round
        skipped = rule.defined_only and symbol.other & _STD_GPLOAD == _STD_GPLOAD
        entry = symbol.value + (_GP_LOAD if skipped else 0)
        return wrapped(entry + _addend(obj, use) - start, obj.bits)
    if rule.base == "zero" and (symbol.section == SHN_ABS or is_null(symbol)):
        return wrapped(symbol.value + _addend(obj, use), obj.bits)
    return None


def _addend(obj: Object, use: Use) -> int:
    """Return the addend in bytes; without one in the relocation it is what the field holds."""
    rule, relocation = use.rule, use.relocation
    if relocation.addend is not None:
        return relocation.addend
    word = stands(obj, use.section, relocation.offset, rule.bytes)
    if word is None or not rule.bits:
        return word or 0
    return wrapped(word & (1 << rule.bits) - 1, rule.bits) << rule.shift


def _residue(obj: Object, use: Use) -> int:
    """Return the low bits of a value of which only these are known, 0 where nothing is wrong."""
    rule, relocation = use.rule, use.relocation
    home = defined_in(obj, relocation.symbol)
    unit = 1 << rule.shift
    if home is None or home.align % unit or rule.base not in {"place", "region"}:
        return 0
    if rule.base == "region":
        return (relocation.symbol.value + (relocation.addend or 0)) % unit
    if use.section.align % unit:
        return 0
    start = (relocation.offset + rule.minus) // rule.round * rule.round
    return (relocation.symbol.value + _addend(obj, use) - start) % unit


def _too_far(obj: Object, use: Use, value: int, reference: Reference) -> Iterator[Finding]:
    """Yield the finding on a value that does not fit, unless a stub of the loader helps."""
    rule = use.rule
    if rule.beyond == "stub":
        if _stub_reached(obj, use):
            return
        evidence = f"{value:#x} bytes, and {_stub_distance(use):#x} to the loader's nearest stub"
        meaning = "the kernel refuses the module: neither the target nor a stub is in reach"
    else:
        refused = rule.beyond == "refused"
        slips = refused and rule.accepts and fits(rule, value, obj.bits, rule.accepts)
        evidence = f"{value:#x}"
        meaning = "the kernel refuses the module" if refused else _cut(rule.base)
        if slips:
            meaning = f"the loader's own test lets it through; {_cut(rule.base)}"
    yield _finding(use, f"{evidence} in {_field(use)}", meaning, _SHORTER, reference)


def _cut(base: str) -> str:
    what = "the jump goes" if base in {"place", "region"} else "the pointer points"
    return f"the loader cuts the value without a word: {what} to a wrong address"


def _misaligned(use: Use, value: int, reference: Reference) -> Finding:
    """Return the finding on a target that is no multiple of the field's unit."""
    refused = use.rule.beyond == "refused"
    return _finding(
        use,
        f"{value:#x} is no multiple of {1 << use.rule.shift}",
        "the kernel refuses the module"
        if refused
        else "the loader drops the low bits: the jump goes to a wrong address",
        "jump to the start of an instruction; align the function",
        reference,
    )


def _address(obj: Object, use: Use, reference: Reference) -> Iterator[Finding]:
    """Yield what is proved by where modules and the kernel are."""
    rule, symbol = use.rule, use.relocation.symbol
    home = defined_in(obj, symbol)
    where = reference.arch.loader.addresses or ""
    happens = "the kernel refuses the module"
    if rule.beyond == "cut":
        happens = _cut(rule.base)
    if rule.unfit and home is not None and home.name != PERCPU:
        yield _finding(use, f"an address in {_field(use)}: {where}", happens, _WIDER, reference)
    kernel = of_kernel(obj, reference, symbol)
    severity = Severity.WARNING if kernel is None else Severity.ERROR
    if rule.defined_only and is_undefined(symbol) and (kernel or obj.is_module):
        evidence = "the loader takes it for symbols of the module itself only"
        yield _finding(use, evidence, "the kernel refuses the module", _LONG, reference)
    elif rule.far and kernel is not False:
        if rule.beyond == "stub" and _stub_reached(obj, use):
            return
        evidence = f"a symbol of the kernel in {_field(use)}: {where}"
        yield _finding(use, evidence, happens, _LONG, reference, severity)


_WIDER = "use a field as wide as a pointer"
_LONG = "call and load through a full address, as the kernel's own flags make GCC do"


def _stub_distance(use: Use) -> int:
    """Return the distance from a place to the nearest stub: the last one before the section."""
    return -use.rule.stub - use.relocation.offset - use.rule.minus


def _stub_reached(obj: Object, use: Use) -> bool:
    """Say whether a stub can be in reach; stubs that lie elsewhere are not judged."""
    return not use.rule.stub or fits(use.rule, _stub_distance(use), obj.bits)


def _field(use: Use) -> str:
    """Return the field's width as findings show it."""
    rule = use.rule
    unit = f" of {1 << rule.shift} bytes each" if rule.shift else ""
    return f"a field of {rule.bits} bits{unit}"


def _finding(
    use: Use,
    evidence: str,
    meaning: str,
    mend: str,
    reference: Reference,
    severity: Severity = Severity.ERROR,
) -> Finding:
    return Finding(
        CHECK,
        severity,
        use.place,
        f"{use.against}: {evidence}",
        meaning,
        mend,
        reference.arch.relocations_source,
    )
