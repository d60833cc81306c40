# SPDX-License-Identifier: GPL-2.0-only
"""``core``, ``compiler_builtins`` and ``alloc`` as C: made once for a target, then cached."""

from __future__ import annotations

import contextlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.files import cached, digest_files, digest_key, write_atomic
from pipeline.transpile.asserts import PANICS, asserts_digest
from pipeline.transpile.constants.unit import Tools, transpile_right
from pipeline.transpile.mends import concerned, mended
from pipeline.transpile.mrustc import Job, Mrustc
from pipeline.transpile.repair.unit import AS_RELEASED, Guard

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.transpile.rust_src import RustSource

# The layout of the cache folders below: a change of what is put there is a change of this number.
_FORMAT = 1
_EDITION = "2024"
# `no-asm` keeps compiler_builtins to Rust: its assembly is for architectures that LLVM has.
_BUILTINS_CFGS = ('feature="no-asm"',)


@dataclass(frozen=True)
class LibraryCrate:
    """A transpiled library crate: its rlib's path (for ``--extern``), its C, and its key."""

    name: str
    rlib: Path
    c_file: Path
    key: str

    @property
    def folder(self) -> Path:
        """The cache folder, which is also mrustc's search folder."""
        return self.rlib.parent


def library_crate(
    name: str,
    mrustc: Mrustc,
    source: RustSource,
    target: str,
    needs: tuple[LibraryCrate, ...] = (),
    *,
    guard: Guard = AS_RELEASED,
) -> LibraryCrate:
    """Return ``core``, ``compiler_builtins`` or ``alloc`` for a target file's text.

    ``needs`` are the library crates that it is built on; ``guard`` says how the C is repaired.  The
    key holds mrustc's bytes, the repair pass's, every source file of the crate, the target file and
    the options.
    """
    root = source.compiler_builtins if name == "compiler_builtins" else _root(source, name)
    cfgs = _BUILTINS_CFGS if name == "compiler_builtins" else ()
    arch: str = tomllib.loads(target)["arch"]["name"]
    key = {
        "format": _FORMAT,
        "crate": name,
        "mrustc": mrustc.digest,
        "repair": guard.key,
        "release": source.release,
        "source": _digest_source(source, root),
        "target": target,
        "cfgs": cfgs,
        "mends": {} if guard.raw else concerned(name, arch),
        "asserts": "" if guard.raw or name not in PANICS else asserts_digest(),
        "needs": [need.key for need in needs],
    }

    def make(folder: Path) -> None:
        target_path = folder / "target.toml"
        write_atomic(target_path, target)
        with (
            contextlib.nullcontext(source.library)
            if guard.raw
            else mended(source.library, name, arch, folder)
        ) as library:
            transpile_in(library, folder, target_path)

    def transpile_in(library: Path, folder: Path, target_path: Path) -> None:
        job = Job(
            crate_name=name,
            crate_type="rlib",
            edition=_EDITION,
            # Relative to the library, so that no path of this machine can reach the C.
            root=str(root.relative_to(source.library)),
            cwd=library,
            target=target_path,
            output=folder / f"lib{name}.rlib",
            release=source.release,
            search=tuple(need.folder for need in needs),
            cfgs=cfgs,
        )
        transpile_right(Tools(mrustc, guard), job, folder / "mrustc.log")

    folder = cached(f"rust-{name}", key, make)
    rlib = folder / f"lib{name}.rlib"
    return LibraryCrate(name, rlib, rlib.with_name(rlib.name + ".c"), digest_key(key))


def _root(source: RustSource, name: str) -> Path:
    return source.library / name / "src" / "lib.rs"


def _digest_source(source: RustSource, root: Path) -> str:
    """Digest every file below the crate's ``src`` (and, for core, what it includes beside it)."""
    folders = [root.parent]
    if root.parent.parent.name == "core":
        # core names files of its siblings by #[path]: SIMD and architecture intrinsics.
        folders += [source.library / "portable-simd/crates/core_simd", source.library / "stdarch"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return digest_files(files, base=source.library)
