# SPDX-License-Identifier: GPL-2.0-only
"""``struct module``, the exports and the per-CPU data are what this kernel's loader reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHF_ALLOC, SHF_WRITE, SHN_UNDEF, SHT_PROGBITS, STB_LOCAL
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.module import (
    NO_MODULE,
    NO_TREE,
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
    from pipeline.validate.elfdata import Section
    from pipeline.validate.reference import Kernel, Reference

THIS_MODULE = ".gnu.linkonce.this_module"
_CHECK = "sections.this-module"
_PROBE_NAME = b"probe\0"
_NAME_BYTES = 64  # of a name, and of the unsigned long that MODULE_NAME_LEN leaves room for
_EXPORTS = ("", "_gpl")
_PER_CPU, _PER_CPU_UNIT = 8 << 10, 64 << 10  # bytes; the second with the largest pages
_AGAIN = "build the module with this kernel tree (make M=…)"
_LOAD = "kernel/module/main.c, setup_load_info()"
_HEADER = "scripts/mod/modpost.c, add_header(); include/linux/module.h, struct module"
_RUN = "kernel/module/main.c, do_init_module(), free_module()"


def this_module(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """There is one ``struct module``, as large as the kernel's, with init, exit and the name."""
    if not meant_as_module(obj):
        yield Skipped(_CHECK, NO_MODULE)
        return
    sections = [section for section in obj.sections if section.name == THIS_MODULE]
    found = find_section(obj, THIS_MODULE)
    if len(sections) != 1 or found is None:
        yield _error(
            f"{len(sections)} sections, "
            f"{sum(bool(section.flags & SHF_ALLOC) for section in sections)} with SHF_ALLOC; "
            "there must be one",
            "the kernel refuses to load it (ENOEXEC): No module found in object"
            if found is None
            else "the kernel takes the first, newer ones refuse the module (ENOEXEC)",
            _LOAD,
        )
        return
    wanted = SHF_WRITE | SHF_ALLOC
    if found.type != SHT_PROGBITS or found.flags & wanted != wanted:
        yield _error(
            f"sh_type {found.type:#x}, flags {found.flags:#x}; SHT_PROGBITS (1) with SHF_WRITE and "
            "SHF_ALLOC (0x3) is needed",
            "the kernel writes into it and reads it from the file: it crashes, or refuses it",
            _LOAD,
        )
    if reference.kernel is None:
        yield from _without_tree(obj, found)
    else:
        yield from _beside_probe(obj, found, reference.kernel)


def _without_tree(obj: Object, found: Section) -> Iterator[Finding | Skipped]:
    """Judge what can be seen without a tree: init is pointed to, and the name is in there."""
    names = {move.symbol.name for move in moved_at(obj, found).values()}
    if "init_module" in _defined(obj) and "init_module" not in names:
        yield _never("init_module", "no relocation of the section names it")
    name = modinfo(obj).first("name")
    if name and name.encode("utf-8", "replace") + b"\0" not in obj.content(found):
        yield _name_differs(name, "it is not in the section")
    yield Skipped(_CHECK, f"{NO_TREE}: the size of struct module and the places in it")


def _beside_probe(obj: Object, found: Section, kernel: Kernel) -> Iterator[Finding | Skipped]:
    """Compare with the ``struct module`` of an empty module that the tree built."""
    sample = find_section(kernel.probe, THIS_MODULE)
    if sample is None:
        yield Skipped(_CHECK, "the kernel tree's own module has no such section")
        return
    if found.size != sample.size:
        yield _error(
            f"{found.size} bytes; struct module of this kernel has {sample.size}",
            "the kernel reads and writes past it, or at wrong places: it crashes",
            _HEADER,
        )
        return
    if found.align < sample.align:
        yield Finding(
            _CHECK,
            Severity.WARNING,
            THIS_MODULE,
            f"aligned to {found.align}, in this kernel to {sample.align}",
            "members may be at addresses that the kernel's code does not expect",
            _AGAIN,
            _HEADER,
        )
    yield from _pointers(obj, found, kernel.probe, sample)
    at = kernel.probe.content(sample).find(_PROBE_NAME)
    name = modinfo(obj).first("name")
    if at < 0 or name is None:
        yield Skipped(_CHECK, "the name in struct module has nothing to be compared with")
        return
    held = obj.content(found)[at:].split(b"\0")[0]
    longest = _NAME_BYTES - word_size(obj) - 1
    if len(held) > longest:
        yield _error(
            f"a name of {len(held)} bytes; struct module has room for {longest} and a zero byte",
            "nobody can unload it: delete_module() takes no name so long",
            "include/linux/moduleparam.h, MODULE_NAME_LEN; kernel/module/main.c, delete_module()",
        )
    text = held.decode("utf-8", "backslashreplace")
    if text != name:
        yield _name_differs(name, f"{shown(text)} at byte {at:#x}")


