# SPDX-License-Identifier: GPL-2.0-only
"""Find the Rust library source that mrustc is to transpile, and prove its version.

The version is read from the source itself: the newest ``since = "…"`` that ``core`` carries on a
``#[stable]`` attribute is the release, because each release stabilises something in ``core``.  A
folder's or an archive's name is never believed.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.files import cached, digest_file

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = "FERRIC_RUST_SRC"
_PROJECT = Path(__file__).resolve().parents[2]
# Of stable items only: a deprecation may name a release that is still to come.
_SINCE = re.compile(rb'\[stable\([^\])]{0,200}?since\s*=\s*"1\.(\d{1,4})\.\d{1,3}"')
_NEEDED = ("core/src/lib.rs", "alloc/src/lib.rs")
_MAX_ARCHIVE_MEMBERS = 200_000
_MAX_ARCHIVE_BYTES = 2 << 30
_MEND = (
    "name one with rust_src=PATH (a `library` folder, or the .tar.xz or .tar.gz that has it); "
    "mrustc's release notes say which Rust release it takes"
)


@dataclass(frozen=True)
class RustSource:
    """A Rust library source: its ``library`` folder, its release ("1.90"), and who named it."""

    library: Path
    release: str
    origin: str

    @property
    def compiler_builtins(self) -> Path:
        """The root file of ``compiler_builtins`` (moved into the tree with Rust 1.89)."""
        return self.library / "compiler-builtins" / "compiler-builtins" / "src" / "lib.rs"


def find_rust_source(named: str | None, releases: tuple[str, ...]) -> RustSource:
    """Return the library source to use.

    ``named`` is the user's choice (variable, or ``$FERRIC_RUST_SRC`` where that is empty) and must
    fit; otherwise the usual places are searched for one of ``releases`` ("1.90"), best first.
    Raises :class:`UserError` that lists what was seen.
    """
    choice = named or os.environ.get(ENVIRONMENT, "")
    if choice:
        source = open_source(Path(choice).expanduser(), "rust_src=" if named else f"${ENVIRONMENT}")
        if source.release not in releases:
            raise UserError(
                f"the Rust library there is {source.release}; this mrustc takes "
                f"{' or '.join(releases)}",
                where=choice,
                mend=_MEND,
            )
        return source
    seen = []
    for place in _usual_places():
        try:
            source = open_source(place, "found")
        except UserError:
            continue
        if source.release in releases:
            return source
        seen.append(f"{place} is {source.release}")
    found = f" (seen: {'; '.join(seen)})" if seen else ""
    raise UserError(f"no source of the Rust {' or '.join(releases)} library{found}", mend=_MEND)


def open_source(path: Path, origin: str) -> RustSource:
    """Open a ``library`` folder, a folder that has one, or an archive; see what release it is."""
    if path.is_file():
        library = _unpacked(path)
    else:
        folders = [path, path / "library", path / "lib/rustlib/src/rust/library"]
        library = next((f for f in folders if (f / _NEEDED[0]).is_file()), path)
    for needed in _NEEDED:
        if not (library / needed).is_file():
            raise UserError(f"not a Rust library source: no {needed}", where=str(path), mend=_MEND)
    return RustSource(library.resolve(), _release(library), origin)


def _release(library: Path) -> str:
    minors = [
        int(minor)
        for file in sorted((library / "core/src").rglob("*.rs"))
        for minor in _SINCE.findall(file.read_bytes())
    ]
    if not minors:
        raise UserError("no release is named in its core", where=str(library), mend=_MEND)
    return f"1.{max(minors)}"


def _usual_places() -> Iterator[Path]:
    """Yield where library sources are: rustup, the distribution, archives beside this project."""
    home = Path.home()
    yield from sorted(home.glob(".rustup/toolchains/*/lib/rustlib/src/rust/library"))
    yield Path("/usr/lib/rustlib/src/rust/library")
    yield from sorted(Path("/usr/src").glob("rustc-*/library"))
    folders = [_PROJECT, _PROJECT.parent]
    folders += [folder for folder in sorted(_PROJECT.parent.iterdir()) if folder.is_dir()]
    for folder in folders:
        for pattern in ("rust-*-library.tar.*z", "rustc-*-src.tar.*z", "rust-src-*.tar.*z"):
            try:
                yield from sorted(folder.glob(pattern))
            except PermissionError:
                break


def _unpacked(archive: Path) -> Path:
    """Return the ``library`` folder of an archive, unpacked once into the user's cache."""

    def unpack(folder: Path) -> None:
        try:
            _unpack_library(archive, folder)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UserError(f"not a readable archive: {error}", where=str(archive)) from error

    return cached("rust-src", {"archive": digest_file(archive)}, unpack) / "library"


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write one file or folder of an archive: its content alone, no mode, owner or link of its."""
    content = tar.extractfile(member)
    if content is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with content, path.open("wb") as stream:
        shutil.copyfileobj(content, stream)


def _unpack_library(archive: Path, folder: Path) -> None:
    """Unpack what lies under ``library/`` in an archive, safely and boundedly."""
    total = 0
    with tarfile.open(archive) as tar:
        for count, member in enumerate(tar):
            total += member.size
            if count > _MAX_ARCHIVE_MEMBERS or total > _MAX_ARCHIVE_BYTES:
                raise UserError("larger than any Rust source", where=str(archive))
            parts = Path(member.name).parts
            if "library" not in parts or not (member.isfile() or member.isdir()):
                continue
            inner = parts[parts.index("library") :]
            if ".." in inner:
                raise UserError(f"a name that leads out of it: {member.name}", where=str(archive))
            _extract(tar, member, folder.joinpath(*inner))
    if not (folder / "library" / _NEEDED[0]).is_file():
        raise UserError("no library/core in this archive", where=str(archive), mend=_MEND)
