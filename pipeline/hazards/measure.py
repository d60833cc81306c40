# SPDX-License-Identifier: GPL-2.0-only
"""Run the catalogue's programs through the mrustc at hand, beside rustc for this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.hazards.catalogue import program
from pipeline.programs.small import emulated, native, write_crate

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.hazards.catalogue import Behaviour, Hazard
    from pipeline.programs.small import Ran
    from pipeline.target import Target


@dataclass(frozen=True)
class Measured:
    """What mrustc did with one program; ``expected`` is what the catalogue says of it."""

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

    On a byte order that the hazard does not concern the program has to be right.
    """
    crate = write_crate(out / name / "crate", program(name))
    theirs = native(crate, out / name / "native")
    ours = emulated(
        crate, target.arch.name, "mrustc", out / name / "mrustc", rust_src=rust_src, target=target
    )
    concerned = hazard.on == "all" or target.layout.big_endian
    expected: Behaviour = hazard.mrustc if concerned else "right"
    return Measured(name, expected, behaviour(ours, theirs), ours, theirs)


def behaviour(ours: Ran, theirs: Ran) -> Behaviour:
    """Return how a program ended, held against what rustc makes of it."""
    if ours.kind in ("refused", "broken"):
        return "stops"
    same = (ours.kind, ours.status, ours.output) == (theirs.kind, theirs.status, theirs.output)
    return "right" if same else "wrong"
