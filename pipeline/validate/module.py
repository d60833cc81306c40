# SPDX-License-Identifier: GPL-2.0-only
"""A module as the kernel's loader sees it: its sections by name, its ``.modinfo``, its imports.

From kernel/module/main.c: find_sec(), get_next_modinfo(), simplify_symbols().
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pipeline.validate.elfdata import (
    EM_SH,
    EM_SPARC,
    EM_SPARC32PLUS,
    EM_SPARCV9,
    SHF_ALLOC,
    SHN_LORESERVE,
    SHN_UNDEF,
    SHT_NOBITS,
    STB_WEAK,
    STT_SPARC_REGISTER,
)
from pipeline.validate.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation, Section, Symbol

NO_TREE = "no kernel tree to compare with"
NO_MODULE = "not a module: the final link and modpost add this"
MAX_TEXT = 512  # bytes of a name: a module's parameters are shorter
_SHOWN = 160
_SPARC = (EM_SPARC, EM_SPARC32PLUS, EM_SPARCV9)


class Modinfo(NamedTuple):
    """The entries ``name=value`` of ``.modinfo`` by name, in order.

    ``bare`` is the number of entries without ``=``, ``first_bare`` the first one with its offset.
    """

    values: Mapping[str, list[str]]
    bare: int
    first_bare: tuple[int, str]

    def all(self, name: str) -> list[str]:
        """Return the values of every entry called ``name``."""
        return self.values.get(name, [])

    def first(self, name: str) -> str | None:
        """Return what get_modinfo() returns: the first value, None where there is none."""
        return next(iter(self.all(name)), None)


def meant_as_module(obj: Object) -> bool:
    """Say whether somebody will load this: it is a module, or its name says that it is one.

    Kbuild's ``.mod.o`` is the part of a module that modpost wrote, and is none by itself.
    """
    return obj.path.suffix == ".ko" or (obj.is_module and not obj.path.name.endswith(".mod.o"))


def find_section(obj: Object, name: str) -> Section | None:
    """Return what find_sec() finds: the first section of that name that has SHF_ALLOC."""
    for section in obj.sections:
        if section.name == name and section.flags & SHF_ALLOC:
            return section
    return None


def modinfo(obj: Object) -> Modinfo:
    """Return the entries of the ``.modinfo`` that the loader finds; none where there is none."""
    return obj.once("modinfo", lambda: _modinfo(obj))


def _modinfo(obj: Object) -> Modinfo:
    section = find_section(obj, ".modinfo")
    values: dict[str, list[str]] = defaultdict(list)
    bare, first_bare, offset = 0, (0, ""), 0
    for part in obj.content(section).split(b"\0") if section else ():
        name, equals, value = part.decode("utf-8", "backslashreplace").partition("=")
        if equals:
            values[name].append(value)
        elif part:
            first_bare = first_bare if bare else (offset, name)
            bare += 1
        offset += len(part) + 1
    return Modinfo(dict(values), bare, first_bare)


def imports(obj: Object) -> Mapping[str, bool]:
    """Return the undefined names that the loader looks up, with whether each is only weak."""
    return obj.once("imports", lambda: _imports(obj))


def _imports(obj: Object) -> dict[str, bool]:
    return {
        symbol.name: symbol.bind == STB_WEAK
        for symbol in obj.symbols[1:]
        if symbol.section == SHN_UNDEF and not is_register(obj, symbol) and symbol.name
    }


def is_register(obj: Object, symbol: Symbol) -> bool:
    """Say whether a symbol stands for one of SPARC's registers, which nobody looks up by name.

    Elsewhere the number means something else: on PA-RISC a function of the millicode.
    """
    return symbol.type == STT_SPARC_REGISTER and obj.machine in _SPARC


def moved_at(obj: Object, section: Section) -> dict[int, Relocation]:
    """Return the relocations of one section by their byte offset; the last of several counts."""
    return {one.offset: one for one in obj.relocations if one.section == section.number}


def text_at(obj: Object, relocation: Relocation) -> str | None:
    """Return the C string that a relocated pointer points to; None where it points to none."""
    symbol = relocation.symbol
    if not SHN_UNDEF < symbol.section < min(SHN_LORESERVE, len(obj.sections)):
        return None
    start = symbol.value
    if relocation.addend is not None:
        start += relocation.addend
    if relocation.addend is None or obj.machine == EM_SH:
        # SuperH adds what stands in the section, too (arch/sh/kernel/module.c, R_SH_DIR32).
        start += word_at(obj, obj.sections[relocation.section], relocation.offset)
    section = obj.sections[symbol.section]
    if section.type == SHT_NOBITS or not 0 <= start < section.size:
        return None
    begin = section.offset + start
    end = obj.data.find(b"\0", begin, min(begin + MAX_TEXT, section.offset + section.size))
    return None if end < 0 else obj.data[begin:end].decode("utf-8", "backslashreplace")


def word_at(obj: Object, section: Section, offset: int) -> int:
    """Return the word (of the class's size) at a byte of a section; 0 where none stands there."""
    size = word_size(obj)
    content = obj.data[section.offset + offset : section.offset + min(offset + size, section.size)]
    if section.type == SHT_NOBITS or len(content) < size:
        return 0
    return int.from_bytes(content, "big" if obj.byte_order == "big" else "little")


def word_size(obj: Object) -> int:
    """Return the bytes of a pointer and of an ``unsigned long``."""
    return obj.bits // 8


def shown(text: str) -> str:
    """Return a text of the file in quotes, cut where it is long."""
    return f"“{text[:_SHOWN]}…”" if len(text) > _SHOWN else f"“{text}”"


def of_section(
    check: str,
    section: Section,
    evidence: str,
    meaning: str,
    mend: str,
    source: str,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding about a section as a whole."""
    place = f"{section.name[:200]} (section {section.number})"
    return Finding(check, severity, place, evidence, meaning, mend, source)
