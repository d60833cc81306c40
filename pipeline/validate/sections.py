# SPDX-License-Identifier: GPL-2.0-only
"""The sections are such as the kernel's module loader lays out and runs."""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ToolError
from pipeline.run import check as run_checked
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_TLS,
    SHF_WRITE,
    SHT_FINI_ARRAY,
    SHT_INIT_ARRAY,
    SHT_PREINIT_ARRAY,
)
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.module import of_section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.reference import Reference

_TLS = re.compile(r"\.t(?:data|bss)(?:\..*)?")
_STARTS = re.compile(r"\.(?:ctors|init_array)(?:\..*)?")
_NEVER_RUN = re.compile(r"\.(?:dtors|fini_array|preinit_array)(?:\..*)?|\.init|\.fini")
_UNWIND = re.compile(r"\.eh_frame(?:_hdr)?|\.gcc_except_table(?:\..*)?")
_SECTIONS = "kernel/module/main.c, find_module_sections()"


def thread_local(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """No section holds thread-local data."""
    for section in obj.sections:
        if section.flags & SHF_TLS or _TLS.fullmatch(section.name):
            yield of_section(
                "sections.tls",
                section,
                f"flags {section.flags:#x}, {section.size} bytes",
                "the kernel has no thread-local storage: all accesses go to wrong addresses",
                "use a per-CPU variable, or the task",
                "kernel/module/main.c: the loader knows no TLS segment",
            )


def constructors(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Nothing waits for a start-up or an end that no module has."""
    check = "sections.constructors"
    runs = bool(reference.kernel) and _config(reference, "CONFIG_CONSTRUCTORS") == "y"
    starts = []
    for section in obj.sections:
        if not section.size or not section.flags & SHF_ALLOC:
            continue
        if section.type == SHT_INIT_ARRAY or _STARTS.fullmatch(section.name):
            starts.append(section)
        elif section.type in (SHT_FINI_ARRAY, SHT_PREINIT_ARRAY) or _NEVER_RUN.fullmatch(
            section.name
        ):
            # Instrumentation (KASAN) that needs the constructors adds destructors as well.
            yield of_section(
                check,
                section,
                f"{section.size} bytes; the kernel runs no such functions",
                "they are never called: what they should set up or free is not",
                "do it in the module's init and exit",
                _SECTIONS,
                Severity.NOTE if runs else Severity.ERROR,
            )
    if not runs:
        for section in starts:
            yield of_section(
                check,
                section,
                f"{section.size} bytes; "
                + (
                    "this kernel is configured without CONFIG_CONSTRUCTORS"
                    if reference.kernel
                    else "only a kernel with CONFIG_CONSTRUCTORS (gcov, KASAN) runs them"
                ),
                "they are never called: statics that they should set up stay zero",
                "do it in the module's init",
                _SECTIONS,
            )
    names = {section.name for section in starts}
    if {".ctors", ".init_array"} <= names:
        yield of_section(
            check,
            next(section for section in starts if section.name == ".ctors"),
            "there are both .ctors and .init_array",
            "a kernel with CONFIG_CONSTRUCTORS refuses the module (EINVAL)",
            "compile all parts with the same compiler",
            _SECTIONS,
        )


def write_execute(obj: Object, reference: Reference) -> Iterator[Finding]:
    """No section is both writable and executable."""
    strict = _config(reference, "CONFIG_STRICT_MODULE_RWX")
    if strict == "y":
        meaning = "this kernel refuses the module (ENOEXEC): CONFIG_STRICT_MODULE_RWX"
    elif reference.kernel:
        meaning = "this kernel loads it; code can be overwritten, and other kernels refuse it"
    else:
        meaning = "a kernel with CONFIG_STRICT_MODULE_RWX refuses the module (ENOEXEC)"
    for section in obj.sections:
        both = SHF_WRITE | SHF_EXECINSTR
        # The kernel looks at sections that it does not load, too.
        if section.flags & both == both:
            yield of_section(
                "sections.write-execute",
                section,
                f"flags {section.flags:#x}: SHF_WRITE and SHF_EXECINSTR",
                meaning,
                "keep code and writable data in sections of their own",
                "kernel/module/strict_rwx.c, module_enforce_rwx_sections()",
            )


def unwind_tables(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """There are tables for unwinding only where the kernel's own objects have them."""
    check = "sections.eh-frame"
    found = [
        section
        for section in obj.sections
        if _UNWIND.fullmatch(section.name) and section.flags & SHF_ALLOC and section.size
    ]
    if not found:
        return
    if reference.kernel is not None:
        usual = reference.kernel.probe.section(".eh_frame") is not None
        beside = "an empty module that this tree built has"
    elif reference.toolchain is not None:
        try:
            usual = _makes_tables(reference.toolchain.gcc, reference.flags)
        except ToolError as error:
            yield Skipped(check, f"whether the kernel's code has such tables is not known: {error}")
            return
        beside = "code that the architecture's GCC compiles with the kernel's flags has"
    else:
        yield Skipped(check, "no kernel tree and no GCC to see whether its code has such tables")
        return
    for section in found:
        if usual and section.name == ".eh_frame":
            continue
        yield of_section(
            check,
            section,
            f"{section.size} bytes of tables for unwinding; {beside} "
            + ("no exception tables" if usual else "none"),
            "nothing in the kernel reads them: they take memory, and their relocations may be of "
            "types that the loader does not know",
            "compile with -fno-exceptions -fno-asynchronous-unwind-tables -fno-unwind-tables and "
            "panic=abort",
            "arch/*/Makefile: -fno-asynchronous-unwind-tables; readers of .eh_frame are "
            "arch/arc/kernel/module.c and arch/sh/kernel/dwarf.c",
            Severity.WARNING,
        )


@functools.cache
def _makes_tables(gcc: Path, flags: tuple[str, ...]) -> bool:
    """Say whether ``gcc`` writes ``.eh_frame`` under ``flags``, as it does for one function."""
    with tempfile.TemporaryDirectory(prefix="ferric-") as folder:
        source, target = Path(folder) / "one.c", Path(folder) / "one.o"
        source.write_text("int one(int x) { return x; }\n", encoding="ascii")
        argv = [str(gcc), *flags, "-c", str(source), "-o", str(target)]
        run_checked(argv, "the compiler does not accept the kernel's flags", timeout=60.0)
        return Object.read(target).section(".eh_frame") is not None


def _config(reference: Reference, name: str) -> str:
    """Return an option of the kernel's configuration; nothing where it or the tree is not there."""
    return reference.kernel.config.get(name, "") if reference.kernel else ""


CHECKS: dict[str, Check] = {
    "sections.tls": thread_local,
    "sections.constructors": constructors,
    "sections.write-execute": write_execute,
    "sections.eh-frame": unwind_tables,
}
