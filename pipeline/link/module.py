# SPDX-License-Identifier: GPL-2.0-only
"""Link a module's objects into one: what the roots reach stays, nothing else is visible.

``ld -r`` with section garbage collection drops what no root reaches; afterwards every symbol but
the roots is made local, so two Rust modules in one kernel never meet.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Symbol, SymbolTableSection

from pipeline import run
from pipeline.errors import ToolError, UserError
from pipeline.files import output_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.compile.flags import Flags
    from pipeline.toolchains.find import Toolchain

# The C side of the kernel runtime calls these two, and nothing else of a module.
KERNEL_ROOTS = ("ferric_module_init", "ferric_module_exit")

# Sections of one function or object each, put together again: the names are visible in sysfs and
# each section costs the kernel's loader an alignment gap.
_SCRIPT = """SECTIONS
{
\t.text 0 : { *(.text .text.*) }
\t.rodata 0 : { *(.rodata .rodata.*) }
\t.data.rel.ro 0 : { *(.data.rel.ro .data.rel.ro.*) }
\t.data 0 : { *(.data .data.*) }
\t.bss 0 : { *(.bss .bss.* COMMON) }
}
"""


def link(
    toolchain: Toolchain, flags: Flags, objects: Sequence[Path], roots: Sequence[str], output: Path
) -> None:
    """Link ``objects`` into the relocatable ``output`` with ``roots`` as its only global symbols.

    Raises :class:`UserError` for a root that no object defines, :class:`ToolError` where the
    linker fails.
    """
    if not roots:
        raise UserError(
            "nothing to link: the crate has no #[no_mangle] function or static",
            mend="add one, or name the roots with --root",
        )
    log = output.with_name(output.name + ".link.log")
    with output_file(output) as temporary, tempfile.TemporaryDirectory() as name:
        work = Path(name)
        joined = work / "joined.o"
        script = work / "module.lds"
        script.write_text(_SCRIPT, encoding="utf-8")
        argv = [str(toolchain.tool("ld")), "-r", "--gc-sections"]
        # Where the kernel itself wants sections apart (parisc: branches must reach their stubs),
        # they stay apart.
        if "-ffunction-sections" not in flags.kernel:
            argv += ["-T", str(script)]
        argv += [word for root in roots for word in ("-u", root)]
        argv += ["-o", str(joined), *map(str, objects)]
        what = f"{toolchain.triple}-ld does not link {output.name}"
        said = run.check(argv, what, log=log)
        if "gc-sections option ignored" in said:
            raise UserError(
                f"{toolchain.triple}-ld cannot leave out what no root reaches (--gc-sections)",
                where=output.name,
                mend=f"modules for {toolchain.arch.name} need a linker that can; stop at the C with "
                "`python -m pipeline transpile`",
            )
        _require_roots(joined, roots, output)
        _refuse_left_out(joined, output)
        keep = work / "globals"
        drop = work / "unreferenced"
        _write_names(keep, roots)
        _write_names(drop, unreferenced(joined))
        run.check(
            [
                toolchain.tool("objcopy"),
                f"--keep-global-symbols={keep}",
                f"--strip-symbols={drop}",
                joined,
                temporary,
            ],
            f"{toolchain.triple}-objcopy does not make symbols of {output.name} local",
            log=log,
        )


def unreferenced(path: Path) -> set[str]:
    """Return the undefined symbols that no relocation of an object names.

    The linker drops the sections that no root reaches and leaves the names that they called;
    modpost and the kernel's loader would look for those in vain.
    """
    with _opened(path) as elf:
        used = {
            relocation["r_info_sym"]
            for section in elf.iter_sections()
            if isinstance(section, RelocationSection)
            for relocation in section.iter_relocations()
        }
        return {
            symbol.name
            for index, symbol in enumerate(_symbols(elf))
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name and index not in used
        }


def exported_symbols(path: Path) -> tuple[str, ...]:
    """Return the names that an object defines globally and that are no mangled Rust name.

    These are the crate's ``#[no_mangle]`` functions and statics: mrustc's mangled names begin
    with ``ZR`` and a letter of their own grammar.
    """
    return tuple(sorted(name for name in _globals(path) if not _is_mangled(name)))


def _globals(path: Path) -> set[str]:
    with _opened(path) as elf:
        return {
            symbol.name
            for symbol in _symbols(elf)
            if symbol["st_info"]["bind"] in {"STB_GLOBAL", "STB_WEAK"}
            and symbol["st_shndx"] != "SHN_UNDEF"
        }


def _symbols(elf: ELFFile) -> Iterator[Symbol]:
    """Yield an object's symbols in the order of its table, which relocations count by."""
    table = elf.get_section_by_name(".symtab")
    if isinstance(table, SymbolTableSection):
        yield from table.iter_symbols()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[ELFFile]:
    """Open an object that one of our own tools made; what is wrong with it is that tool's fault."""
    try:
        with path.open("rb") as stream:
            yield ELFFile(stream)
    except (ELFError, OSError) as error:
        raise ToolError(f"not an object: {error}", argv=["readelf", "-SW", str(path)]) from error


def _write_names(path: Path, names: Iterable[str]) -> None:
    path.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")


def _refuse_left_out(joined: Path, output: Path) -> None:
    """Refuse a Rust function that is used and nowhere defined: it was left out of the C.

    That is only done to floating point (see :mod:`pipeline.compile.floats`).
    """
    with _opened(joined) as elf:
        undefined = {one.name for one in _symbols(elf) if one["st_shndx"] == "SHN_UNDEF"}
    wanted = sorted(name for name in undefined - unreferenced(joined) if _is_mangled(name))
    if wanted:
        raise UserError(
            f"the crate reaches Rust code that uses floating point: {', '.join(wanted[:5])}",
            where=output.name,
            mend="a kernel has no floating point, and this architecture's GCC cannot even compile "
            "it with the kernel's flags; use integers",
        )


def _is_mangled(name: str) -> bool:
    """Say whether a name is one that mrustc made of a Rust path."""
    return name.startswith("ZR") and len(name) > 3


def _require_roots(joined: Path, roots: Sequence[str], output: Path) -> None:
    missing = sorted(set(roots) - _globals(joined))
    if missing:
        raise UserError(
            f"no object defines the root{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            where=output.name,
            mend="a root is the name of a #[no_mangle] function or static of the crate "
            "(mrustc 0.12 ignores #[no_mangle] on statics)",
        )
