# SPDX-License-Identifier: GPL-2.0-only
"""Find a rustc that can check a crate, best one that has the source of its own library."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ToolError, UserError
from pipeline.run import check

MINIMUM = (1, 85, 0)
"""The first release with edition 2024."""

MEND = (
    "install rustc with its library source (Debian 12: rustc-web rust-web-src; later releases: "
    "rustc rust-src; elsewhere: rustup with `rustup component add rust-src`)"
)
_SECONDS = 60.0
_MAX_TOOLCHAINS = 50


@dataclass(frozen=True)
class RustcInfo:
    """A rustc: ``verbose`` is what ``-vV`` says, ``library`` its own library's source or None."""

    path: Path
    version: tuple[int, int, int]
    verbose: str
    host: str
    sysroot: Path
    library: Path | None

    @property
    def release(self) -> str:
        """The release that the library's source has to be of ("1.96")."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def title(self) -> str:
        """Return the name and version as rustc gives them (``rustc 1.96.0 (…)``)."""
        return self.verbose.splitlines()[0]


def find_rustc(named: str | Path | None) -> RustcInfo:
    """Return the rustc to check with.

    ``named`` (a path, or a name on PATH) is taken or refused.  Without it: the first on PATH, in
    ``/usr/bin`` or among rustup's toolchains that has its library's source, else the first of them.
    Raises :class:`~pipeline.errors.UserError` where there is none of 1.85 or later, and for a
    named one also where it does not answer.
    """
    if named is not None:
        found = shutil.which(str(named))
        if found is None:
            raise UserError("no such rustc", where=f"rustc={named}", mend=MEND)
        return _usable(_examine(Path(found)))
    usable: list[RustcInfo] = []
    refused: list[str] = []
    for path in _candidates():
        try:
            info = _usable(_examine(path))
        except (ToolError, UserError) as error:
            refused.append(error.what)
            continue
        if info.library is not None:
            return info
        usable.append(info)
    if usable:
        return usable[0]
    raise UserError("; ".join(refused) or "rustc is not on PATH", mend=MEND)


def library_edition(source: Path) -> str:
    """Return the edition of a crate of the library, whose root is ``source`` (``…/src/lib.rs``).

    It changed with the releases: ``core`` of Rust 1.85 is of 2021, later ones of 2024.
    """
    manifest = source.parents[1] / "Cargo.toml"
    try:
        package = tomllib.loads(manifest.read_text(encoding="utf-8"))["package"]
    except (OSError, ValueError, KeyError) as error:
        what = f"the library's source is not whole: {error!r}"
        raise UserError(what, where=str(manifest), mend=MEND) from None
    return str(package.get("edition", "2015"))


def _candidates() -> list[Path]:
    """Return the places where a rustc may be, in order of preference."""
    on_path = shutil.which("rustc")
    home = Path(os.environ.get("RUSTUP_HOME") or Path.home() / ".rustup")
    toolchains = sorted(home.glob("toolchains/*/bin/rustc"), reverse=True)[:_MAX_TOOLCHAINS]
    places = [*([Path(on_path)] if on_path else []), Path("/usr/bin/rustc"), *toolchains]
    return [path for path in dict.fromkeys(places) if os.access(path, os.X_OK)]


def _usable(info: RustcInfo) -> RustcInfo:
    """Return ``info``; :class:`UserError` where it is older than the least version."""
    if info.version < MINIMUM:
        least = ".".join(map(str, MINIMUM))
        raise UserError(
            f"{info.title} is too old, {least} is needed", where=str(info.path), mend=MEND
        )
    return info


@functools.cache
def _examine(path: Path) -> RustcInfo:
    """Ask a rustc who it is.

    Behind rustup's stand-in is the compiler in its sysroot: that one is taken, because the
    stand-in chooses anew in each folder.
    """
    verbose = check([path, "-vV"], f"{path} does not say its version", timeout=_SECONDS)
    sysroot = Path(
        check([path, "--print", "sysroot"], f"{path}: no sysroot", timeout=_SECONDS).strip()
    )
    version = re.search(r"^release: (\d{1,4})\.(\d{1,4})\.(\d{1,4})", verbose, re.MULTILINE)
    host = re.search(r"^host: (\S+)$", verbose, re.MULTILINE)
    if version is None or host is None:
        raise ToolError(f"{path} is no rustc", argv=[str(path), "-vV"], tail=verbose)
    own = sysroot / "bin" / "rustc"
    library = sysroot / "lib/rustlib/src/rust/library"
    return RustcInfo(
        path=own if os.access(own, os.X_OK) else path,
        version=(int(version[1]), int(version[2]), int(version[3])),
        verbose=verbose,
        host=host[1],
        sysroot=sysroot,
        library=library if (library / "core/src/lib.rs").is_file() else None,
    )
