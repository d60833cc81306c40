# SPDX-License-Identifier: GPL-2.0-only
"""The section headers hold together: what the loader refuses, groups, and names used twice."""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pipeline.validate.elfdata import (
    SHF_ALLOC,
    SHF_COMPRESSED,
    SHF_GROUP,
    SHN_UNDEF,
    SHT_GROUP,
    SHT_STRTAB,
    SHT_SYMTAB,
)
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.module import NO_MODULE, meant_as_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Section
    from pipeline.validate.reference import Reference

# Sections that find_sec() looks for by name: of several it takes the first.
_READ_BY_NAME = frozenset(
    {
        ".modinfo",
        "__versions",
        ".gnu.linkonce.this_module",
        ".data..percpu",
        "__param",
        "__ksymtab",
        "__ksymtab_gpl",
        "__kcrctab",
        "__kcrctab_gpl",
        "__ex_table",
        "__bug_table",
        ".ctors",
        ".init_array",
    }
)
_TWICE = {
    ".modinfo": "the loader reads the first one only; from 6.12 on it refuses the module (ENOEXEC)"
}
_VALIDITY = "kernel/module/main.c, elf_validity_check()"
_GABI = "System V ABI, chapter 4, Section Groups"
_REFUSED = "the kernel refuses to load it (ENOEXEC)"
_RELINK = "link it again with the architecture's ld -r"


