# SPDX-License-Identifier: GPL-2.0-only
"""Run the catalogue's programs through the mrustc at hand, beside rustc for this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.hazards.catalogue import program
from pipeline.programs.small import emulated, native, write_crate
from pipeline.transpile.repair.unit import Guard

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.hazards.catalogue import Behaviour, Hazard
    from pipeline.programs.small import Ran
    from pipeline.target import Target


@dataclass(frozen=True)
class Measured:
    """What mrustc did with one program, by itself (``raw``) and repaired (``ours``).

    ``expected`` and ``expected_raw`` are what the catalogue says of the two.
    """

    name: str
    expected: Behaviour
    expected_raw: Behaviour
    ours: Ran
    raw: Ran
    theirs: Ran

    @property
    def behaviour(self) -> Behaviour:
        """What the program does after the repair pass."""
        return behaviour(self.ours, self.theirs)

    @property
    def raw_behaviour(self) -> Behaviour:
        """What the program does as mrustc wrote it."""
        return behaviour(self.raw, self.theirs)

    @property
    def known(self) -> bool:
        """Say whether both are as the catalogue has them."""
        found = (self.behaviour, self.raw_behaviour)
        return found == (self.expected, self.expected_raw)


def measure(name: str, hazard: Hazard, target: Target, rust_src: str, out: Path) -> Measured:
    """Build and run the program of a hazard three times, below ``out``, and compare.

    Raises :class:`~pipeline.errors.UserError` where rustc itself does not build or run it.
    """
    crate = write_crate(out / name / "crate", program(name))
    theirs = native(crate, out / name / "native")
    if theirs.kind != "ran":
        raise UserError(f"rustc has no result for {name}: {theirs.why}")
    ours, raw = (
        emulated(
            crate, target.arch.name, "mrustc", out / name / folder, rust_src=rust_src,
            target=target, guard=Guard(raw=folder == "raw"),
        )
        for folder in ("mrustc", "raw")
    )  # fmt: skip
    said = expected(hazard, target)
    return Measured(name, said, expected(hazard, target, raw=True), ours, raw, theirs)


def expected(hazard: Hazard, target: Target, *, raw: bool = False) -> Behaviour:
    """Return what the catalogue says of a target: right if repaired, or of the other byte order."""
    concerned = hazard.on == "all" or target.layout.big_endian
    if not concerned:
        return "right"
    return hazard.mrustc if raw else hazard.guarded


def behaviour(ours: Ran, theirs: Ran) -> Behaviour:
    """Return how a program ended, held against what rustc makes of it."""
    if ours.kind in ("refused", "broken"):
        return "stops"
    same = (ours.kind, ours.status, ours.output) == (theirs.kind, theirs.status, theirs.output)
    return "right" if same else "wrong"
