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
from pipeline.check.rustc import MEND, RustcInfo, find_rustc
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
_EMPTY_BUILTINS = """\
#![feature(compiler_builtins, no_core)]
#![allow(internal_features)]
#![compiler_builtins]
#![no_core]
"""
# No pass of LLVM's; but at level 0 rustc would leave out attributes that tell what is passed how,
# and would not inline on its own representation.
_COMMON = (
    *("-Z", "unstable-options", "-C", "panic=abort", "-C", "debug-assertions=no"),
    *("-C", "no-prepopulate-passes", "-C", "opt-level=1", "-C", "codegen-units=1"),
    *("-C", "symbol-mangling-version=v0", "--emit=metadata,llvm-ir", "--crate-type", "lib"),
)


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
    def metadata(self) -> Path:
        """What rustc reads of the crate where another one uses it."""
        return self.folder / f"lib{self.name}.rmeta"


@dataclass(frozen=True)
class Front:
    """A rustc with the library's source and the target, ready to emit crates."""

    rustc: RustcInfo
    source: Path
    flags: tuple[str, ...]
    spec: dict[str, Any]
    key: str


def find_front(named: str, rust_src: str, arch: Arch, layout: Layout) -> Front:
    """Return rustc with its library's source and a target for ``layout``.

    Raises :class:`~pipeline.errors.UserError` where there is no rustc of 1.85 or later, no source
    of its own library, or a source of another release.
    """
    rustc = find_rustc(named or None)
    source = _source(rustc, rust_src)
    spec = target_spec(rustc, layout, arch.name)
    flags = list(_COMMON)
    if spec["arch"] != arch.rust_arch:
        flags += ["--cfg", f'target_arch="{arch.rust_arch}"']
        flags += ["-A", "explicit_builtin_cfgs_in_flags"]
    key = digest_key({"format": _FORMAT, "rustc": rustc.verbose, "spec": spec, "flags": flags})
    return Front(rustc, source, tuple(flags), spec, key)


def _source(rustc: RustcInfo, named: str) -> Path:
    """Return the ``library`` folder that belongs to a rustc."""
    if not named:
        if rustc.library is None:
            raise UserError(
                f"{rustc.title} has no source of its library",
                where=str(rustc.path),
                mend=MEND,
            )
        return rustc.library
    found = open_source(Path(named).absolute(), f"rust_src={named}")
    release = f"{rustc.version[0]}.{rustc.version[1]}"
    if found.release != release:
        raise UserError(
            f"the library source is of Rust {found.release}, and rustc is {release}",
            where=f"rust_src={named}",
            mend="leave rust_src out, so that rustc's own is taken, or name a rustc of "
            f"{found.release} (rustc=PATH)",
        )
    return found.library


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
            argv += ["--crate-name", name, "--edition", "2024", "--cap-lints", "allow"]
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
    """Write a crate's representation and metadata into ``folder``; ``env`` is added to Cargo's.

    :class:`~pipeline.errors.UserError` with rustc's diagnostics where it refuses the crate.
    """
    folders = dict.fromkeys([*(one.folder for one in basis), folder])
    argv = _command(front, basis[0].folder / "target.json", folder, list(folders))
    argv += ["--crate-name", crate.crate_name, "--edition", crate.edition]
    argv += ["--cap-lints", "allow", "--cfg", CFG, "-C", "debuginfo=line-tables-only"]
    for feature in sorted(crate.features):
        argv += ["--cfg", f'feature="{feature}"']
    for name, one in externs.items():
        argv += ["--extern", f"{name}={one.metadata}"]
    argv += [f"--remap-path-prefix={crate.root}=", crate.lib_path]
    log = folder / f"{crate.crate_name}.log"
    _run(argv, crate.name, log, crate.root, {**cargo_env(crate), **env})
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
        raise UserError(f"{result.output.rstrip()}\n{name}: refused by {argv[0]}")
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
