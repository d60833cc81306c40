# SPDX-License-Identifier: GPL-2.0-only
"""The module loader can resolve every name, and the object shows only what it means to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.validate.elfdata import (
    SHN_ABS,
    SHN_COMMON,
    SHN_LIVEPATCH,
    SHN_LORESERVE,
    SHN_UNDEF,
    STB_LOCAL,
    STB_WEAK,
    STT_TLS,
)
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.module import is_register
from pipeline.validate.names import family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Symbol
    from pipeline.validate.reference import Reference

_RESOLVE = "kernel/module/main.c, simplify_symbols()"
# What modpost, EXPORT_SYMBOL and the link script make in modules: scripts/mod/modpost.c,
# include/linux/export.h, arch/m68k/include/asm/module.lds.h, and since Linux 6.10
# include/asm-generic/codetag.lds.h.
MODULE_GLOBALS = re.compile(
    r"init_module|cleanup_module|__this_module|__(?:ksymtab|kstrtab|kstrtabns|kcrctab|crc)_.+"
    r"|__mod_.+_device_table|__(?:start|stop)_(?:fixup|alloc_tags)"
)
# Supplied at the final link of a .ko, by e_machine: scripts/mod/modpost.c, ignore_undef_symbol().
_GOT = "_GLOBAL_OFFSET_TABLE_"
_LINKED_LATER = {
    20: re.compile(r"_(?:rest|save)(?:32)?gpr_.*|_(?:rest|save)vr_.*"),
    21: re.compile(r"_(?:rest|save)(?:gpr[01]|fpr|vr)_.*|\.TOC\."),
    22: re.compile(r"__s390_indirect_jump_r.*"),
}
# EM_386, EM_X86_64: kernel/module/main.c, ignore_undef_symbol(); EM_S390:
# arch/s390/kernel/module.c, module_frob_arch_sections().
_GOT_IGNORED = (3, 62, 22)


def undefined(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Every undefined name is exported by the kernel, or will be there at the next link."""
    check = "symbols.undefined"
    unknown: set[str] = set()
    for symbol in _undefined(obj, reference):
        known = family(symbol.name)
        if reference.exports is None and known is None:
            unknown.add(symbol.name)
        elif symbol.bind == STB_WEAK:
            yield _weak(check, symbol)
        elif known is not None:
            # Without a tree it may be that this kernel exports it, as alpha does for __divqu.
            arithmetic = known.library == "libgcc" and reference.exports is None
            yield Finding(
                check,
                Severity.WARNING if arithmetic else Severity.ERROR,
                symbol.name,
                f"undefined, a name of {known.library}"
                + ("; no kernel tree to look it up in" if reference.exports is None else ""),
                f"{known.why}; the kernel does not load the module: Unknown symbol (ENOENT)",
                known.mend,
                _RESOLVE,
            )
        else:
            yield Finding(
                check,
                Severity.ERROR,
                symbol.name,
                f"undefined, and none of the {len(reference.exports or ())} symbols that this "
                "kernel exports",
                "the kernel does not load the module: Unknown symbol (ENOENT)",
                "use what the kernel exports (Module.symvers), or configure what exports it",
                _RESOLVE,
            )
    if unknown:
        yield Skipped(
            check, f"no kernel tree: {len(unknown)} names are not looked up: {some(unknown)}"
        )


