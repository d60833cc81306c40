# SPDX-License-Identifier: GPL-2.0-only
"""A crate and all that it depends on, as C: path dependencies from the cache, the crate itself new.

Beside the crate stands a small *root* program.  mrustc binds ``#[panic_handler]`` and
``#[global_allocator]`` only in a program, so one is made that does nothing but name the crate; its
``main`` is dropped when the module is linked.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.crate.graph import cargo_env, order
from pipeline.crate.sources import sources
from pipeline.errors import ToolError, UserError
from pipeline.files import cached, digest_files, digest_key, scratch, write_atomic
from pipeline.transpile.constants.source import Sources
from pipeline.transpile.constants.unit import Tools, transpile_right
from pipeline.transpile.instrument import VERSION as INSTRUMENT_VERSION
from pipeline.transpile.library import LibraryCrate, library_crate
from pipeline.transpile.mrustc import Job, Mrustc
from pipeline.transpile.repair.unit import AS_RELEASED, Guard, Repairs
from pipeline.transpile.rewrite.crate import rewrite_digest
from pipeline.transpile.source import places_of, transpile_source
from pipeline.witness.constants import VERSION as VALUES_VERSION
from pipeline.witness.marks import VERSION as MARKS_VERSION
from pipeline.witness.marks import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.crate.model import Crate
    from pipeline.transpile.rust_src import RustSource
    from pipeline.witness.rustc import Witness

PARAMETERS_VARIABLE = "FERRIC_MODULE_PARAMETERS"
# What a crate may ask to know which compiler it goes through.
CFG = "ferric"

_FORMAT = 1
_NO_PANIC_HANDLER = "mrustc-panic_implementation"
_USES_ALLOC = re.compile(rb"\bextern\s+crate\s+alloc\b")
_ROOT = """#![no_std]
#![no_main]
extern crate {name};
#[start]
fn start(_: isize, _: *const *const u8) -> isize {{ 0 }}
"""


@dataclass(frozen=True)
class Unit:
    """One C file of a module; ``key`` stands for all that went into it."""

    name: str
    c_file: str
    key: str


@dataclass(frozen=True)
class Units:
    """All C files of a module: the crate's own, its root program's, and the cached ones.

    Only mrustc needs a root program, and leaves dependencies to files of their own.
    """

    crate: Unit
    root: Unit | None
    dependencies: tuple[Unit, ...]
    library: tuple[Unit, ...]

    def write(self, path: Path) -> None:
        """Write the list as JSON, for the stage that compiles."""
        write_atomic(path, json.dumps(asdict(self), indent=1) + "\n")

    @staticmethod
    def read(path: Path) -> Units:
        """Read what :meth:`write` wrote."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return Units(
                crate=Unit(**data["crate"]),
                root=Unit(**data["root"]) if data["root"] is not None else None,
                dependencies=tuple(Unit(**unit) for unit in data["dependencies"]),
                library=tuple(Unit(**unit) for unit in data["library"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"not a list of C units: {error}", where=str(path)) from error


@dataclass(frozen=True)
class Compiler:
    """What transpiling needs beside the crate: mrustc, the library source, the target file.

    ``guard`` says how the C of the user's crates is repaired, ``witness`` who tells of their
    source.
    """

    mrustc: Mrustc
    source: RustSource
    target: str
    guard: Guard = AS_RELEASED
    witness: Witness | None = None

    @property
    def tools(self) -> Tools:
        """What a crate of the user is transpiled with."""
        return Tools(self.mrustc, self.guard, self.witness)


def transpile_crate(
    compiler: Compiler, crate: Crate, *, kernel: Crate | None, parameters: str, out: Path
) -> Units:
    """Transpile ``crate`` into ``out/<crate>.c`` and ``out/<crate>.root.c``.

    ``kernel`` is the crate that modules with the kernel runtime see as ``kernel``; ``parameters``
    the Rust text of their module parameters.
    """
    graph = order(crate)
    library = _library(compiler, graph)
    built: dict[Path, LibraryCrate] = {}
    implicit = _implicit(compiler, kernel, library, built)
    for dependency in graph[:-1]:
        # As the gate does: a dependency sees the crate `kernel` where it says that it runs on it.
        seen = implicit if dependency.module.runtime == "kernel" else ()
        built[dependency.root] = _dependency(compiler, dependency, built, library, seen)
    externs = _externs(crate, built, implicit)
    search = _search(library, built)
    with scratch(out, "transpile") as work:
        (work / "target.toml").write_text(compiler.target, encoding="utf-8")
        (work / "parameters.rs").write_text(parameters, encoding="utf-8")
        job = _job(compiler, crate, work, externs, search, work / "parameters.rs")
        crate_c = transpile_source(compiler.tools, crate, job, out / "mrustc.log", _folders(built))
        root_c = _root_program(
            crate, compiler, job, out / "mrustc.root.log", [work, *_folders(built)]
        )
        for made, name in ((crate_c, crate.crate_name), (root_c, f"{crate.crate_name}.root")):
            if not compiler.guard.raw:
                shutil.move(Repairs.beside(made), out / f"{name}.repairs.json")
            shutil.move(made, out / f"{name}.c")
    key = _crate_key(compiler, crate, externs, library, parameters)
    return Units(
        crate=Unit(crate.crate_name, f"{crate.crate_name}.c", key),
        root=Unit(f"{crate.crate_name}.root", f"{crate.crate_name}.root.c", key),
        dependencies=tuple(_unit(built[one]) for one in built),
        library=tuple(_unit(one) for one in library),
    )


def dependency_roots(crate: Crate, kernel: Crate | None) -> list[Crate]:
    """Return every crate whose source goes into a module, the crate itself last."""
    before = order(kernel) if kernel is not None else []
    return [*before, *order(crate)]


def _library(compiler: Compiler, graph: Sequence[Crate]) -> tuple[LibraryCrate, ...]:
    """Return ``core`` and ``compiler_builtins``, and ``alloc`` where a crate names it."""
    make = functools.partial(
        library_crate,
        mrustc=compiler.mrustc,
        source=compiler.source,
        target=compiler.target,
        guard=compiler.guard.of_library,
    )
    core = make("core")
    builtins = make("compiler_builtins", needs=(core,))
    if not any(_names_alloc(crate) for crate in graph):
        return core, builtins
    needs = (core, builtins)
    return *needs, make("alloc", needs=needs)


def _names_alloc(crate: Crate) -> bool:
    """Say whether a source has ``extern crate alloc``; one in a comment costs a few seconds."""
    files = (file for file in sources(crate).files if file.suffix == ".rs")
    return any(_USES_ALLOC.search(file.read_bytes()) for file in files)


def _implicit(
    compiler: Compiler,
    kernel: Crate | None,
    library: tuple[LibraryCrate, ...],
    built: dict[Path, LibraryCrate],
) -> tuple[tuple[str, Path], ...]:
    """Build the crate ``kernel`` and return it as an extern that needs no line in Cargo.toml."""
    if kernel is None:
        return ()
    for dependency in order(kernel):
        built[dependency.root] = _dependency(compiler, dependency, built, library, ())
    return ((kernel.crate_name, built[kernel.root].rlib),)


def _dependency(
    compiler: Compiler,
    crate: Crate,
    built: dict[Path, LibraryCrate],
    library: tuple[LibraryCrate, ...],
    implicit: tuple[tuple[str, Path], ...],
) -> LibraryCrate:
    """Return a dependency's C, from the cache where its content was built before."""
    if crate.root in built:
        return built[crate.root]
    externs = _externs(crate, built, implicit)
    key = _crate_key(compiler, crate, externs, library, "")

    def make(folder: Path) -> None:
        write_atomic(folder / "target.toml", compiler.target)
        job = _job(compiler, crate, folder, externs, _search(library, built), None)
        transpile_source(compiler.tools, crate, job, folder / "mrustc.log", _folders(built))

    folder = cached(f"crate-{crate.crate_name}", {"key": key}, make)
    rlib = folder / f"lib{crate.crate_name}.rlib"
    return LibraryCrate(crate.crate_name, rlib, rlib.with_name(rlib.name + ".c"), key)


def _externs(
    crate: Crate, built: dict[Path, LibraryCrate], implicit: tuple[tuple[str, Path], ...]
) -> tuple[tuple[str, Path], ...]:
    named = tuple((edge.extern_name, built[edge.crate.root].rlib) for edge in crate.dependencies)
    return (*implicit, *named)


def _job(
    compiler: Compiler,
    crate: Crate,
    work: Path,
    externs: tuple[tuple[str, Path], ...],
    search: tuple[Path, ...],
    parameters: Path | None,
) -> Job:
    env = dict(cargo_env(crate))
    if parameters is not None:
        env[PARAMETERS_VARIABLE] = str(parameters)
    return Job(
        crate_name=crate.crate_name,
        crate_type="rlib",
        edition=crate.edition,
        root=str(crate.lib_path.relative_to(crate.root)),
        cwd=crate.root,
        target=work / "target.toml",
        output=work / f"lib{crate.crate_name}.rlib",
        release=compiler.source.release,
        externs=externs,
        search=search,
        cfgs=(CFG, *(f'feature="{name}"' for name in sorted(crate.features))),
        env=tuple(sorted(env.items())),
        user_code=True,
    )


def _folders(built: dict[Path, LibraryCrate]) -> list[Path]:
    """Return the folders of the crates that were built before."""
    return [one.folder for one in built.values()]


def _search(library: tuple[LibraryCrate, ...], built: dict[Path, LibraryCrate]) -> tuple[Path, ...]:
    """Return mrustc's search folders: dependencies of dependencies are found by folder only."""
    return tuple(dict.fromkeys(one.folder for one in (*library, *built.values())))


def _root_program(
    crate: Crate, compiler: Compiler, job: Job, log: Path, folders: Sequence[Path]
) -> Path:
    """Transpile the program that binds the crate's panic handler and allocator."""
    work = job.target.parent
    source = work / "root.rs"
    source.write_text(_ROOT.format(name=crate.crate_name), encoding="utf-8")
    root = Job(
        crate_name="ferric_root",
        crate_type="bin",
        edition="2021",
        root=source.name,
        cwd=work,
        target=job.target,
        output=work / "root",
        release=job.release,
        externs=((crate.crate_name, job.output),),
        search=job.search,
    )
    try:
        c_file, lost = transpile_right(
            compiler.tools, root, log, Sources.of(crate), places := places_of(folders)
        )
        refuse((places[one.crate][one.number - 1] for one in lost), crate.root)
    except ToolError as error:
        if _NO_PANIC_HANDLER not in error.tail:
            raise
        raise UserError(
            f"{crate.name} has no #[panic_handler]",
            where=str(crate.manifest_path),
            mend='give it one, or use runtime = "kernel", which brings the kernel\'s',
        ) from None
    # The crate may have an exported main of its own.
    text = c_file.read_text(encoding="utf-8")
    c_file.write_text(text.replace("\nint main(", "\nint __ferric_main("), encoding="utf-8")
    return c_file


def _crate_key(
    compiler: Compiler,
    crate: Crate,
    externs: tuple[tuple[str, Path], ...],
    library: tuple[LibraryCrate, ...],
    parameters: str,
) -> str:
    files = [file for file in sources(crate).files if file.is_file()]
    return digest_key(
        {
            "format": _FORMAT,
            "instrument": INSTRUMENT_VERSION,
            "rewrite": rewrite_digest(),
            "crate": crate.crate_name,
            "root": str(crate.lib_path.relative_to(crate.root)),
            "edition": crate.edition,
            "features": sorted(crate.features),
            "env": dict(cargo_env(crate)),
            "sources": [
                digest_files([file], base=file.parent) + str(_relative(file, crate.root))
                for file in sorted(files)
            ],
            "externs": [(name, path.parent.name) for name, path in externs],
            "library": [one.key for one in library],
            "mrustc": compiler.mrustc.digest,
            "repair": compiler.guard.key,
            "marks": MARKS_VERSION,
            "values": VALUES_VERSION,
            "witness": compiler.witness.key if compiler.witness is not None else None,
            "target": compiler.target,
            "parameters": parameters,
        }
    )


def _relative(file: Path, root: Path) -> Path:
    """Return ``file`` as seen from the crate, also where it lies outside (``../shared.rs``)."""
    return file.relative_to(root) if file.is_relative_to(root) else Path("..") / file.name


def _unit(crate: LibraryCrate) -> Unit:
    return Unit(crate.name, str(crate.c_file), crate.key)
