# SPDX-License-Identifier: GPL-2.0-only
"""Where a crate's C comes from: who transpiled it, from which source, under which licences."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.transpile.crates import dependency_roots
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source
from pipeline.transpile.rustc.emit import find_front

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.crate.model import Crate
    from pipeline.stages import Options
    from pipeline.target import Target
    from pipeline.transpile.crates import Units

_LIBRARY = {
    "core": "core",
    "alloc": "alloc",
    "compiler_builtins": "compiler-builtins/compiler-builtins",
}
_MOST_MANIFEST = 1 << 20
_UNSAID = "not said"


@dataclass(frozen=True)
class Licence:
    """A part of the C and what its own Cargo.toml says of its licence."""

    name: str
    licence: str


@dataclass(frozen=True)
class Origin:
    """Who made the C: ``transpiler`` and ``library`` as they call themselves, with versions."""

    transpiler: str
    library: str
    licences: tuple[Licence, ...]


def origin(
    options: Options, target: Target, crate: Crate, kernel: Crate | None, units: Units
) -> Origin:
    """Return where the C of ``crate`` comes from, asked of the tools that ``options`` name.

    Raises :class:`~pipeline.errors.UserError` where a tool or the library's source is gone.
    """
    if target.transpiler == "rustc":
        front = find_front(options.rustc, options.rust_src, target.arch, target.layout)
        transpiler, library, release = front.rustc.title, front.source, front.rustc.release
        # One file has all that is reached; which crates of the library that is, it does not say.
        names = ["core", "alloc"]
    else:
        mrustc = find_mrustc(options.mrustc or None)
        source = find_rust_source(options.rust_src or None, mrustc.releases)
        transpiler, library, release = mrustc.banner, source.library, source.release
        names = [unit.name for unit in units.library]
    own = [
        Licence(one.name, one.license or one.module.license or _UNSAID)
        for one in dependency_roots(crate, kernel)
    ]
    rust = [Licence(name, _licence(library / _LIBRARY[name])) for name in names]
    return Origin(transpiler, f"Rust {release}", (*own, *rust))


def _licence(folder: Path) -> str:
    """Return the licence that a crate of Rust's library states in its own Cargo.toml."""
    path = folder / "Cargo.toml"
    try:
        with path.open("rb") as stream:
            text = stream.read(_MOST_MANIFEST).decode("utf-8")
        package = tomllib.loads(text)["package"]
        return str(package["license"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"Rust's library does not say its licence: {error}",
            where=str(path),
            mend="name a whole library source with rust_src=PATH",
        ) from None