def global_names(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Nothing is global but what was meant to be: two modules never clash."""
    check = "symbols.global"
    names = {
        symbol.name
        for symbol in obj.symbols
        if symbol.bind != STB_LOCAL and symbol.section != SHN_UNDEF and symbol.name
    }
    if obj.is_module:
        names = {name for name in names if not MODULE_GLOBALS.fullmatch(name)}
    if reference.allowed_globals is None:
        if names:
            yield Skipped(
                check,
                "which names are meant to be global is not known (--allow-global); "
                f"{len(names)} are: {some(names)}",
            )
        return
    for name in sorted(names - reference.allowed_globals):
        yield Finding(
            check,
            Severity.ERROR,
            name,
            "global; meant are "
            + (some(reference.allowed_globals) if reference.allowed_globals else "none"),
            "another object with the same name clashes with it, or is used instead of it",
            "make it local at the link (objcopy --keep-global-symbol), or allow it",
            "GNU ld manual, -r; GNU binutils manual, objcopy",
        )


def required(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Every name that the object is there for is defined and global."""
    check = "symbols.required"
    if not reference.required_globals:
        yield Skipped(check, "which names it is there for is not known")
    defined = {
        symbol.name
        for symbol in obj.symbols
        if symbol.bind != STB_LOCAL and symbol.section not in (SHN_UNDEF, SHN_COMMON)
    }
    for name in sorted(reference.required_globals - defined):
        yield Finding(
            check,
            Severity.ERROR,
            name,
            "it is not defined here, or is local",
            "the object may load, and does not do what it is there for",
            "keep it at the link (ld -u), and do not make it local",
            "kernel/module/main.c, do_init_module()",
        )


def common(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """No symbol is COMMON."""
    for symbol in obj.symbols:
        if symbol.section == SHN_COMMON and not symbol.name.startswith("__gnu_lto"):
            yield Finding(
                "symbols.common",
                Severity.ERROR,
                symbol.name,
                f"SHN_COMMON, {symbol.size} bytes",
                "the kernel refuses the module (ENOEXEC): please compile with -fno-common",
                "compile with -fno-common",
                _RESOLVE,
            )


def thread_local(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """No symbol is thread-local."""
    for symbol in obj.symbols:
        if symbol.type == STT_TLS:
            yield Finding(
                "symbols.tls",
                Severity.ERROR,
                symbol.name,
                f"STT_TLS, {'undefined' if symbol.section == SHN_UNDEF else 'defined'}",
                "the kernel has no thread-local storage: the access goes to a wrong address",
                "use a per-CPU variable, or the task",
                "kernel/module/main.c: the loader knows no TLS segment",
            )


def place(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """Every symbol is in a section that the loader knows, and inside its bytes."""
    known = {SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_LIVEPATCH}
    for number, symbol in enumerate(obj.symbols[1:], 1):
        name = symbol.name or f"symbol {number}"
        if symbol.section in known or symbol.type == STT_TLS:
            continue
        if symbol.section >= SHN_LORESERVE:
            yield Finding(
                "symbols.place",
                Severity.ERROR,
                name,
                f"st_shndx {symbol.section:#x}, not one of {len(obj.sections)} sections",
                "the kernel refuses the module (ENOEXEC): invalid section index",
                "link it again with ld -r, into fewer than 65,280 sections",
                _RESOLVE,
            )
            continue
        section = obj.sections[symbol.section]
        # One past the end is where a table ends.
        if symbol.value > section.size or symbol.value + symbol.size > section.size:
            yield Finding(
                "symbols.place",
                Severity.ERROR,
                name,
                f"bytes {symbol.value:#x} to {symbol.value + symbol.size:#x} of {section.name}, "
                f"which has {section.size:#x}",
                "whoever uses the symbol reads, writes or runs what lies behind the section",
                "build it again: a tool cut the section or moved the symbol",
                "System V ABI, chapter 4, Symbol Values",
            )


def duplicate(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """No global name is defined twice."""
    seen: dict[str, Symbol] = {}
    for symbol in obj.symbols[1:]:
        if symbol.bind == STB_LOCAL or symbol.section == SHN_UNDEF or not symbol.name:
            continue
        first = seen.setdefault(symbol.name, symbol)
        if first is not symbol:
            yield Finding(
                "symbols.duplicate",
                Severity.ERROR,
                symbol.name,
                f"defined at byte {first.value:#x} of section {first.section} and at byte "
                f"{symbol.value:#x} of section {symbol.section}",
                "which of the two is meant depends on who reads the table first",
                "build it again: no linker makes such a table",
                "System V ABI, chapter 4, Symbol Table",
            )


def export_clash(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The module exports nothing that the kernel or another module exports."""
    check = "symbols.export-clash"
    if reference.exports is None:
        yield Skipped(check, "no kernel tree says what others export")
        return
    own = module_name(obj)
    for symbol in obj.symbols:
        name = symbol.name.removeprefix("__ksymtab_")
        if name == symbol.name or symbol.section == SHN_UNDEF:
            continue
        owner = reference.exports.get(name)
        if owner is not None and owner.rpartition("/")[2].replace("-", "_") != own:
            yield Finding(
                check,
                Severity.ERROR,
                name,
                f"exported here and by {owner}",
                "the kernel refuses the module (ENOEXEC): exports duplicate symbol",
                "export it under another name, or use the one that is there",
                "kernel/module/main.c, verify_exported_symbols()",
            )


def module_name(obj: Object) -> str:
    """Return the name that ``.modinfo`` gives the module, or that its file's name gives."""
    section = obj.section(".modinfo")
    for entry in obj.content(section).split(b"\0") if section else ():
        if entry.startswith(b"name="):
            return entry[5:].decode("utf-8", "backslashreplace")
    return obj.path.stem.replace("-", "_")


def _undefined(obj: Object, reference: Reference) -> Iterator[Symbol]:
    """Yield the undefined symbols that nothing in ``reference`` supplies."""
    later = _LINKED_LATER.get(obj.machine)
    supplied = reference.allowed_undefined
    exports = reference.exports if reference.exports is not None else {}
    for symbol in obj.symbols[1:]:
        name = symbol.name
        if symbol.section != SHN_UNDEF or is_register(obj, symbol) or name in supplied:
            continue
        if name in exports or (name == "__this_module" and not obj.is_module):
            continue
        if name == _GOT and (obj.machine in _GOT_IGNORED or not obj.is_module):
            continue
        if later and not obj.is_module and later.fullmatch(name):
            continue
        yield symbol


def _weak(check: str, symbol: Symbol) -> Finding:
    """Return the warning for a weak undefined name: no error, and 0 at run."""
    return Finding(
        check,
        Severity.WARNING,
        symbol.name,
        "weak and undefined, and not exported by this kernel",
        "its address is 0: a call through it without a test crashes",
        "define it, or do not refer to it",
        _RESOLVE,
    )


CHECKS = {
    "symbols.undefined": undefined,
    "symbols.global": global_names,
    "symbols.required": required,
    "symbols.common": common,
    "symbols.tls": thread_local,
    "symbols.place": place,
    "symbols.duplicate": duplicate,
    "symbols.export-clash": export_clash,
}
