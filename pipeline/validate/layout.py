# SPDX-License-Identifier: GPL-2.0-only
"""Where the kernel's module loader puts the sections: their alignment and the memory for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.files import text_start
from pipeline.validate.elfdata import SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, STT_FUNC
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.module import of_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Section
    from pipeline.validate.reference import Kernel, Reference

_CHECK = "sections.alignment"
_MEMORY = "sections.memory"
# No 32-bit kernel has a gigabyte of addresses to spare beside its memory; a loader adds the sizes
# up in an unsigned int, and calls within a module reach no further than 2 GiB.
_NEVER = {32: 1 << 30, 64: 1 << 31}
_MUCH = 64 << 20  # an eighth of the vmalloc area of most 32-bit kernels here
# The least alignment of an instruction, in bytes by e_machine, from the processors' manuals;
# where two encodings are possible (MIPS16, compressed RISC-V) the lesser.
_INSTRUCTION = {
    **dict.fromkeys([4, 8, 22, 42, 93, 195, 243, 252], 2),  # 68k mips s390 sh arc riscv csky
    **dict.fromkeys([2, 15, 18, 20, 21, 43, 92, 189, 0x9026], 4),  # sparc parisc ppc or1k alpha
}
# CONFIG_PAGE_SIZE_4KB, CONFIG_PARISC_PAGE_SIZE_16KB, CONFIG_ARC_PAGE_SIZE_8K
_PAGE_OPTION = re.compile(r"CONFIG_(?:[A-Z0-9]+_)?PAGE_SIZE_(\d+)KB?")
_PAGE_SHIFT = re.compile(r"^\s*#\s*define\s+PAGE_SHIFT\s+(\d{2})\s", re.MULTILINE)
_HEADER_BYTES = 1 << 20
_SMALLEST_PAGE, _LARGEST_PAGE = 4 << 10, 64 << 10
_LAYOUT = "kernel/module/main.c, layout_sections(), module_get_offset()"
# An ARCH whose folder has another name (the kernel's Makefile, "Additional ARCH settings").
_FOLDERS = {"x86_64": "x86", "sparc64": "sparc", "parisc64": "parisc"}


def alignment(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The loader can honour the alignment of each section, and code is where it can run."""
    page = _page_size(reference)
    unsure = 0
    for section in obj.sections:
        align = section.align
        if not section.flags & SHF_ALLOC or align <= 1:
            continue
        if align & (align - 1):
            yield of_section(
                _CHECK,
                section,
                f"sh_addralign {align:#x} is no power of two",
                "the loader computes with it as if it were: sections may overlap",
                "align to a power of two",
                _LAYOUT,
            )
        elif align > (page or _LARGEST_PAGE):
            limit = f"more than a page ({page:#x})" if page else "more than any kernel's page"
            yield of_section(
                _CHECK,
                section,
                f"sh_addralign {align:#x}, {limit}",
                "the loader aligns within memory that begins at a page: data is at another "
                "address than the code assumes",
                "align to a page at most",
                _LAYOUT,
            )
        elif page is None and align > _SMALLEST_PAGE:
            unsure = max(unsure, align)
    if unsure:
        yield Skipped(_CHECK, f"whether a page of the kernel has {unsure:#x} bytes is not known")
    yield from _code(obj, reference)


def memory(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """The memory that the sections take can be had."""
    loaded = [section for section in obj.sections if section.flags & SHF_ALLOC]
    total = sum(section.size for section in loaded)
    if not loaded or total < _MUCH:
        return
    largest = max(loaded, key=lambda section: section.size)
    never = total >= _NEVER[obj.bits]
    yield of_section(
        _MEMORY,
        largest,
        f"{largest.size} of {total} bytes that the module takes in memory",
        "no kernel of this kind has so much for a module: it is refused (ENOMEM)"
        if never
        else "the loader needs that in one piece: where it is not to be had the module is refused "
        "(ENOMEM)",
        "allocate large tables when they are needed (KVec, vmalloc)",
        "kernel/module/main.c, move_module(); mm/vmalloc.c, __vmalloc_node_range()",
        Severity.ERROR if never else Severity.WARNING,
    )


def _code(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Judge where code will be: each section behind the one before, as the loader puts them.

    Assemblers leave sections of inline assembly (``.fixup``) at an alignment of 1: that alone is
    no fault.
    """
    least = _INSTRUCTION.get(obj.machine, 1)
    with_functions = {symbol.section for symbol in obj.symbols if symbol.type == STT_FUNC}
    ends = {False: 0, True: 0}
    for section in obj.sections:
        if not section.flags & SHF_ALLOC or not section.flags & SHF_EXECINSTR:
            continue
        early = _is_init(section, reference)
        align = section.align or 1
        start = -(-ends[early] // align) * align
        ends[early] = start + section.size
        if not section.size or section.type == SHT_NOBITS or align >= least:
            continue
        evidence = f"code with sh_addralign {align:#x}, an instruction needs {least}"
        mend = "align the section (.balign), or compile it with the kernel's GCC"
        if obj.is_module and start % least:
            yield of_section(
                _CHECK,
                section,
                f"{evidence}; it comes to byte {start:#x} of the module's code",
                "its instructions are at odd addresses: the processor faults at the first",
                mend,
                _LAYOUT,
            )
        elif section.number in with_functions:
            yield of_section(
                _CHECK,
                section,
                evidence,
                "where the section before it ends at an odd place, the code does not run",
                mend,
                _LAYOUT,
                Severity.WARNING,
            )


def _is_init(section: Section, reference: Reference) -> bool:
    """Say whether the loader puts a section into the memory that it frees after init."""
    if section.name.startswith(".init"):
        return True
    unload = reference.kernel is None or reference.kernel.config.get("CONFIG_MODULE_UNLOAD") == "y"
    return section.name.startswith(".exit") and not unload


def _page_size(reference: Reference) -> int | None:
    """Return the kernel's page size in bytes, or the largest it may have; None: not known.

    It is an option of the configuration, or a number in the architecture's ``asm/page.h``.
    """
    kernel = reference.kernel
    if kernel is None:
        return None
    for name, value in kernel.config.items():
        match = _PAGE_OPTION.fullmatch(name)
        if match and value == "y":
            return int(match[1]) << 10
    shifts = _PAGE_SHIFT.findall(_page_header(reference, kernel))
    return 1 << max(map(int, shifts)) if shifts else None


def _page_header(reference: Reference, kernel: Kernel) -> str:
    """Return the text of the architecture's ``asm/page.h``; nothing where it is not there."""
    arch = reference.arch.kernel_arch
    path = kernel.tree.source / "arch" / _FOLDERS.get(arch, arch) / "include/asm/page.h"
    return text_start(path, _HEADER_BYTES)


CHECKS: dict[str, Check] = {_CHECK: alignment, _MEMORY: memory}