def headers(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """The header and the first section are such as the loader asks for."""
    check = "sections.headers"
    wide = obj.bits == 64
    prefix = ">" if obj.byte_order == "big" else "<"
    count, names = struct.unpack_from(f"{prefix}HH", obj.data, 60 if wide else 48)
    (start,) = struct.unpack_from(prefix + ("Q" if wide else "I"), obj.data, 40 if wide else 32)
    if not SHN_UNDEF < names < min(count, len(obj.sections)):
        yield _error(
            check,
            "ELF header",
            f"e_shnum {count}, e_shstrndx {names}, {len(obj.sections)} sections",
            f"{_REFUSED}: it knows no extended numbering",
            "link the sections together: less than 65,280 of them",
            _VALIDITY,
        )
        return
    null = obj.sections[0]
    address = struct.unpack_from(prefix + "IIQQ" if wide else prefix + "IIII", obj.data, start)[3]
    if null.type or null.size or address:
        yield _error(
            check,
            "section 0",
            f"sh_type {null.type:#x}, sh_size {null.size:#x}, sh_addr {address:#x}; all must be 0",
            _REFUSED,
            _RELINK,
            _VALIDITY,
        )
    table = obj.content(obj.sections[names])
    if not table.endswith(b"\0"):
        yield _error(
            check,
            f"section {names}",
            f"the names of the sections are {len(table)} bytes that do not end with a zero byte",
            _REFUSED,
            _RELINK,
            _VALIDITY,
        )
    yield from _string_tables(obj, names)
    for section in obj.sections:
        if section.flags & SHF_COMPRESSED and section.flags & SHF_ALLOC:
            yield _error(
                check,
                f"{section.name[:200]} (section {section.number})",
                f"flags {section.flags:#x}: SHF_COMPRESSED and SHF_ALLOC",
                "the loader does not look at the first: what is compressed is taken as it stands",
                "compress sections of debug information only",
                "System V ABI, chapter 4, sh_flags: SHF_COMPRESSED is not for SHF_ALLOC",
            )
    if meant_as_module(obj) and not any(one.type == SHT_SYMTAB for one in obj.sections):
        yield _error(
            check,
            "the whole object",
            "it has no symbol table",
            f"{_REFUSED}: module has no symbols (stripped?)",
            "strip with --strip-debug only",
            "kernel/module/main.c, setup_load_info()",
        )


def _string_tables(obj: Object, names: int) -> Iterator[Finding]:
    """The names of sections, in section ``names``, and of symbols are in string tables."""
    tables = [("sections", names)]
    tables += [("symbols", one.link) for one in obj.sections if one.type == SHT_SYMTAB]
    for what, number in tables:
        found = obj.sections[number].type
        if found != SHT_STRTAB:
            yield _error(
                "sections.headers",
                f"section {number}",
                f"sh_type {found:#x}; it has the names of the {what}: SHT_STRTAB ({SHT_STRTAB})",
                f"Linux 6.1 does not look; from 6.12 on {_REFUSED}",
                _RELINK,
                "kernel/module/main.c of 6.12, elf_validity_cache_secstrings(), "
                "elf_validity_cache_index_str()",
            )


def names_used_twice(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """No two sections that the loader looks for, or shows in sysfs, have the same name."""
    check = "sections.names"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    # Linux 6.12 looks for a second .modinfo whatever its flags.
    used = Counter(
        section.name
        for section in obj.sections
        if section.name == ".modinfo" or (section.flags & SHF_ALLOC and section.size)
    )
    for name, times in used.items():
        if times < 2:
            continue
        by_name = name in _READ_BY_NAME
        yield Finding(
            check,
            Severity.ERROR if by_name else Severity.WARNING,
            name[:200],
            f"{times} sections of this name",
            _TWICE.get(name, "the loader reads the first one only")
            if by_name
            else "the kernel warns of a duplicate file name in sysfs, and shows no addresses of "
            "the module's sections",
            f"{_RELINK} and the tree's scripts/module.lds",
            "kernel/module/main.c, find_sec()"
            if by_name
            else "kernel/module/sysfs.c, add_sect_attrs()",
        )


class _Group(NamedTuple):
    """A section group: its own section and the numbers of its members."""

    section: Section
    members: tuple[int, ...]


def groups(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """Every group has its signature and all its members, and every member its group."""
    check = "sections.group"
    # The kernel's loader ignores groups; the next link goes by them.
    severity = Severity.WARNING if obj.is_module else Severity.ERROR
    found, reason = _groups(obj)
    if reason:
        yield _error(check, "SHT_GROUP", reason, "no linker takes it", _RELINK, _GABI)
        return
    grouped: set[int] = set()
    for group in found:
        place = f"{group.section.name[:200]} (section {group.section.number})"
        grouped.update(group.members)
        for evidence, sort in _faults(obj, group, severity):
            yield Finding(
                check,
                sort,
                place,
                evidence,
                "a linker cannot tell which group it is, or drops half of it: code or data is "
                "there twice or not at all",
                _RELINK,
                _GABI,
            )
    for section in obj.sections:
        if section.flags & SHF_GROUP and section.number not in grouped:
            yield Finding(
                check,
                severity,
                f"{section.name[:200]} (section {section.number})",
                "SHF_GROUP, and no group names it as a member",
                "its group was dropped: a linker refuses it, or keeps it twice",
                _RELINK,
                _GABI,
            )


def _groups(obj: Object) -> tuple[list[_Group], str]:
    """Return all groups, or the reason why they cannot be read."""
    order = ">" if obj.byte_order == "big" else "<"
    found = []
    left = len(obj.data)
    for section in obj.sections:
        if section.type != SHT_GROUP:
            continue
        left -= section.size
        if left < 0:
            return [], "the groups are longer than the file: they overlap"
        if section.size % 4 or not section.size:
            return [], f"section {section.number} has {section.size} bytes, not a number of words"
        words = struct.unpack(f"{order}{section.size // 4}I", obj.content(section))
        found.append(_Group(section, words[1:]))
    return found, ""


def _faults(obj: Object, group: _Group, severity: Severity) -> Iterator[tuple[str, Severity]]:
    """Yield what is wrong with one group, and how bad it is."""
    number = group.section.info
    if not 0 < number < len(obj.symbols):
        yield f"its signature is symbol {number} of {len(obj.symbols)}", severity
    elif not obj.symbols[number].name:
        yield f"its signature, symbol {number}, has no name", severity
    elif obj.symbols[number].section == SHN_UNDEF:
        # The module loader looks up every undefined symbol, this one, too.
        yield f"its signature, {obj.symbols[number].name[:200]}, is not defined", Severity.ERROR
    if not group.members:
        yield "it has no members", severity
    outside = [one for one in group.members if not 0 < one < len(obj.sections)]
    if outside:
        yield f"{len(outside)} members are no sections, the first {outside[0]}", severity
    dropped = [
        one
        for one in group.members
        if 0 < one < len(obj.sections) and not obj.sections[one].flags & SHF_GROUP
    ]
    if dropped:
        first = obj.sections[dropped[0]].name[:200]
        yield f"{len(dropped)} members have no SHF_GROUP, the first {first}", severity


def _error(check: str, place: str, evidence: str, meaning: str, mend: str, source: str) -> Finding:
    """Return an error finding."""
    return Finding(check, Severity.ERROR, place, evidence, meaning, mend, source)


CHECKS: dict[str, Check] = {
    "sections.headers": headers,
    "sections.names": names_used_twice,
    "sections.group": groups,
}
