# SPDX-License-Identifier: GPL-2.0-only
"""Crates as rustc's intermediate representation, before any pass of LLVM and without code.

``core`` and ``alloc`` are made once for a rustc and a layout, then cached; so are the crate
``kernel`` and path dependencies, by their content.  Cached metadata names what it was built on, so
a dependency's key holds those of its own dependencies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.check.library import BOOTSTRAP
from pipeline.check.rustc import MEND, RustcInfo, find_rustc, library_edition
from pipeline.crate.graph import cargo_env
from pipeline.crate.model import CFG
from pipeline.crate.sources import sources
from pipeline.errors import ToolError, UserError
from pipeline.files import cached, digest_files, digest_key, write_atomic
from pipeline.run import TAIL_LINES, run
from pipeline.transpile.rust_src import open_source
from pipeline.transpile.rustc.target import target_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.crate.model import Crate
    from pipeline.toolchains.model import Arch
    from pipeline.toolchains.probe import Layout

_FORMAT = 1
_SECONDS = 900.0
_DIAGNOSTICS = 1
_MOST_LINES, _WIDEST = 60, 400
_SECOND_FOLDER = "second"
_CPUS = "stdarch/crates/core_arch/src"
_EMPTY_BUILTINS = """\
#![feature(compiler_builtins, no_core)]
#![allow(internal_features)]
#![compiler_builtins]
#![no_core]
"""
_EMIT = ("--emit=metadata,llvm-ir",)
# No pass of LLVM's; but at level 0 rustc would leave out attributes that tell what is passed how,
# and would not inline on its own representation.
_COMMON = (
    *("-Z", "unstable-options", "-C", "panic=abort", "-C", "debug-assertions=no"),
    *("-C", "no-prepopulate-passes", "-C", "opt-level=1", "-C", "codegen-units=1"),
    *("-C", "symbol-mangling-version=v0", *_EMIT, "--crate-type", "lib"),
)
# Read by `conventions.py` and `signatures.py`, and by nothing else.
_SECOND = ("--emit=llvm-ir,mir", "-C", "panic=unwind", "-Z", "verbose-internals")


@dataclass(frozen=True)
class Emitted:
    """A crate's representation and metadata, in one folder; ``key`` stands for its content."""

    name: str
    folder: Path
    key: str

    @property
    def text(self) -> Path:
        """The representation."""
        return self.folder / f"{self.name}.ll"

    @property
    def second(self) -> Path:
        """The representation where panics unwind, which tells C's functions from Rust's."""
        return self.folder / _SECOND_FOLDER / f"{self.name}.ll"

    @property
    def mir(self) -> Path:
        """MIR, rustc's own representation, with the Rust types of functions that cross to C."""
        return self.folder / _SECOND_FOLDER / f"{self.name}.mir"

    @property
    def metadata(self) -> Path:
        """What rustc reads of the crate where another one uses it."""
        return self.folder / f"lib{self.name}.rmeta"


@dataclass(frozen=True)
class Front:
    """A rustc with the library's source and the target, ready to emit crates.

    ``own_flags`` are for crates that are not the library.
    """

    rustc: RustcInfo
    source: Path
    flags: tuple[str, ...]
    own_flags: tuple[str, ...]
    spec: dict[str, Any]
    key: str


def find_front(
    named: str, rust_src: str, arch: Arch, layout: Layout, *, overflow_checks: bool = False
) -> Front:
    """Return rustc with its library's source and a target for ``layout``.

    ``overflow_checks`` are for crates that are not the library.

    Raises :class:`~pipeline.errors.UserError` where there is no rustc of 1.85 or later, no source
    of its own library, or a source of another release.
    """
    rustc = find_rustc(named or None)
    source = _source(rustc, rust_src)
    spec = target_spec(rustc, layout, arch.name)
    flags: list[str] = list(_COMMON)
    own = ["-C", "overflow-checks=yes"] if overflow_checks else []
    if spec["arch"] != arch.rust_arch:
        named_arch = ["--cfg", f'target_arch="{arch.rust_arch}"']
        named_arch += ["-A", "explicit_builtin_cfgs_in_flags"]
        # What core has for a CPU of its own are that CPU's vectors and instructions, which the
        # stand-in has not; of any other CPU it knows at most how C's types are signed.
        if (source / _CPUS / arch.rust_arch).is_dir():
            own += named_arch
        else:
            flags += named_arch
    key = digest_key({"format": _FORMAT, "rustc": rustc.verbose, "spec": spec, "flags": flags})
    return Front(rustc, source, tuple(flags), tuple(own), spec, key)


