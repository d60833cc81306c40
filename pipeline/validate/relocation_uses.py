# SPDX-License-Identifier: GPL-2.0-only
"""The relocations that the kernel's module loader applies, each with the rule for its type.

``apply_relocations`` of kernel/module/main.c passes over sections that are not SHF_ALLOC, so
those of debug information are free; ``rewrite_section_headers`` takes that flag from ``.modinfo``
and ``__versions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.toolchains.model import RelocationRule
from pipeline.validate.elfdata import (
    ET_REL,
    SHF_ALLOC,
    SHN_LORESERVE,
    SHN_UNDEF,
    SHT_NOBITS,
    STB_WEAK,
    Relocation,
    Section,
    Symbol,
)
from pipeline.validate.finding import Skipped
from pipeline.validate.relocation_names import relocation_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipeline.toolchains.model import Arch
    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.finding import Finding
    from pipeline.validate.reference import Reference

    Search = Callable[[Object, Reference], Iterable[Finding]]

MAIN = "kernel/module/main.c"
PERCPU = ".data..percpu"
_NOT_KEPT = (".modinfo", "__versions")
_NOTHING = RelocationRule(bytes=0)
_DISCARDED = ".discard"  # module.lds leaves these sections out of every module


class Use(NamedTuple):
    """A relocation, the section it is in, the name of its type, and the loader's rule for it.

    Where the loader does not know the type, ``known`` is false and the rule says that nothing
    is done.
    """

    relocation: Relocation
    section: Section
    name: str
    rule: RelocationRule
    known: bool = True

    @property
    def place(self) -> str:
        """The section and the offset in bytes, as findings show it."""
        return f"{self.section.name}+{self.relocation.offset:#x}"

    @property
    def against(self) -> str:
        """The type, and the symbol with the addend."""
        symbol, addend = self.relocation.symbol, self.relocation.addend
        shown = symbol.name or ("no symbol" if is_null(symbol) else f"{symbol.value:#x}")
        more = f"{addend:+#x}" if addend else ""
        return f"{self.name} against {shown}{more}"


def check(name: str, search: Search) -> Check:
    """Return ``search`` as a check that is skipped where it has nothing to go by."""

    def judged(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
        elf = reference.arch.elf
        if obj.kind != ET_REL:
            yield Skipped(name, "the file is linked: its relocations are not the loader's")
        elif (obj.machine, obj.bits) != (elf.machine, elf.bits):
            yield Skipped(name, "the relocations are those of another architecture")
        else:
            yield from search(obj, reference)

    return judged


def uses(obj: Object, arch: Arch) -> list[Use]:
    """Return the relocations of all sections that the loader keeps, in the file's order."""
    return obj.once(f"relocation uses of {arch.name}", lambda: list(_uses(obj, arch)))


def loaded(section: Section) -> bool:
    """Say whether the loader copies ``section`` to where it stays."""
    return bool(section.flags & SHF_ALLOC) and section.name not in _NOT_KEPT


def defined_in(obj: Object, symbol: Symbol) -> Section | None:
    """Return the section that ``symbol`` is in, None where it is in none."""
    inside = SHN_UNDEF < symbol.section < min(len(obj.sections), SHN_LORESERVE)
    return obj.sections[symbol.section] if inside else None


def is_null(symbol: Symbol) -> bool:
    """Say whether this is the empty symbol, number 0: the relocation has none."""
    return symbol.section == SHN_UNDEF and not symbol.name and not symbol.value


def is_undefined(symbol: Symbol) -> bool:
    """Say whether a symbol of another object is meant."""
    return symbol.section == SHN_UNDEF and bool(symbol.name)


def of_kernel(obj: Object, reference: Reference, symbol: Symbol) -> bool | None:
    """Say whether the kernel itself, not another module, has ``symbol``; None: not known."""
    if not is_undefined(symbol) or symbol.name in reference.allowed_undefined:
        return False
    if reference.exports is None:
        return None if obj.is_module and symbol.bind != STB_WEAK else False
    return reference.exports.get(symbol.name) == "vmlinux"


def stands(obj: Object, section: Section, offset: int, size: int) -> int | None:
    """Return the number in ``size`` bytes at ``offset``, None where they are not in the file."""
    if section.type == SHT_NOBITS or offset + size > section.size:
        return None
    at = section.offset + offset
    return int.from_bytes(obj.data[at : at + size], "big" if obj.byte_order == "big" else "little")


def _uses(obj: Object, arch: Arch) -> Iterator[Use]:
    kept = {
        section.number: section
        for section in obj.sections
        if loaded(section) and (obj.is_module or not section.name.startswith(_DISCARDED))
    }
    names = {number: name for name, number in arch.relocations.items()}
    rules = {number: arch.loader.rules_of(name) for number, name in names.items()}
    for relocation in obj.relocations:
        section = kept.get(relocation.section)
        if section is None:
            continue
        kind = relocation.type
        if kind not in rules:
            name = relocation_name(obj.machine, kind)
            yield Use(relocation, section, name, _NOTHING, known=False)
            continue
        rule = rules[kind][0]
        if len(rules[kind]) > 1:
            rule = next(one for one in rules[kind] if _there(obj, section, relocation.offset, one))
        yield Use(relocation, section, names[kind], rule)


def _there(obj: Object, section: Section, offset: int, rule: RelocationRule) -> bool:
    """Say whether the opcode that ``rule`` is for stands at ``offset``."""
    if rule.opcode is None:
        return True
    mask, value = rule.opcode
    first = stands(obj, section, offset, 1)
    return first is not None and first & mask == value
