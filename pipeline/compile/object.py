# SPDX-License-Identifier: GPL-2.0-only
"""C to an object: the kernel's GCC, the kernel's flags, and an output that is whole or absent."""

from __future__ import annotations

import concurrent.futures
import functools
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.compile.flags import DEBUG, HEADERS, debug_flags
from pipeline.compile.floats import FORMAT as FLOATS_FORMAT
from pipeline.compile.floats import without_floats
from pipeline.compile.transparent import as_pointers, needed
from pipeline.errors import ToolError, UserError
from pipeline.files import cached, digest_file, output_file

if TYPE_CHECKING:
    from pipeline.compile.flags import Flags
    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.crates import Unit, Units

TIME_LIMIT = 1800.0
_FORMAT = 1
_RUNTIME = Path(__file__).resolve().parents[1] / "runtime"
RT_SOURCE = _RUNTIME / "c" / "rt.c"
RT_INTEGERS = _RUNTIME / "c" / "rt_int.c"
_ELF = b"\x7fELF"


def compile_c(
    toolchain: Toolchain,
    flags: Flags,
    source: Path,
    output: Path,
    *,
    mrustc: bool = True,
    debug: bool = True,
) -> None:
    """Compile ``source`` to ``output``; GCC's words go to ``<output>.log``.

    What mrustc wrote is changed first where this architecture's GCC needs it.

    GCC runs where the source is and is given its bare name: no path of this machine gets into
    the object, so two checkouts give the same bytes.  ``debug`` asks for debug information.
    What each function takes of the stack is left beside the object, with the suffix ``.su``.
    Raises :class:`ToolError`.
    """
    log = output.with_name(output.name + ".log")
    with output_file(output) as temporary:
        if mrustc:
            source = compilable(toolchain, flags, source, temporary.parent)
        cwd = source.parent.absolute()
        argv = compile_command(toolchain, flags, source, str(temporary))
        argv += debug_flags(cwd) if debug else []
        what = f"{toolchain.triple}-gcc does not compile {source.name}"
        run.check(argv, what, cwd=cwd, log=log, timeout=TIME_LIMIT)
        with temporary.open("rb") as stream:
            if stream.read(4) != _ELF:
                raise ToolError(f"{what}: no ELF object came out", argv=argv, cwd=cwd, log=log)
        usage = temporary.with_suffix(".su")
        if usage.is_file():
            usage.replace(output.with_suffix(".su"))


def compile_command(toolchain: Toolchain, flags: Flags, source: Path, output: str) -> list[str]:
    """Return the command that compiles ``source``, for the folder that ``source`` is in."""
    return [str(toolchain.gcc), *flags.words, "-c", source.name, "-o", output]


def compilable(toolchain: Toolchain, flags: Flags, source: Path, work: Path) -> Path:
    """Return mrustc's ``source``, or a copy in ``work`` with what this GCC needs changed."""
    floats = toolchain.arch.no_float is None
    pointers = _pointers(toolchain, flags)
    if floats and not pointers:
        return source
    text = source.read_text(encoding="utf-8")
    if pointers:
        text = as_pointers(text)
    if not floats:
        text, _ = without_floats(text)
    copy = work / source.name
    copy.write_text(text, encoding="utf-8")
    return copy


@functools.cache
def _pointers(toolchain: Toolchain, flags: Flags) -> bool:
    return needed(toolchain, flags.words)


def compile_units(toolchain: Toolchain, flags: Flags, units: Units) -> list[Path]:
    """Return the objects of a module's cached units (dependencies, library, C runtime), in order.

    They are compiled once for a compiler and its flags, then kept in the user's cache.  Rust's
    library has no debug information: core's alone would be larger than any module.
    """
    shared = [*units.dependencies, *units.library]

    def compiled(unit: Unit) -> Path:
        path = Path(unit.c_file)
        # Its key says how it was made; another Ferric may make the same of it.
        content = digest_file(path) if path.is_file() else unit.key
        source = _Source(unit.name, path, content, unit in units.dependencies)
        return _cached(toolchain, flags, source)

    with concurrent.futures.ThreadPoolExecutor(max_workers=_workers()) as pool:
        objects = list(pool.map(compiled, shared))
    for one in runtime_sources(units):
        runtime = _Source(one.stem, one, digest_file(one), debug=True)
        objects.append(_cached(toolchain, flags, runtime))
    return objects


def runtime_sources(units: Units) -> list[Path]:
    """Return the C runtime of a module with these units.

    With mrustc the integer helpers are among the library's units: compiler_builtins has them.
    """
    return [RT_SOURCE] if units.library else [RT_SOURCE, RT_INTEGERS]


@dataclass(frozen=True)
class _Source:
    """A cached unit's C: ``content`` is the digest of what is in it."""

    name: str
    c_file: Path
    content: str
    debug: bool


def _cached(toolchain: Toolchain, flags: Flags, source: _Source) -> Path:
    name = source.name
    key = {
        "format": _FORMAT,
        "source": source.content,
        "gcc": [toolchain.triple, toolchain.banner, digest_file(toolchain.gcc.resolve())],
        # Where the headers are changes nothing: their content is below.
        "flags": [word for word in flags.words if word != str(HEADERS)],
        "headers": _headers_digest(),
        "no_float": toolchain.arch.no_float is not None and FLOATS_FORMAT,
        "pointers": _pointers(toolchain, flags),
    } | ({"debug": DEBUG} if source.debug else {})

    def make(folder: Path) -> None:
        if not source.c_file.is_file():
            raise UserError(
                f"the C of {name} is no longer in the cache",
                where=str(source.c_file),
                mend="transpile the crate again",
            )
        local = folder / f"{name}.c"
        shutil.copyfile(source.c_file, local)
        compile_c(toolchain, flags, local, folder / f"{name}.o", debug=source.debug)
        local.unlink()

    return cached(f"object-{name}", key, make) / f"{name}.o"


def _headers_digest() -> list[str]:
    return [digest_file(path) for path in sorted(HEADERS.iterdir())]


def _workers() -> int:
    """One GCC on a library crate takes up to 2 GB: as many as processors, four at the most."""
    return min(4, os.cpu_count() or 1)