def _source(rustc: RustcInfo, named: str) -> Path:
    """Return the ``library`` folder to use: the user's, which has to fit, or rustc's own."""
    if not named:
        return own_source(rustc)
    found = open_source(Path(named).absolute(), f"rust_src={named}")
    if found.release != rustc.release:
        raise UserError(
            f"the library source is of Rust {found.release}, and rustc is {rustc.release}",
            where=f"rust_src={named}",
            mend="leave rust_src out, so that rustc's own is taken, or name a rustc of "
            f"{found.release} (rustc=PATH)",
        )
    return found.library


def own_source(rustc: RustcInfo) -> Path:
    """Return the ``library`` folder in a rustc's own place.

    Raises :class:`~pipeline.errors.UserError` where it has none, or where packages of two releases
    are installed side by side.  A nightly names its own release nowhere in the source.
    """
    if rustc.library is None:
        raise UserError(
            f"{rustc.title} has no source of its library", where=str(rustc.path), mend=MEND
        )
    release = open_source(rustc.library, "rustc's own").release
    if release != rustc.release and "-" not in rustc.title.split()[1]:
        raise UserError(
            f"its library source is of Rust {release}, and rustc is {rustc.release}",
            where=str(rustc.library),
            mend=f"bring both to one release: {MEND}",
        )
    return rustc.library


def library(front: Front) -> tuple[Emitted, ...]:
    """Return ``core``, ``compiler_builtins`` (empty) and ``alloc``."""
    root = front.source
    files = (path for name in ("core", "alloc") for path in (root / name / "src").rglob("*"))
    digest = digest_files([path for path in files if path.is_file()], base=root)
    key = {"front": front.key, "source": digest}

    def make(folder: Path) -> None:
        write_atomic(folder / "target.json", json.dumps(front.spec, indent=1, sort_keys=True))
        builtins = folder / "compiler_builtins.rs"
        write_atomic(builtins, _EMPTY_BUILTINS)
        for name, path in (
            ("core", root / "core/src/lib.rs"),
            ("compiler_builtins", builtins),
            ("alloc", root / "alloc/src/lib.rs"),
        ):
            argv = _command(front, folder / "target.json", folder, [folder])
            edition = "2021" if path == builtins else library_edition(path)
            argv += ["--crate-name", name, "--edition", edition, "--cap-lints", "allow"]
            argv += [f"--remap-path-prefix={root}=", path]
            _run(argv, name, folder / f"{name}.log", root, {})

    folder = cached("rustc-core", key, make)
    names = ("core", "compiler_builtins", "alloc")
    return tuple(Emitted(name, folder, digest_key(key)) for name in names)


def dependency(
    front: Front,
    crate: Crate,
    basis: Sequence[Emitted],
    externs: Mapping[str, Emitted],
) -> Emitted:
    """Return a path dependency (or the crate ``kernel``), from the cache where it was built.

    ``basis`` are the library and all crates before it, ``externs`` what its source may name.
    """
    key = {
        "front": front.key,
        "flags": [*front.own_flags, *_SECOND],
        "crate": crate_key(crate),
        "basis": [one.key for one in basis],
        "externs": {name: one.key for name, one in externs.items()},
    }

    def make(folder: Path) -> None:
        emit(front, crate, basis, externs, folder, {})

    folder = cached(f"rustc-{crate.crate_name}", key, make)
    return Emitted(crate.crate_name, folder, digest_key(key))


