# SPDX-License-Identifier: GPL-2.0-only
"""The parameters that a module tells of are those that the kernel will find in it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pipeline.validate.elfdata import SHN_UNDEF, SHT_NOBITS
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.module import (
    NO_MODULE,
    find_section,
    meant_as_module,
    modinfo,
    moved_at,
    shown,
    text_at,
    word_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_CHECK = "sections.parameters"
_SECTION = "__param"
_OPS = re.compile(r"param_ops_(\w+)")
_ARRAY_OPS = "param_array_ops"
_AGAIN = "declare it with module_param(), which writes both"
_STRUCT = "include/linux/moduleparam.h, struct kernel_param"
_MACRO = "include/linux/moduleparam.h, module_param()"


class _Parameter(NamedTuple):
    """An entry of ``__param``: its byte offset, its name and the symbol of its operations.

    A name or symbol that cannot be found is empty.  ``file`` says whether it has a file in sysfs.
    """

    offset: int
    name: str
    ops: str
    file: bool


def parameters(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """Every declared parameter has its entry, and the entry does what the type says."""
    if not meant_as_module(obj):
        yield Skipped(_CHECK, NO_MODULE)
        return
    section = find_section(obj, _SECTION)
    # Three pointers, a u16, two bytes, and a pointer, which is aligned on 64 bits.
    entry = 5 * word_size(obj)
    if section is not None and (section.size % entry or section.type == SHT_NOBITS):
        yield _finding(
            _SECTION,
            f"{section.size} bytes of sh_type {section.type:#x}, an entry has {entry}",
            "the kernel reads half an entry: it crashes when a parameter is given",
            _STRUCT,
        )
        return
    found = _entries(obj, entry)
    broken = [one for one in found if not one.name or not one.ops]
    if broken:
        yield _finding(
            f"{_SECTION}+{broken[0].offset:#x}",
            f"{len(broken)} entries whose name or operations no relocation gives",
            "the kernel follows a null pointer when a parameter is given",
            _STRUCT,
        )
    yield from _types(obj, found, complete=not broken)
    yield from _twice(found)


def _twice(found: list[_Parameter]) -> Iterator[Finding]:
    """Find names that several entries have, and those that sysfs would have to show twice."""
    names = Counter(one.name for one in found if one.name)
    files = Counter(one.name for one in found if one.name and one.file)
    twice = [name for name, times in names.items() if times > 1]
    refused = [name for name, times in files.items() if times > 1]
    if refused:
        yield _finding(
            _SECTION,
            f"entries of the same name, each with a file in sysfs: {some(refused)}",
            "the kernel refuses the module (EEXIST): cannot create duplicate filename",
            "kernel/params.c, module_param_sysfs_setup()",
        )
    elif twice:
        yield _finding(
            _SECTION,
            f"entries of the same name: {some(twice)}",
            "the kernel sets the first one only",
            "kernel/params.c, parse_one()",
            Severity.WARNING,
        )


def _entries(obj: Object, entry: int) -> list[_Parameter]:
    """Return the entries of ``__param``; what they point to is in its relocations."""
    section = find_section(obj, _SECTION)
    if section is None:
        return []
    moves = moved_at(obj, section)
    content = obj.content(section)
    permissions = 3 * word_size(obj)
    found = []
    for offset in range(0, section.size, entry):
        name, ops = moves.get(offset), moves.get(offset + 2 * word_size(obj))
        symbol = ops.symbol if ops else None
        found.append(
            _Parameter(
                offset,
                (name and text_at(obj, name)) or "",
                (symbol.name or f"section {symbol.section}") if symbol else "",
                any(content[offset + permissions : offset + permissions + 2]),
            )
        )
    return found


def _types(obj: Object, found: list[_Parameter], *, complete: bool) -> Iterator[Finding]:
    """Compare the entries with ``parmtype=name:type``."""
    by_name = {one.name: one for one in found if one.name}
    kernels = {symbol.name for symbol in obj.symbols if symbol.section == SHN_UNDEF}
    declared = dict(reversed([text.partition(":")[::2] for text in modinfo(obj).all("parmtype")]))
    lost = []
    for name, kind in declared.items():
        entry = by_name.get(name)
        if entry is None:
            lost.append(name)
            continue
        wanted = _type_of(entry.ops)
        # Operations of the module's own may serve any type.
        if wanted and entry.ops in kernels and not _agrees(kind, wanted):
            yield _finding(
                f"{_SECTION}+{entry.offset:#x}",
                f"parmtype= says {shown(f'{name}:{kind}')}, the entry has {entry.ops[:200]}",
                "tools tell a type that the kernel does not take",
                _MACRO,
                Severity.WARNING,
            )
    if lost and complete:
        yield _finding(
            "parmtype=",
            f"{some(lost)}: no such entry among {len(found)} in {_SECTION}",
            "the kernel does not know the parameter, and ignores it",
            _MACRO,
        )
    told = set(declared)
    for entry in found:
        if entry.name and entry.name not in told and entry.ops in kernels and _type_of(entry.ops):
            yield _finding(
                f"{_SECTION}+{entry.offset:#x}",
                f"{shown(entry.name)} with {entry.ops[:200]} has no parmtype=",
                "modinfo does not tell its type",
                _MACRO,
                Severity.NOTE,
            )


def _type_of(ops: str) -> str:
    """Return the type that the kernel's operations take; nothing for others."""
    if ops == _ARRAY_OPS:
        return "array of …"
    match = _OPS.fullmatch(ops)
    return match[1] if match else ""


def _agrees(kind: str, wanted: str) -> bool:
    """Say whether a type of ``parmtype=`` is served by operations for ``wanted``."""
    if wanted == "array of …":
        return kind.startswith("array of ")
    return kind == wanted


def _finding(
    place: str, evidence: str, meaning: str, source: str, severity: Severity = Severity.ERROR
) -> Finding:
    """Return a finding of this check."""
    return Finding(_CHECK, severity, place, evidence, meaning, _AGAIN, source)


CHECKS: dict[str, Check] = {_CHECK: parameters}
