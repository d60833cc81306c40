# SPDX-License-Identifier: GPL-2.0-only
"""Run the catalogue's programs through the mrustc at hand, beside rustc for this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.hazards.catalogue import program
from pipeline.programs.small import emulated, native, write_crate

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.hazards.catalogue import Behaviour, Hazard
    from pipeline.programs.small import Ran
    from pipeline.target import Target


@dataclass(frozen=True)
class Measured:
    """What mrustc, repaired, did with one program; ``expected`` is what the catalogue says."""

    name: str
    expected: Behaviour
    behaviour: Behaviour
    ours: Ran
    theirs: Ran

    @property
    def known(self) -> bool:
        """Say whether it is as the catalogue has it."""
        return self.behaviour == self.expected


def measure(name: str, hazard: Hazard, target: Target, rust_src: str, out: Path) -> Measured:
    """Build and run the program of a hazard twice, below ``out``, and compare.

    Raises :class:`~pipeline.errors.UserError` where rustc itself does not build or run it.
    """
    crate = write_crate(out / name / "crate", program(name))
    theirs = native(crate, out / name / "native")
    if theirs.kind != "ran":
        raise UserError(f"rustc has no result for {name}: {theirs.why}")
    ours = emulated(
        crate, target.arch.name, "mrustc", out / name / "mrustc", rust_src=rust_src, target=target
    )
    return Measured(name, expected(hazard, target), behaviour(ours, theirs), ours, theirs)


def expected(hazard: Hazard, target: Target) -> Behaviour:
    """Return what the catalogue says of a target: right if repaired, or of the other byte order."""
    concerned = hazard.on == "all" or target.layout.big_endian
    return hazard.guarded if concerned else "right"


def behaviour(ours: Ran, theirs: Ran) -> Behaviour:
    """Return how a program ended, held against what rustc makes of it."""
    if ours.kind in ("refused", "broken"):
        return "stops"
    same = (ours.kind, ours.status, ours.output) == (theirs.kind, theirs.status, theirs.output)
    return "right" if same else "wrong"
