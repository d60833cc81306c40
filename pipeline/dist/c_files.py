# SPDX-License-Identifier: GPL-2.0-only
"""The C of a crate's Rust part as it is packed: which files, in which order, with which flags."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.compile.object import compilable, runtime_sources
from pipeline.errors import UserError
from pipeline.transpile.crates import Units

if TYPE_CHECKING:
    from pipeline.stages import Outputs
    from pipeline.target import Target
    from pipeline.transpile.crates import Unit


@dataclass(frozen=True)
class CFile:
    """A C file of the Rust part; ``debug`` says whether its object has debug information."""

    name: str
    content: bytes
    debug: bool


def c_files(target: Target, outputs: Outputs) -> list[CFile]:
    """Return the C of the Rust part, as GCC gets it and in the order in which it is linked.

    Raises :class:`~pipeline.errors.UserError` where a file is gone that the crate's list names.
    """
    units = Units.read(outputs.units)
    own = [units.crate, *([units.root] if units.root else []), *units.dependencies]
    found: list[CFile] = []
    for unit in (*own, *units.library):
        text = _content(target, outputs.out / unit.c_file)
        found.append(CFile(_free(unit, found), text, debug=unit not in units.library))
    runtime = runtime_sources(units)
    return [*found, *(CFile(path.name, path.read_bytes(), debug=True) for path in runtime)]


def _free(unit: Unit, taken: list[CFile]) -> str:
    """Return a file name for a unit: its own, and its key where another crate has that name."""
    name = f"{unit.name}.c"
    return f"{unit.name}-{unit.key}.c" if any(one.name == name for one in taken) else name


def _content(target: Target, path: Path) -> bytes:
    """Return a C file; mrustc's is changed first where this architecture's GCC needs it."""
    if not path.is_file():
        raise UserError("the C is no longer there", where=str(path), mend="transpile again")
    if target.transpiler != "mrustc":
        return path.read_bytes()
    with tempfile.TemporaryDirectory(prefix="ferric-") as work:
        return compilable(target.toolchain, target.flags, path, Path(work)).read_bytes()