def _pointers(
    obj: Object, found: Section, probe: Object, sample: Section
) -> Iterator[Finding | Skipped]:
    """Compare what points where: init and exit, and what the architecture adds."""
    own = {offset: move.symbol.name for offset, move in moved_at(obj, found).items()}
    usual = {offset: move.symbol.name for offset, move in moved_at(probe, sample).items()}
    defined = _defined(obj)
    for offset, name in sorted(usual.items()):
        there = own.get(offset)
        # A module without init or exit has nothing at its place.
        optional = name in ("init_module", "cleanup_module") and name not in defined
        if there == name or (there is None and optional):
            continue
        evidence = f"at byte {offset:#x} there is {there or 'no relocation'}, not {name}"
        if name in defined:
            yield _never(name, evidence)
        else:
            yield _error(evidence, "the kernel follows a wrong pointer: it crashes", _HEADER)
    strange = sorted(set(own) - set(usual))
    if strange:
        yield _error(
            f"{len(strange)} pointers at places where this kernel has none, the first at byte "
            f"{strange[0]:#x}: {own[strange[0]][:200]}",
            "the kernel takes them for something else",
            _HEADER,
        )


def _defined(obj: Object) -> frozenset[str]:
    """Return the global names that the object defines."""
    return obj.once(
        "defined",
        lambda: frozenset(
            symbol.name
            for symbol in obj.symbols
            if symbol.section != SHN_UNDEF and symbol.bind != STB_LOCAL
        ),
    )


