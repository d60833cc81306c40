# SPDX-License-Identifier: GPL-2.0-only
"""Build a crate of coretests in a way; what the way refuses is left out, and named."""

from __future__ import annotations

import contextlib
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.check.library import BOOTSTRAP
from pipeline.check.rustc import find_rustc
from pipeline.programs.emulated import emulator
from pipeline.programs.small import emulated, native
from pipeline.run import run
from pipeline.transpile.rustc.emit import find_front, library
from tests.coretests.judge import Verdict, run_all
from tests.coretests.source import Cut, Test, at_first, blocks, write_crate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.programs.small import Ran
    from tests.fuzz.batch import Way

_BUILDS = 24
_SECONDS = 600.0
_TOLD = 300
_SHORT = re.compile(
    r"^(?:\S*/)?src/(\S+?\.rs):(\d+):(?:\d+:)? error(?:\[\w+\])?: (.*)$", re.MULTILINE
)
_MRUSTC = re.compile(r"^(?:\S*/)?src/(\S+?\.rs):(\d+): error:(?:\w+:)?\s*(.*)$", re.MULTILINE)
_UNKNOWN = re.compile(r"unknown feature `(\w+)`")
_ARM = re.compile(r"^ *(\d+) => crate::")
_NATIVE = ("-Cpanic=abort", "-Coverflow-checks=no", "-Cdebug-assertions=no")


@dataclass(frozen=True)
class Refusal:
    """An error at a place of the crate: file below ``src``, line, message."""

    file: str
    line: int
    message: str


def refusals(output: str) -> list[Refusal]:
    """Return the errors in what rustc (in its short format) or mrustc says of a crate."""
    found = [*_SHORT.findall(output), *_MRUSTC.findall(output)]
    return [Refusal(file, int(line), message.strip()[:_TOLD]) for file, line, message in found]


class Blamed:
    """What refusals cost: tests, blocks of files, features, or else whole modules."""

    def __init__(self, tests: Path, crate: Path, chosen: Sequence[Test]) -> None:
        self._tests, self._crate, self._chosen = tests, crate, chosen
        self.cut = Cut()
        self.why: dict[Test, Verdict] = {}

    def take(self, refusal: Refusal) -> None:
        """Add what has to go for one refusal."""
        text = (self._crate / "src" / refusal.file).read_text(encoding="utf-8")
        if refusal.file == "lib.rs":
            self._root(refusal, text.splitlines()[refusal.line - 1])
            return
        source = (self._tests / refusal.file).read_text(encoding="utf-8")
        for start, end, name, _text in blocks(source):
            if start <= refusal.line <= end:
                self.cut |= Cut(blocks=frozenset({(refusal.file, start)}))
                inside = self._within(refusal.file)
                self._blame([one for one in inside if name in one.path.split("::")], refusal)
                return
        module = refusal.file.partition("/")[0].removesuffix(".rs")
        self._blame([one for one in self._chosen if one.module == module], refusal)

    def _root(self, refusal: Refusal, line: str) -> None:
        if feature := _UNKNOWN.search(refusal.message):
            self.cut |= Cut(features=frozenset({feature[1]}))
        elif arm := _ARM.match(line):
            self._blame([self._chosen[int(arm[1])]], refusal)

    def _within(self, file: str) -> list[Test]:
        """Return the tests of a file and of what its modules hold."""
        path = file.removesuffix(".rs").removesuffix("/mod").replace("/", "::")
        return [one for one in self._chosen if one.path.startswith(f"{path}::")]

    def _blame(self, tests: Iterable[Test], refusal: Refusal) -> None:
        verdict = Verdict("failed", f"not built: {refusal.message} ({refusal.file}:{refusal.line})")
        if refusal.file == "lib.rs" and refusal.message.startswith("cannot find"):
            verdict = Verdict("not run", "its attributes leave it out on this target")
        for one in tests:
            self.why.setdefault(one, verdict)


@dataclass(frozen=True)
class Place:
    """Where tests are built: ``way`` is None for rustc on this machine."""

    tests: Path
    way: Way | None
    folder: Path

    def build(self, crate: Path) -> Ran:
        """Build a crate, and run none of its tests."""
        out = self.folder / "out"
        if self.way is None:
            return native(crate, out, flags=["-Copt-level=0"])
        return emulated(crate, self.way.arch, self.way.transpiler, out, target=self.way.target)

    def asked(self, crate: Path) -> str:
        """Return all that rustc has against a crate, one line for each error."""
        rustc = find_rustc(None)
        argv: list[str | Path] = [rustc.path, *_NATIVE]
        if self.way is not None:
            front = find_front("", "", self.way.target.arch, self.way.target.layout)
            basis = library(front)[0].folder
            kept = [one for one in front.flags if not one.startswith("--emit")]
            argv = [front.rustc.path, *kept, "--target", basis / "target.json", "-L", basis]
        argv += ["--edition=2024", "--crate-type=lib", "--crate-name=program", "--emit=metadata"]
        argv += ["--error-format=short", "--cap-lints=allow", "--out-dir", self.folder]
        done = run([*argv, crate / "src/lib.rs"], env=BOOTSTRAP, timeout=_SECONDS)
        return done.output

    def refused(self, crate: Path, built: Ran) -> list[Refusal]:
        """Return what keeps a crate from being built, where its place is known."""
        by_mrustc = self.way is not None and self.way.transpiler == "mrustc"
        return refusals(built.why if by_mrustc else self.asked(crate))


def judge(place: Place, chosen: Sequence[Test], left_out: Cut | None = None) -> dict[Test, Verdict]:
    """Return the verdict of each test.

    What has a place in the source is left out where it is refused; a crate that is refused without
    one is halved.  Both end after some builds, and the rest is not run for that reason.
    """
    cut, why = at_first(place.tests)
    verdicts = {
        one: Verdict("not run", reason)
        for one in chosen
        for part, reason in why.items()
        if part in one.path
    }
    rest = [one for one in chosen if one not in verdicts]
    builds = [_BUILDS]
    verdicts.update(_judge(place, rest, cut | (left_out or Cut()), builds))
    return verdicts


def _judge(
    place: Place, chosen: Sequence[Test], cut: Cut, builds: list[int]
) -> dict[Test, Verdict]:
    verdicts: dict[Test, Verdict] = {}
    while chosen:
        shutil.rmtree(place.folder, ignore_errors=True)
        crate = write_crate(place.tests, chosen, place.folder / "crate", cut)
        built = place.build(crate)
        builds[0] -= 1
        if built.kind == "ran":
            command = [] if place.way is None else emulator(place.way.target)
            verdicts.update(run_all(command, place.folder / "out" / "program", chosen))
            break
        blamed = Blamed(place.tests, crate, chosen)
        for one in place.refused(crate, built):
            blamed.take(one)
        if builds[0] <= 0 or (len(chosen) == 1 and not blamed.cut.features):
            other = Verdict("failed", f"not built: {_told(built.why)}")
            verdicts.update({one: blamed.why.get(one, other) for one in chosen})
            break
        if not blamed.why and blamed.cut == Cut():
            half = len(chosen) // 2
            for part in (chosen[:half], chosen[half:]):
                verdicts.update(_judge(place, part, cut, builds))
            break
        cut |= blamed.cut
        verdicts.update(blamed.why)
        chosen = [one for one in chosen if one not in blamed.why]
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(place.folder)
    return verdicts


def _told(why: str) -> str:
    """Return what a tool says, without the command and the names of one run."""
    return " ".join(why.partition("\n  command:")[0].split())[:_TOLD]
