# SPDX-License-Identifier: GPL-2.0-only
"""Only relocations that the kernel's module loader applies, and that reach.

What the loader of each architecture does with each type is in ``toolchains.yaml``, read from its
source.  Values and places are judged in the files ``relocation_*.py`` beside this.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHF_ALLOC, SHF_RELA_LIVEPATCH, SHT_REL, SHT_RELA
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.module import modinfo
from pipeline.validate.relocation_pairs import unpaired
from pipeline.validate.relocation_place import misplaced
from pipeline.validate.relocation_range import unreachable
from pipeline.validate.relocation_source import learnt
from pipeline.validate.relocation_uses import MAIN, check, loaded, uses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference
    from pipeline.validate.relocation_uses import Use

TYPE = "relocations.type"
_FORM, _TABLES = "relocations.form", "relocations.tables"
_FORMS = {SHT_REL: "rel", SHT_RELA: "rela"}
_NAMES = {"rel": "SHT_REL", "rela": "SHT_RELA"}

# By what the name of a type says of it; the first that matches counts.
_MENDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"TLS|TPR|DTP|TPOFF|GOTTP"),
        "no variable of a module can be thread-local: leave out __thread and _Thread_local",
    ),
    (
        re.compile(r"GOT|PLT|LTOFF|DLT|DLTIND|DPREL|FPTR|FUNCDESC|CALL16|COPY|RELATIVE|GLOB"),
        "compile with the kernel's own flags, without -fPIC and -fpic",
    ),
    (
        re.compile(r"ALIGN|RELAX|USES|COUNT|_CODE|_DATA|_LABEL|SWITCH"),
        "compile and assemble without linker relaxation (-mno-relax, and no -mrelax)",
    ),
    (
        re.compile(r"(PC|DISP|REL|IND|DIR|WPN|WPL|_S)_?(8|1\d|2\d)|PC(8|16)|_S(13|21|25)"),
        "use 32 bits: the long form of the instruction in assembly, the kernel's own flags in C",
    ),
    (
        re.compile(r"AHI16|SLO16"),
        "take a kernel whose loader has it (OpenRISC: kernel_version=6.12): GCC has no flag for it",
    ),
    (
        re.compile(r"NONE"),
        "leave the entry out: a linker that leaves such entries behind was told to drop sections",
    ),
)
_MEND = "compile with the GCC and the flags that the kernel tree is built with"


def unapplied(obj: Object, reference: Reference) -> list[Use]:
    """Return the relocations whose type the loader of the reference's kernel does not apply."""
    newer = learnt(reference)
    return [
        use
        for use in uses(obj, reference.arch)
        if (not use.known and use.name not in newer) or _option(use, reference)
    ]


def _unknown_types(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield a finding for each section and type that the loader does not apply."""
    found: dict[tuple[int, int], list[Use]] = {}
    for use in unapplied(obj, reference):
        kind = (use.section.number, use.relocation.type)
        found.setdefault(kind, []).append(use)
    for same in found.values():
        yield _unknown_type(same, reference)


def _option(use: Use, reference: Reference) -> str:
    """Return what the kernel's configuration has to say against a type, "" if nothing."""
    rule = use.rule
    if reference.kernel is None:
        return ""
    config = reference.kernel.config
    if rule.needs is not None and rule.needs not in config:
        return f"the kernel has not {rule.needs}"
    return f"the kernel has {rule.unless}" if rule.unless in config else ""


def _unknown_type(same: list[Use], reference: Reference) -> Finding:
    """Return the finding for the relocations of one type in one section."""
    first, arch = same[0], reference.arch
    number = first.relocation.type
    option = _option(first, reference)
    applied = ", ".join(sorted(arch.relocations, key=arch.relocations.__getitem__))
    evidence = f"{first.against} (type {number})"
    evidence += f", the first of {len(same)}" if len(same) > 1 else ""
    evidence += f"; {option}" if option else f"; the loader of {arch.name} applies {applied}"
    ignored = arch.loader.unknown == "ignored" and not option
    if not ignored:
        meaning = f'the kernel refuses the module ("Unknown relocation: {number}")'
    elif number == 0:
        meaning = 'the kernel logs "Unknown relocation: 0" and loads the module'
    else:
        meaning = (
            f'the kernel logs "Unknown relocation: {number}" and loads the module all the same, '
            "with the bytes as they are: a jump or an access to a wrong address"
        )
    severity = Severity.NOTE if ignored and number == 0 else Severity.ERROR
    if reference.kernel is None and first.name in arch.loader.later:
        severity = Severity.WARNING
        evidence += " in Linux 6.1; later ones know it too, and no tree is named (--kernel)"
    return Finding(
        TYPE,
        severity,
        first.place,
        evidence,
        meaning,
        next((mend for pattern, mend in _MENDS if pattern.search(first.name)), _MEND),
        arch.relocations_source,
    )


def _forms(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield a finding for each section of relocations in a form that the loader lacks."""
    accepted = reference.arch.loader.forms
    livepatch = modinfo(obj).first("livepatch") is not None
    for section in obj.sections:
        form = _FORMS.get(section.type)
        if form and section.flags & SHF_RELA_LIVEPATCH and not livepatch:
            yield Finding(
                _FORM,
                Severity.ERROR,
                section.name,
                f"flags {section.flags:#x}: SHF_RELA_LIVEPATCH, and there is no livepatch=",
                "the loader passes over these relocations: the bytes stay as they are in the file",
                "build it again: only a livepatch has such sections",
                "kernel/module/main.c, apply_relocations(); include/uapi/linux/elf.h",
            )
            continue
        if form is None or form in accepted or not loaded(obj.sections[section.info]):
            continue
        yield Finding(
            _FORM,
            Severity.ERROR,
            section.name,
            f"{_NAMES[form]}; the loader applies {' and '.join(map(_NAMES.__getitem__, accepted))}",
            'the kernel refuses the module ("REL relocation unsupported")',
            "link with the binutils that the kernel tree is built with",
            "include/linux/moduleloader.h, MODULES_USE_ELF_REL and MODULES_USE_ELF_RELA of "
            f"arch/*/Kconfig; {reference.arch.relocations_source}",
        )


def _tables(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Yield a finding for each section missing that the loader makes its own tables in."""
    if not obj.is_module:
        return
    for name in reference.arch.loader.sections:
        section = obj.section(name)
        if section is not None and section.flags & SHF_ALLOC:
            continue
        yield Finding(
            _TABLES,
            Severity.ERROR,
            name,
            "there is no such section" if section is None else "it is not SHF_ALLOC",
            "the kernel refuses the module: it has no place for addresses that code refers to"
            if section is None
            else "the loader writes addresses into memory that it frees after loading",
            "link with the kernel tree's module.lds and objects: Kbuild does both",
            f"module_frob_arch_sections; {reference.arch.relocations_source}; {MAIN}",
        )


CHECKS: Mapping[str, Check] = {
    TYPE: check(TYPE, _unknown_types),
    _FORM: check(_FORM, _forms),
    _TABLES: check(_TABLES, _tables),
    "relocations.place": check("relocations.place", misplaced),
    "relocations.pair": check("relocations.pair", unpaired),
    "relocations.range": check("relocations.range", unreachable),
}
