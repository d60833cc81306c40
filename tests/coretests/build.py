# SPDX-License-Identifier: GPL-2.0-only
"""Build a crate of coretests in a way; what the way refuses is left out, and named."""

from __future__ import annotations

import contextlib
import io
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.check.library import BOOTSTRAP
from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.programs.emulated import emulator
from pipeline.programs.small import Ran, emulated, native
from pipeline.run import run
from pipeline.stages import Options, Outputs, run_check
from pipeline.transpile.rustc.emit import find_front, library
from pipeline.witness.rustc import find_witness
from tests.coretests.alone import NO_END, taken
from tests.coretests.blame import (
    NAME,
    Blamed,
    has_constants,
    kin,
    not_built,
    refusals,
    suspects,
    told,
)
from tests.coretests.float_tests import unusual
from tests.coretests.judge import SECONDS, Verdict, run_all
from tests.coretests.source import Cut, at_first, endless, write_crate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.witness.rustc import Witness
    from tests.coretests.alone import Broken
    from tests.coretests.blame import Kin, Refusal
    from tests.coretests.source import Test
    from tests.fuzz.batch import Way

_BUILDS = 24
# So many at a time are given to mrustc alone: what it breaks down on is found sooner among few.
_PART = 50
_SECONDS = 600.0
_ENDLESS = Verdict("not built", "mrustc does not end on an array of usize::MAX elements")
_UNUSUAL = Verdict("not built", "mrustc has no floats of 16 or 128 bits")
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

    def warned_of(self, crate: Path) -> str:
        """Return what Ferric's check has against a crate, which it asks before it builds one."""
        assert self.way is not None
        out = self.folder / "checked"
        options = Options(crate, self.way.arch, out, kernel="none", gate="require")
        try:
            loaded = load_crate(crate)
            # Of warnings there are many: most tests are left out.
            with contextlib.redirect_stderr(io.StringIO()):
                run_check(options, self.way.target, loaded, Outputs(out, loaded.crate_name))
        except UserError as error:
            return told(str(error))
        return ""

    def taken(self, crate: Path, tests: int, *, ask: bool) -> Broken | None:
        """Return what mrustc by itself breaks down on, None where it takes a crate of tests."""
        assert self.way is not None
        return taken(crate, self.way.target, self.folder / "taken", tests, ask=ask)

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