def crate_key(crate: Crate) -> object:
    """Return all of a crate that its representation depends on, without its dependencies."""
    files = sorted(file for file in sources(crate).files if file.is_file())
    return [
        crate.crate_name,
        str(crate.lib_path.relative_to(crate.root)),
        crate.edition,
        sorted(crate.features),
        dict(cargo_env(crate)),
        [(digest_files([file], base=file.parent), file.name) for file in files],
        # Paths reach messages as they are seen from the crate: two checkouts give the same.
        [str(file.relative_to(crate.root)) for file in files if file.is_relative_to(crate.root)],
    ]


def emit(
    front: Front,
    crate: Crate,
    basis: Sequence[Emitted],
    externs: Mapping[str, Emitted],
    folder: Path,
    env: Mapping[str, str],
) -> Emitted:
    """Write a crate's representations and metadata into ``folder``; ``env`` is added to Cargo's.

    :class:`~pipeline.errors.UserError` with rustc's diagnostics where it refuses the crate.
    """
    folders = dict.fromkeys([*(one.folder for one in basis), folder])
    argv: list[str | Path] = [*front.own_flags]
    argv += ["--crate-name", crate.crate_name, "--edition", crate.edition]
    argv += ["--cap-lints", "allow", "--cfg", CFG, "-C", "debuginfo=line-tables-only"]
    for feature in sorted(crate.features):
        argv += ["--cfg", f'feature="{feature}"']
    for name, one in externs.items():
        argv += ["--extern", f"{name}={one.metadata}"]
    argv += [f"--remap-path-prefix={crate.root}=", crate.lib_path]
    environment = {**cargo_env(crate), **env}
    target, search = basis[0].folder / "target.json", list(folders)
    log = folder / f"{crate.crate_name}.log"
    command = _command(front, target, folder, search)
    _run([*command, *argv], crate.name, log, crate.root, environment)
    other = folder / _SECOND_FOLDER
    other.mkdir(exist_ok=True)
    log = other / f"{crate.crate_name}.log"
    command = [word for word in _command(front, target, other, search) if word not in _EMIT]
    _run([*command, *_SECOND, *argv], crate.name, log, crate.root, environment)
    return Emitted(crate.crate_name, folder, "")


def _command(front: Front, target: Path, folder: Path, search: Sequence[Path]) -> list[str | Path]:
    argv: list[str | Path] = [front.rustc.path, *front.flags, f"--target={target}"]
    for one in search:
        argv += ["-L", one]
    return [*argv, "--out-dir", folder]


def _run(argv: list[str | Path], name: str, log: Path, cwd: Path, env: Mapping[str, str]) -> None:
    result = run(argv, log=log, cwd=cwd, env={**BOOTSTRAP, **env}, timeout=_SECONDS)
    if result.exit_status == 0 and not result.timed_out:
        return
    if result.exit_status == _DIAGNOSTICS and not result.timed_out:
        raise UserError(f"{_first(result.output)}\n{name}: refused by {argv[0]}")
    what = f"no end after {_SECONDS:.0f} s, killed" if result.timed_out else "rustc broke down"
    raise ToolError(
        f"{name}: {what}",
        argv=result.argv,
        log=log,
        cwd=cwd,
        exit_status=result.exit_status,
        tail="\n".join(result.output.splitlines()[-TAIL_LINES:]),
        env=BOOTSTRAP,
        mend="name another rustc (rustc=PATH), or take transpiler=mrustc",
    )


def _first(output: str) -> str:
    """Return what rustc says first, and how much more it said."""
    lines = output.rstrip().splitlines()
    kept = [line[:_WIDEST] for line in lines[:_MOST_LINES]]
    left = len(lines) - len(kept)
    return "\n".join([*kept, *([f"... and {left} lines more"] if left else [])])
