# SPDX-License-Identifier: GPL-2.0-only
"""Where relocations write, and against what: inside the section, once, and only what stays there.

The loader believes every offset: it checks neither that the place is inside the section nor that
the symbol's section is one that it keeps (``simplify_symbols`` and ``apply_relocations`` of
kernel/module/main.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHN_ABS, SHT_NOBITS, STB_WEAK
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.relocation_uses import (
    MAIN,
    PERCPU,
    Use,
    defined_in,
    is_null,
    is_undefined,
    loaded,
    stands,
    uses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_CHECK = "relocations.place"
_TOOL = "make the object again; a tool that edits sections has to move their relocations too"


def misplaced(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield the findings on places, and on the symbols that relocations are against."""
    source = f"{reference.arch.relocations_source}; apply_relocations, {MAIN}"
    known = [use for use in uses(obj, reference.arch) if use.rule.bytes]
    for use in known:
        yield from _outside(use, source)
        yield from _target(obj, use, reference)
        if reference.arch.loader.empty_places:
            yield from _full(obj, use, source)
    yield from _shared(known, source)
    yield from _percpu(obj, known, reference)


def _outside(use: Use, source: str) -> Iterator[Finding]:
    """Yield findings on bytes outside the section's, or not aligned."""
    rule, section, offset = use.rule, use.section, use.relocation.offset
    if offset + rule.bytes > section.size:
        yield _finding(
            use.place,
            f"{use.against}: {rule.bytes} bytes, and the section has {section.size:#x}",
            "the loader writes behind the section: other code or data of the kernel is overwritten",
            _TOOL,
            source,
        )
    elif section.type == SHT_NOBITS:
        yield _finding(
            use.place,
            f"{use.against}, in a section without bytes in the file (SHT_NOBITS)",
            "what was to be relocated is lost: the section starts as zeros",
            _TOOL,
            source,
        )
    elif (offset - rule.at) % rule.align:
        wanted = f"a multiple of {rule.align}" + (f" plus {rule.at}" if rule.at else "")
        yield _finding(
            use.place,
            f"{use.against}: the offset has to be {wanted}",
            "the loader changes other bytes than the ones meant, or its store traps",
            "align the section and what is in it; a relocation of an instruction is for an "
            "instruction, not for data",
            source,
        )


def _target(obj: Object, use: Use, reference: Reference) -> Iterator[Finding]:
    """Yield a finding on a symbol whose section the loader does not keep, or that has no value."""
    symbol = use.relocation.symbol
    home = defined_in(obj, symbol)
    if home is not None:
        # An empty section has no byte to point at: its start and its end are only compared.
        if home.size and not loaded(home):
            yield _finding(
                use.place,
                f"{use.against}, which is in {home.name or 'section 0'}: not loaded",
                "the value is an address in the loader's copy of the file, which is freed: a wild "
                "pointer",
                "refer to nothing in debug information, .modinfo, or a section that is thrown away",
                f"simplify_symbols and rewrite_section_headers, {MAIN}",
            )
        return
    if reference.arch.loader.zero_symbols == "refused" and (
        is_null(symbol)
        or (symbol.section == SHN_ABS and symbol.value == 0)
        or _unresolved(use, reference)
    ):
        yield _finding(
            use.place,
            f"{use.against}: its value is 0",
            'the kernel refuses the module ("Unknown symbol", ENOENT)',
            "define the symbol, or have the kernel export it; use no absolute zero",
            reference.arch.relocations_source,
        )


def _unresolved(use: Use, reference: Reference) -> bool:
    """Say whether a weak symbol stays undefined."""
    symbol, exports = use.relocation.symbol, reference.exports
    missing = exports is not None and symbol.name not in exports
    local = symbol.name in reference.allowed_undefined
    return is_undefined(symbol) and symbol.bind == STB_WEAK and missing and not local


def _full(obj: Object, use: Use, source: str) -> Iterator[Finding]:
    """Yield a finding where a place has to hold zeros and does not."""
    value = stands(obj, use.section, use.relocation.offset, use.rule.bytes)
    if value:
        yield _finding(
            use.place,
            f"{use.against}, and {value:#x} stands there instead of 0",
            'the kernel refuses the module ("Skipping invalid relocation target")',
            "link with the kernel's own binutils; the addend belongs into the relocation",
            source,
        )


def _shared(known: Iterable[Use], source: str) -> Iterator[Finding]:
    """Yield findings on bytes that two relocations write."""
    writers = [use for use in known if not use.rule.adds]
    writers.sort(key=lambda use: (use.section.number, use.relocation.offset))
    last: Use | None = None
    for use in writers:
        if (
            last is not None
            and last.section.number == use.section.number
            and last.relocation.offset + last.rule.bytes > use.relocation.offset
        ):
            yield _finding(
                use.place,
                f"{use.against}, and {last.against} at {last.place}",
                "the loader applies one after the other: only the later one counts",
                _TOOL,
                source,
            )
        last = use


def _percpu(obj: Object, known: Iterable[Use], reference: Reference) -> Iterator[Finding]:
    """Yield a finding where per-CPU data would need relocations."""
    config = reference.kernel.config if reference.kernel else None
    if not obj.is_module or (config is not None and "CONFIG_SMP" not in config):
        return
    first = next((use for use in known if use.section.name == PERCPU), None)
    if first is not None:
        yield Finding(
            _CHECK,
            Severity.WARNING,
            first.place,
            f"{first.against}, in the per-CPU data",
            "where the kernel has CONFIG_SMP the loader takes SHF_ALLOC from this section before "
            "it applies relocations: the pointer keeps what stands in the file",
            "set the pointer in the module's init function",
            f"setup_load_info and layout_and_allocate, {MAIN}",
        )


def _finding(place: str, evidence: str, meaning: str, mend: str, source: str) -> Finding:
    return Finding(_CHECK, Severity.ERROR, place, evidence, meaning, mend, source)
