# SPDX-License-Identifier: GPL-2.0-only
"""Read ``catalogue.yaml``: what mrustc is known to get wrong, with a program for each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML

from pipeline.errors import UserError

CATALOGUE = Path(__file__).with_name("catalogue.yaml")
PROGRAMS = Path(__file__).with_name("programs")
Behaviour = Literal["wrong", "stops", "right"]
Answer = Literal["repaired", "refused", "absent", "open"]


class Hazard(BaseModel):
    """One entry.

    ``on`` says which byte orders it concerns, ``mrustc`` what the ``versions`` of mrustc do with
    the program: ``wrong`` is another log than rustc's, ``stops`` no object at all.  ``ferric`` says
    whether it is put right or refused, by the gate or by the transpiler's own checks (``by``).
    ``effect`` is what it would do in a kernel, ``instead`` what to write so that it does not come
    up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    on: Literal["all", "big-endian"]
    versions: tuple[str, ...]
    mrustc: Behaviour
    ferric: Answer
    by: Literal["gate", "transpile"] = "gate"
    effect: str
    instead: str

    @property
    def guarded(self) -> Behaviour:
        """What the program does after the repair pass, where no gate refuses it."""
        if self.ferric == "refused" and self.by == "transpile":
            return "stops"
        return "right" if self.ferric == "repaired" else self.mrustc


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    hazards: dict[str, Hazard]


def catalogue(path: Path = CATALOGUE) -> dict[str, Hazard]:
    """Return all entries by name; :class:`~pipeline.errors.UserError` where the file is not one."""
    try:
        return _Catalogue.model_validate(YAML(typ="safe").load(path)).hazards
    except ValidationError as error:
        raise UserError(f"{path}: {error}") from None


def program(name: str) -> str:
    """Return the Rust text of the smallest program that shows a hazard."""
    return (PROGRAMS / f"{name}.rs").read_text(encoding="utf-8")