def _last(test: Test) -> str:
    return test.path.rpartition("::")[2]


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
        self._aside: list[Test] = []
        self._alike: set[Kin] = set()
        self.verdicts: dict[Test, Verdict] = {}

    def judge(self, chosen: Sequence[Test], left_out: Cut | None = None) -> dict[Test, Verdict]:
        """Return the verdict of each test."""
        place = self._place
        cut, why = at_first(place.tests)
        known = {
            one: Verdict("not run", reason)
            for one in chosen
            for part, reason in why.items()
            if part in one.path
        }
        self._settle(known)
        rest = [one for one in chosen if one not in known]
        cut |= left_out or Cut()
        if place.by_mrustc:
            cut |= Cut(mrustc=True)
            self._settle({one: _ENDLESS for one in rest if _last(one) in endless(place.tests)})
            self._settle({one: _UNUSUAL for one in rest if unusual(one.path)})
            rest = [one for one in rest if one not in self.verdicts]
            rest, cut = self._witnessed(rest, cut)
            fits: list[Test] = []
            for part in self._parts(rest):
                some, cut = self._taken(part, cut)
                fits += some
            rest = fits
        self._judge(rest, cut)
        for one in [one for one in self._aside if one not in self.verdicts]:
            # With rustc's marks in it, mrustc may know less of it, and take it all the same.
            self._builds = 1
            self._judge([one], cut)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._place.folder)
        return self.verdicts

    def _parts(self, chosen: Sequence[Test]) -> Iterator[Sequence[Test]]:
        """Yield what mrustc is given at a time: alone what it is likely to break down on.

        Alone is also the first of what a macro makes for several types: it stands for the others.
        """
        tests = self._place.tests
        alike: dict[Kin, list[Test]] = {}
        for one in chosen:
            alike.setdefault(kin(tests, one), []).append(one)
        alone = {one for one in chosen if has_constants(tests, one)}
        alone |= {some[0] for some in alike.values() if len(some) > 1}
        yield from ([one] for one in chosen if one in alone)
        others = [one for one in chosen if one not in alone]
        yield from (others[at : at + _PART] for at in range(0, len(others), _PART))

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

    def _taken(self, chosen: Sequence[Test], cut: Cut) -> tuple[list[Test], Cut]:
        """Return the tests that mrustc takes; what it breaks down on by itself is put aside.

        What it does not end on is settled: Ferric would wait long for it.  A file that none of the
        tests is in is left out, from then on.
        """
        chosen = self._with_kin_aside(chosen)
        while chosen and (broken := self._broken(chosen, cut, ask=len(chosen) > 1)):
            blamed = self._blamed(chosen, broken.why)
            if not blamed.why and blamed.cut | cut != cut:
                cut |= blamed.cut
                continue
            guilty = blamed.why or self._guilty(chosen, cut, broken)
            self._say(f"mrustc breaks down on {len(guilty)} of {len(chosen)}: {told(broken.why)}")
            self._settle({one: said for one, said in guilty.items() if NO_END in said.why})
            self._alike |= {kin(self._place.tests, one) for one in guilty}
            chosen = self._with_kin_aside(chosen)
        return chosen, cut

    def _with_kin_aside(self, chosen: Sequence[Test]) -> list[Test]:
        """Put aside what a macro makes that breaks down for one type, and return the others."""
        alike = {one for one in chosen if kin(self._place.tests, one) in self._alike}
        self._aside += [one for one in chosen if one in alike]
        return [one for one in chosen if one not in alike]

    def _blamed(self, chosen: Sequence[Test], why: str) -> Blamed:
        """Return what it costs that Ferric or mrustc refuses the crate of these tests."""
        blamed = Blamed(self._place.tests, self._place.folder / "crate", chosen, refused=True)
        for one in refusals(why):
            blamed.take(one)
        return blamed

    def _broken(self, chosen: Sequence[Test], cut: Cut, *, ask: bool = False) -> Broken | None:
        place = self._place
        shutil.rmtree(place.folder, ignore_errors=True)
        crate = write_crate(place.tests, chosen, place.folder / "crate", cut)
        return place.taken(crate, len(chosen), ask=ask)

    def _guilty(self, chosen: Sequence[Test], cut: Cut, broken: Broken) -> Mapping[Test, Verdict]:
        """Return a test that mrustc breaks down on, by what it is at, or by halves."""
        some, why = suspects(self._place.tests, chosen, broken.at), broken.why
        if len(some) < len(chosen):
            said = self._broken(some, cut)
            some, why = (some, said.why) if said else (list(chosen), why)
        # Of the first so many tests it takes `fits`, and not `more`.
        fits, more = 0, len(some)
        while more - fits > 1:
            half = (fits + more) // 2
            if (said := self._broken(some[:half], cut)) is None:
                fits = half
            else:
                more, why = half, said.why
        return {some[more - 1]: not_built(told(why), refused=True)}

    def _warned(self, test: Test, said: Verdict, cut: Cut) -> Verdict:
        """Return the verdict of a test that ran: one that fails may be one that Ferric refuses."""
        place = self._place
        if said.kind != "failed" or not place.by_mrustc:
            return said
        why = place.warned_of(write_crate(place.tests, [test], place.folder / "alone/crate", cut))
        return Verdict("refused", why) if why else said

    def _judge(self, chosen: Sequence[Test], cut: Cut) -> None:
        if len(chosen) > 1:
            chosen = self._with_kin_aside(chosen)
        while chosen:
            blamed = self._built(chosen, cut)
            if blamed is None:
                return
            self._aside += blamed.apart
            if not blamed.why and not blamed.apart and blamed.cut | cut == cut:
                names = reversed(NAME.findall(blamed.said))
                some = suspects(self._place.tests, chosen, names)
                if len(some) == len(chosen):
                    some = list(chosen[: len(chosen) // 2])
                self._say(f"in two parts, since refused without a place: {blamed.said}")
                for part in ([one for one in chosen if one not in some], some):
                    self._judge(part, cut)
                return
            cut |= blamed.cut
            self._say(f"{len(blamed.why)} of {len(chosen)} refused")
            self._settle(blamed.why)
            gone = {*blamed.why, *blamed.apart}
            chosen = [one for one in chosen if one not in gone]

    def _built(self, chosen: Sequence[Test], cut: Cut) -> Blamed | None:
        """Build a crate and run its tests; return what is refused, None where all is told."""
        place = self._place
        if self._builds <= 0:
            why = f"more than {_BUILDS} builds would be needed"
            self._settle(dict.fromkeys(chosen, Verdict("not built", why)))
            return None
        self._builds -= 1
        shutil.rmtree(place.folder, ignore_errors=True)
        crate = write_crate(place.tests, chosen, place.folder / "crate", cut)
        self._say(f"building {len(chosen)} tests, {chosen[0].path} and so on")
        built = place.build(crate)
        if built.kind == "ran":
            command = [] if place.way is None else emulator(place.way.target)
            program = place.folder / "out" / "program"
            for ended in run_all(command, program, chosen, place.seconds):
                some = {one: self._warned(one, said, cut) for one, said in ended.items()}
                self._settle(some)
                self._say(f"ran {len(some)} tests, {next(reversed(some)).path} the last")
            return None
        refused = built.kind == "refused" and place.by_mrustc
        blamed = Blamed(place.tests, crate, chosen, told(built.why), refused=refused)
        for one in place.refused(crate, built):
            blamed.take(one)
        if len(chosen) == 1 and (blamed.why or blamed.cut | cut == cut):
            self._alike.add(kin(place.tests, chosen[0]))
            other = not_built(told(built.why), refused)
            self._settle({one: blamed.why.get(one, other) for one in chosen})
            return None
        return blamed
