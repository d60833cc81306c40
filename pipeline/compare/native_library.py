# SPDX-License-Identifier: GPL-2.0-only
"""``core`` and ``alloc`` to link with: rustc's own for the host, its source compiled for others."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.check.library import BOOTSTRAP
from pipeline.errors import UserError
from pipeline.files import cached, digest_file, digest_files, write_atomic
from pipeline.run import check

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.check.rustc import RustcInfo

_SECONDS = 1800.0
_HOST_CRATES = ("core", "alloc", "compiler_builtins")
# Tables to unwind by name a function of std, which a module has not.
_DROPPED = ("--strip-debug", "-R", ".llvmbc", "-R", ".llvmcmd", "-R", ".eh_frame",
            "-R", ".gcc_except_table*")  # fmt: skip
_EMPTY_BUILTINS = """\
#![feature(compiler_builtins, no_core)]
#![allow(internal_features)]
#![compiler_builtins]
#![no_core]
"""
_FLAGS = (
    "-C", "panic=abort", "-C", "opt-level=2", "-C", "force-unwind-tables=no",
    "-C", "relocation-model=static", "-C", "codegen-units=1", "-C", "debug-assertions=no",
    "-C", "symbol-mangling-version=v0", "-C", "embed-bitcode=no", "-Z", "emit-stack-sizes",
)  # fmt: skip


@dataclass(frozen=True)
class NativeLibrary:
    """What a call of rustc for ``target`` needs to see the library, and the archives to link."""

    target: str
    flags: tuple[str, ...]
    archives: tuple[Path, ...]


def host_library(rustc: RustcInfo) -> NativeLibrary:
    """Return the library that came with rustc, without debug information, bitcode, unwind tables.

    They are megabytes, and say nothing of the crate.  Raises :class:`UserError` where there is
    none.
    """
    folder = rustc.sysroot / "lib/rustlib" / rustc.host / "lib"
    found = [path for name in _HOST_CRATES for path in sorted(folder.glob(f"lib{name}-*.rlib"))]
    if len(found) != len(_HOST_CRATES):
        raise UserError(
            f"{rustc.path} has no core for {rustc.host}",
            mend="install its standard library (Debian: libstd-rust-dev, or libstd-rust-web-dev)",
        )
    key = {"dropped": _DROPPED, "files": [digest_file(one) for one in found]}

    def make(into: Path) -> None:
        for name, path in zip(_HOST_CRATES, found, strict=True):
            copy = into / f"lib{name}.a"
            shutil.copyfile(path, copy)
            check(["ar", "d", copy, "lib.rmeta"], f"ar does not read {path}")
            check(["objcopy", *_DROPPED, copy], f"objcopy does not read {path}")

    into = cached("native-host", key, make)
    archives = tuple(into / f"lib{name}.a" for name in _HOST_CRATES)
    return NativeLibrary(rustc.host, ("--target", rustc.host), archives)


def foreign_library(rustc: RustcInfo, target: str) -> NativeLibrary:
    """Return the library for another target, compiled once from rustc's own source.

    ``compiler_builtins`` is empty: calls of libgcc's functions stay open, as in any module.
    :class:`~pipeline.errors.ToolError` where this rustc's LLVM has no (sound) back end for it.
    """
    if rustc.library is None:
        raise ValueError("a rustc without its library's source was not to come here")
    root = rustc.library
    files = (path for name in ("core", "alloc") for path in (root / name / "src").rglob("*"))
    digest = digest_files([path for path in files if path.is_file()], base=root)
    key = {"rustc": rustc.verbose, "library": digest, "target": target, "flags": _FLAGS}

    def make(folder: Path) -> None:
        write_atomic(folder / "compiler_builtins.rs", _EMPTY_BUILTINS)
        sources = {
            "core": root / "core/src/lib.rs",
            "compiler_builtins": folder / "compiler_builtins.rs",
            "alloc": root / "alloc/src/lib.rs",
        }
        for name, source in sources.items():
            argv: list[str | Path] = [rustc.path, "--target", target, *_FLAGS, "-L", folder]
            argv += ["--crate-name", name, "--crate-type", "rlib", "--edition", "2024"]
            argv += ["--cap-lints", "allow", "--out-dir", folder, source]
            what = f"{rustc.title} does not compile its own {name} for {target}"
            check(argv, what, log=folder / f"{name}.log", env=BOOTSTRAP, timeout=_SECONDS)

    folder = cached("native-core", key, make)
    archives = tuple(folder / f"lib{name}.rlib" for name in ("core", "alloc"))
    return NativeLibrary(target, ("--target", target, "-L", str(folder)), archives)
