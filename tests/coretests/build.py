# SPDX-License-Identifier: GPL-2.0-only
"""Build a crate of coretests in a way; what the way refuses is left out, and named."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.check.library import BOOTSTRAP
from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError
from pipeline.programs.emulated import emulator
from pipeline.programs.small import Ran, emulated, native
from pipeline.run import run
from pipeline.stages import Options, Outputs, run_transpile
from pipeline.transpile.repair.unit import Guard
from pipeline.transpile.rustc.emit import find_front, library
from pipeline.witness.rustc import find_witness
from tests.coretests.blame import Blamed, refusals, suspects, told
from tests.coretests.judge import SECONDS, Verdict, run_all
from tests.coretests.source import Cut, at_first, write_crate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.witness.rustc import Witness
    from tests.coretests.blame import Refusal
    from tests.coretests.source import Test
    from tests.fuzz.batch import Way

_BUILDS = 24
_SECONDS = 600.0
_NATIVE = ("-Cpanic=abort", "-Coverflow-checks=no", "-Cdebug-assertions=no")


@dataclass(frozen=True)
class Place:
    """Where tests are built: ``way`` is None for rustc on this machine."""

    tests: Path
    way: Way | None
    folder: Path
    seconds: int = SECONDS

    def build(self, crate: Path) -> Ran:
        """Build a crate, and run none of its tests."""
        out = self.folder / "out"
        if self.way is None:
            return native(crate, out)
        return emulated(crate, self.way.arch, self.way.transpiler, out, target=self.way.target)

    def taken(self, crate: Path) -> Ran:
        """Say whether mrustc takes a crate, with nothing that Ferric does beside: far sooner."""
        assert self.way is not None
        target = self.way.target
        options = Options(
            crate, target.arch.name, self.folder / "taken", kernel="none", gate="off",
            transpiler="mrustc", roots=("run",), guard=Guard(raw=True),
        )  # fmt: skip
        loaded = load_crate(crate)
        try:
            run_transpile(options, target, loaded, Outputs(options.out, loaded.crate_name))
        except FerricError as error:
            return Ran("broken", why=str(error))
        return Ran("ran")

    def asked(self, crate: Path) -> str:
        """Return all that rustc has against a crate, one line for each error."""
        argv: list[str | Path] = [find_rustc(None).path, *_NATIVE]
        witness = self._witness()
        if witness is not None:
            argv = [witness.rustc.path, *witness.library.flags, *_NATIVE]
        elif self.way is not None:
            front = find_front("", "", self.way.target.arch, self.way.target.layout)
            basis = library(front)[0].folder
            kept = [one for one in front.flags if not one.startswith("--emit")]
            argv = [front.rustc.path, *kept, "--target", basis / "target.json", "-L", basis]
        argv += ["--edition=2024", "--crate-type=lib", "--crate-name=program", "--emit=metadata"]
        argv += ["--error-format=short", "--cap-lints=allow", "--out-dir", self.folder]
        done = run([*argv, crate / "src/lib.rs"], env=BOOTSTRAP, timeout=_SECONDS)
        return done.output

    @property
    def by_mrustc(self) -> bool:
        """Say whether mrustc builds the crates."""
        return self.way is not None and self.way.transpiler == "mrustc"

    def _witness(self) -> Witness | None:
        """Return the rustc that tells of the checks in what mrustc builds."""
        if self.way is None or not self.by_mrustc:
            return None
        target = self.way.target
        return find_witness(target.arch, target.layout, None, overflow_checks=False)

    def refused(self, crate: Path, built: Ran) -> list[Refusal]:
        """Return what keeps a crate from being built, where its place is known."""
        return refusals(built.why) or ([] if self.by_mrustc else refusals(self.asked(crate)))


class Judging:
    """The tests of a place, and what each turns out to be.

    What has a place in the source is left out where it is refused; a crate that is refused without
    one is halved.  Both end after some builds, and the rest is not built for that reason.
    """

    def __init__(
        self,
        place: Place,
        keep: Callable[[Mapping[Test, Verdict]], None] = lambda _some: None,
        say: Callable[[str], None] = lambda _what: None,
    ) -> None:
        """``keep`` gets verdicts as soon as they are known, ``say`` what is being done."""
        self._place, self._keep, self._say = place, keep, say
        self._builds = _BUILDS
        self.verdicts: dict[Test, Verdict] = {}

    def judge(self, chosen: Sequence[Test], left_out: Cut | None = None) -> dict[Test, Verdict]:
        """Return the verdict of each test."""
        cut, why = at_first(self._place.tests)
        known = {
            one: Verdict("not run", reason)
            for one in chosen
            for part, reason in why.items()
            if part in one.path
        }
        self._settle(known)
        rest = [one for one in chosen if one not in known]
        cut |= left_out or Cut()
        if self._place.by_mrustc:
            rest, cut = self._witnessed(rest, cut)
            rest = [*self._taken(rest, cut)]
        self._judge(rest, cut)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._place.folder)
        return self.verdicts

    def _settle(self, some: Mapping[Test, Verdict]) -> None:
        self.verdicts.update(some)
        self._keep(some)

    def _witnessed(self, chosen: list[Test], cut: Cut) -> tuple[list[Test], Cut]:
        """Return what rustc takes, which has to tell of the checks in what mrustc builds.

        It is another release than the tests: features that it no longer knows are left out.
        """
        while chosen:
            crate = write_crate(self._place.tests, chosen, self._place.folder / "crate", cut)
            blamed = Blamed(self._place.tests, crate, chosen)
            for one in refusals(self._place.asked(crate)):
                blamed.take(one)
            if not blamed.why and blamed.cut | cut == cut:
                break
            cut |= blamed.cut
            kept = {
                one: Verdict("not run", f"rustc of another release: {verdict.why}")
                for one, verdict in blamed.why.items()
            }
            self._settle(kept)
            chosen = [one for one in chosen if one not in kept]
        return chosen, cut

    def _taken(self, chosen: Sequence[Test], cut: Cut) -> Iterator[Test]:
        """Yield the tests that mrustc takes, and settle what it breaks down on."""
        if not chosen:
            return
        place = self._place
        shutil.rmtree(place.folder, ignore_errors=True)
        crate = write_crate(place.tests, chosen, place.folder / "crate", cut)
        ran = place.taken(crate)
        if ran.kind == "ran":
            yield from chosen
            return
        why = told(ran.why)
        if len(chosen) == 1:
            self._settle({chosen[0]: Verdict("failed", f"not built: {why}")})
            return
        guilty = suspects(place.tests, chosen, why)
        self._say(f"mrustc breaks down on one of {len(chosen)}, {len(guilty)} suspected: {why}")
        others = [one for one in chosen if one not in guilty]
        for part in (others, guilty):
            yield from self._taken(part, cut)

    def _judge(self, chosen: Sequence[Test], cut: Cut) -> None:
        while chosen:
            blamed = self._built(chosen, cut)
            if blamed is None:
                return
            if not blamed.why and blamed.cut | cut == cut:
                half = len(chosen) // 2
                self._say(f"each half of it, since refused without a place: {blamed.said}")
                for part in (chosen[:half], chosen[half:]):
                    self._judge(part, cut)
                return
            cut |= blamed.cut
            self._say(f"{len(blamed.why)} of {len(chosen)} refused")
            self._settle(blamed.why)
            chosen = [one for one in chosen if one not in blamed.why]

    def _built(self, chosen: Sequence[Test], cut: Cut) -> Blamed | None:
        """Build a crate and run its tests; return what is refused, None where all is told."""
        place = self._place
        if self._builds <= 0:
            why = f"not built: more than {_BUILDS} builds would be needed"
            self._settle(dict.fromkeys(chosen, Verdict("failed", why)))
            return None
        self._builds -= 1
        shutil.rmtree(place.folder, ignore_errors=True)
        crate = write_crate(place.tests, chosen, place.folder / "crate", cut)
        self._say(f"building {len(chosen)} tests, {chosen[0].path} and so on")
        built = place.build(crate)
        if built.kind == "ran":
            command = [] if place.way is None else emulator(place.way.target)
            program = place.folder / "out" / "program"
            for some in run_all(command, program, chosen, place.seconds):
                self._settle(some)
                self._say(f"ran {len(some)} tests, {next(reversed(some)).path} the last")
            return None
        blamed = Blamed(place.tests, crate, chosen, told(built.why))
        for one in place.refused(crate, built):
            blamed.take(one)
        if len(chosen) == 1 and not blamed.cut.features:
            other = Verdict("failed", f"not built: {told(built.why)}")
            self._settle({one: blamed.why.get(one, other) for one in chosen})
            return None
        return blamed