def exports(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The tables of exports are whole, and export nothing that the kernel has already."""
    check = "sections.exports"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    for suffix in _EXPORTS:
        yield from _tables(obj, reference, check, suffix)
    names = {
        symbol.name.removeprefix("__ksymtab_")
        for symbol in obj.symbols
        if symbol.name.startswith("__ksymtab_") and symbol.section != SHN_UNDEF
    }
    if reference.kernel is not None:
        names |= _exported(obj, reference.kernel)
    if reference.kernel is None:
        if names:
            yield Skipped(check, f"{NO_TREE}: whether another module exports the same")
        return
    own = modinfo(obj).first("name")
    for name in sorted(names & reference.kernel.exports.keys()):
        owner = reference.kernel.exports[name].module
        if owner.rpartition("/")[2].replace("-", "_") != own:
            yield Finding(
                check,
                Severity.ERROR,
                name,
                f"this module exports it, and so does {owner}",
                "the kernel refuses the module (ENOEXEC): exports duplicate symbol",
                "give it another name, or do not export it",
                "kernel/module/main.c, verify_exported_symbols()",
            )


def _tables(
    obj: Object, reference: Reference, check: str, suffix: str
) -> Iterator[Finding | Skipped]:
    """Judge ``__ksymtab`` and ``__kcrctab``, or those of the GPL-only exports."""
    symbols = find_section(obj, f"__ksymtab{suffix}")
    sums = find_section(obj, f"__kcrctab{suffix}")
    if symbols is None or not symbols.size:
        return
    if reference.kernel is None:
        yield Skipped(check, f"{NO_TREE}: the size of struct kernel_symbol")
        return
    config = reference.kernel.config
    entry = 3 * _field(obj, reference.kernel)
    count, rest = divmod(symbols.size, entry)
    evidence = meaning = ""
    if rest:
        evidence = f"{symbols.size} bytes, an entry has {entry}"
        meaning = "the kernel reads half an entry: it crashes when it looks a symbol up"
    elif config.get("CONFIG_MODVERSIONS") == "y" and (sums is None or sums.size != 4 * count):
        evidence = (
            f"{count} exports, and {sums.size if sums else 0} bytes of checksums of 4 each in "
            f"__kcrctab{suffix}"
        )
        meaning = (
            "the kernel refuses the module: no versions for exported symbols (ENOEXEC)"
            if sums is None
            else "modules that use the exports get wrong checksums and are refused"
        )
    if evidence:
        yield Finding(
            check,
            Severity.ERROR,
            f"__ksymtab{suffix}",
            evidence,
            meaning,
            _AGAIN,
            "include/linux/export.h, struct kernel_symbol; kernel/module/main.c, "
            "check_module_license_and_versions()",
        )


def _exported(obj: Object, kernel: Kernel) -> set[str]:
    """Return the names in the tables of exports, which the loader goes by.

    A linker names each entry ``__ksymtab_…``, and nothing but modpost reads that.
    """
    field = _field(obj, kernel)
    names: set[str] = set()
    for suffix in _EXPORTS:
        table = find_section(obj, f"__ksymtab{suffix}")
        if table is not None:
            texts = (
                text_at(obj, move)
                for offset, move in moved_at(obj, table).items()
                if offset % (3 * field) == field
            )
            names.update(filter(None, texts))
    return names


def _field(obj: Object, kernel: Kernel) -> int:
    """Return the bytes of each of the three fields of ``struct kernel_symbol``."""
    relative = kernel.config.get("CONFIG_HAVE_ARCH_PREL32_RELOCATIONS") == "y"
    return 4 if relative else word_size(obj)


def per_cpu(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """There is per-CPU data only where the kernel has more than one CPU, and has room for it."""
    check = "sections.per-cpu"
    section = find_section(obj, ".data..percpu")
    if section is None or not section.size:
        return
    if reference.kernel is None:
        yield Skipped(check, f"{NO_TREE}: whether it has CONFIG_SMP")
    elif reference.kernel.config.get("CONFIG_SMP") != "y":
        yield Finding(
            check,
            Severity.WARNING,
            section.name,
            f"{section.size} bytes, and the kernel is configured without CONFIG_SMP",
            "the kernel loads it as ordinary data: wrong, where the module's code adds the "
            "address of a CPU's area to it",
            _AGAIN,
            "kernel/module/main.c, find_pcpusec() without CONFIG_SMP",
        )
    elif section.size > _PER_CPU:
        # Where the architecture sets the areas up itself, it may let modules share what all share.
        own = reference.kernel.config.get("CONFIG_HAVE_SETUP_PER_CPU_AREA") == "y"
        unsure = own and section.size <= _PER_CPU_UNIT
        yield Finding(
            check,
            Severity.WARNING if unsure else Severity.ERROR,
            section.name,
            f"{section.size} bytes; the kernel keeps {_PER_CPU} for all modules together",
            "the kernel refuses to load it"
            + (", on some architectures" if unsure else "")
            + " (ENOMEM): could not allocate percpu data",
            "allocate it when it is needed (alloc_percpu)",
            "include/linux/percpu.h, PERCPU_MODULE_RESERVE, PCPU_MIN_UNIT_SIZE; "
            "kernel/module/main.c, percpu_modalloc()",
        )


def _never(name: str, evidence: str) -> Finding:
    """Return the error for an init or exit that the kernel does not find."""
    return Finding(
        _CHECK,
        Severity.ERROR,
        name,
        evidence,
        "the kernel never calls it, or something else instead of it",
        _AGAIN,
        _RUN,
    )


def _name_differs(name: str, evidence: str) -> Finding:
    """Return the error for a name that is not that of ``.modinfo``."""
    return _error(
        f"name= of .modinfo is {shown(name)}; {evidence}",
        "the kernel registers the module under another name than its tools know",
        "kernel/module/main.c, setup_load_info(), add_unformed_module()",
    )


def _error(evidence: str, meaning: str, source: str) -> Finding:
    """Return an error about the section as a whole."""
    return Finding(_CHECK, Severity.ERROR, THIS_MODULE, evidence, meaning, _AGAIN, source)


CHECKS: dict[str, Check] = {
    _CHECK: this_module,
    "sections.exports": exports,
    "sections.per-cpu": per_cpu,
}
