# SPDX-License-Identifier: GPL-2.0-only
"""The smallest programs for the faults of a transpiler that are known: ``tests/fuzz/known``.

Each is the body of a module like a generated program's, after a header of comments in TOML.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError

if TYPE_CHECKING:
    from pipeline.transpile.choice import Transpiler

FOLDER = Path(__file__).resolve().parent / "known"
_KEYS = {"name", "transpiler", "archs", "wrong", "workaround"}
_LICENCE, _COMMENT = "// SPDX", "// "


@dataclass(frozen=True)
class Fault:
    """A known fault: who has it and where, what is wrong, what to write instead, a program."""

    name: str
    transpiler: Transpiler
    archs: tuple[str, ...]
    wrong: str
    workaround: str
    text: str


def faults(folder: Path = FOLDER) -> list[Fault]:
    """Read all known faults; :class:`~pipeline.errors.UserError` for a header that is not whole."""
    return [read(path) for path in sorted(folder.glob("*.rs"))]


def read(path: Path) -> Fault:
    """Read one known fault."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    head = [line for line in lines if line.startswith(_COMMENT) and _LICENCE not in line]
    try:
        values = tomllib.loads("\n".join(line.removeprefix(_COMMENT) for line in head))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: the header is not TOML: {error}") from error
    if set(values) != _KEYS or values["transpiler"] not in {"rustc", "mrustc"}:
        raise UserError(f"{path}: the header has {', '.join(values)}", mend=f"give it {_KEYS}")
    return Fault(**{**values, "archs": tuple(values["archs"]), "text": text})
