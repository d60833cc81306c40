# SPDX-License-Identifier: GPL-2.0-only
"""The instructions are the kernel's GCC's: every mark in the object says so."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.debuginfo.model import LANG_ASSEMBLER
from pipeline.errors import UserError
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import STT_FILE
from pipeline.validate.finding import Finding, Severity, Skipped, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.reference import Reference

_FOREIGN_TEXT = re.compile(r"LLVM|clang|rustc|\bLLD\b|\bmold\b|\bIntel\(R\)|\btcc\b", re.IGNORECASE)
# Sections that only LLVM and rustc write (LLVM's "Extensions", rustc_codegen_ssa's metadata.rs).
_FOREIGN_SECTION = re.compile(
    r"\.llvm(bc|cmd|_addrsig|_bb_addr_map|\.|_)|\.note\.rustc|\.rustc\b|\.rmeta|__llvm_|__rustc_"
)
# rustc's symbol names: v0 (Rust RFC 2603), the older Itanium-like ones with a hash, and LLVM's own.
_FOREIGN_SYMBOL = re.compile(
    r"_R[CMXYNI][A-Za-z0-9_]{2,}$|_ZN.*17h[0-9a-f]{16}E|.*\.llvm\.\d+$|llvm\.|__llvm_|anon\.[0-9a-f]{32}\."
)
_MEANING = (
    "its code generator knows nothing of the kernel's calling convention, fixed registers and "
    "structure layouts: it can corrupt the kernel's state when it runs"
)
_MEND = "compile the C with the GCC and the flags that built the kernel; link nothing else in"
_SOURCE = 'the kernel\'s Makefile: "the compiler differs from the one used to build the kernel"'


def compiler(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Every string of ``.comment`` is what the kernel's GCC writes there."""
    check = "provenance.compiler"
    if not obj.comments:
        yield _error(
            check,
            ".comment",
            "no compiler left its name",
            "that this is the kernel's compiler's code cannot be proved",
            "compile without -fno-ident and do not strip .comment",
        )
        return
    wanted = reference.toolchain.comment if reference.toolchain else None
    for text, count in Counter(obj.comments).items():
        if _FOREIGN_TEXT.search(text):
            yield _error(check, ".comment", f"{text!r} ({count} times)", _MEANING, _MEND)
        elif wanted is not None and text != wanted:
            yield _error(
                check,
                ".comment",
                f"{text!r} ({count} times); the kernel's GCC writes {wanted!r}",
                "another compiler, or another version, may lay out and call differently",
                _MEND,
            )
    if wanted is None:
        yield Skipped(check, "the architecture's GCC is not installed: nothing to compare with")


def kernel_compiler(_obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The GCC at hand is the one that built the kernel tree."""
    check = "provenance.kernel-compiler"
    if reference.kernel_object is None or reference.toolchain is None:
        missing = "kernel tree" if reference.kernel_object is None else "GCC"
        yield Skipped(check, f"no {missing} at hand")
        return
    try:
        kernel = Object.read(reference.kernel_object)
    except UserError as error:
        yield Skipped(check, error.what)
        return
    other = set(kernel.comments) - {reference.toolchain.comment}
    if other:
        yield Finding(
            check,
            Severity.WARNING,
            str(reference.kernel_object),
            f"{some(other)}; the GCC at hand writes {reference.toolchain.comment!r}",
            "the kernel was built by another compiler than the module",
            "build the kernel tree again with this GCC, or use the GCC that built it",
            _SOURCE,
        )


def marks(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """No section, symbol or recorded text is LLVM's, clang's or rustc's."""
    check = "provenance.foreign"
    sections = {section.name for section in obj.sections if _FOREIGN_SECTION.match(section.name)}
    if sections:
        yield _error(check, some(sections), "sections that only LLVM or rustc writes")
    symbols = {
        symbol.name
        for symbol in obj.symbols
        if symbol.type != STT_FILE and _FOREIGN_SYMBOL.match(symbol.name)
    }
    if symbols:
        yield _error(
            check, some(symbols), f"{len(symbols)} symbols named as rustc or LLVM names them"
        )
    recorded = {text for text in obj.recorded if foreign(text)}
    if recorded:
        yield _error(check, ".GCC.command.line", some(recorded, 3))


def debug_producer(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """Every compilation unit in the debug information comes from GCC or GNU as."""
    check = "provenance.producer"
    if obj.producers is None:
        yield _error(
            check,
            ".debug_info",
            obj.producers_missing,
            "who compiled the units cannot be read",
            "build again, or remove it with objcopy --strip-debug",
        )
        return
    if not obj.producers:
        yield Skipped(check, "there is no debug information")
    strangers = Counter(
        unit.text or "(it names no producer)"
        for unit in obj.producers
        if not (unit.text or "").startswith(("GNU C", "GNU AS", "GNU GIMPLE"))
        or foreign(unit.text or "")
    )
    for text, count in strangers.items():
        yield _error(check, ".debug_info, DW_AT_producer", f"{text!r} ({count} units)")


def foreign(producer: str) -> bool:
    """Say whether a producer names LLVM or rustc; its options may hold any path."""
    return bool(_FOREIGN_TEXT.search(producer.partition(" -")[0]))


def c_units(obj: Object) -> int:
    """Return how many C compilation units the object has at least, by the marks each leaves.

    GCC writes one ``.comment`` string, one symbol of type FILE and, where asked to, one recorded
    command line and one DWARF unit for each; ``ld -r`` (binutils 2.40) keeps them all.
    """
    files = sum(
        symbol.type == STT_FILE and symbol.name.lower().endswith(".c") for symbol in obj.symbols
    )
    return max(files, len(obj.comments), len(obj.recorded), len(c_producers(obj)))


def c_producers(obj: Object) -> list[str]:
    """Return the DWARF producers of the units that are not assembly."""
    return [unit.text or "" for unit in obj.producers or () if unit.language != LANG_ASSEMBLER]


def _error(
    check: str, place: str, evidence: str, meaning: str = _MEANING, mend: str = _MEND
) -> Finding:
    """Return an error finding of this family."""
    return Finding(check, Severity.ERROR, place, evidence, meaning, mend, _SOURCE)


CHECKS = {
    "provenance.compiler": compiler,
    "provenance.kernel-compiler": kernel_compiler,
    "provenance.foreign": marks,
    "provenance.producer": debug_producer,
}
