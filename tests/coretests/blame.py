# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler refuses of a crate of coretests, and which tests that costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.names import readable
from tests.coretests.judge import Verdict
from tests.coretests.source import Cut, blocks, functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tests.coretests.source import Test

TOLD = 300
# rustc in its short format, mrustc, and Ferric, which may tell of several lines at once.
_SHORT = re.compile(
    r"^(?:\S*/)?src/(\S+?\.rs):(\d+):(?:\d+:)? error(?:\[\w+\])?: (.*)$", re.MULTILINE
)
_MRUSTC = re.compile(r"^(?:\S*/)?src/(\S+?\.rs):(\d+): error:(?:\w+:)?\s*(.*)$", re.MULTILINE)
_FERRIC = re.compile(
    r"^(?:\S*/)?src/(\S+?\.rs):(\d+(?:, \d+)*)(?::\d+)?: (?! ?error)(.*)$", re.MULTILINE
)
_NAMED = re.compile(r'::"program"::((?:\w+::)+\w+)')
_REACHED = re.compile(r"\(reached in (_R\w+)\)")
_CALLED = re.compile(r">::(\w+)")
_FOLDER = re.compile(r"/\S*/crate/")
_UNKNOWN = re.compile(r"unknown feature `(\w+)`")
_ARM = re.compile(r"^ *(\d+) => crate::")


@dataclass(frozen=True)
class Refusal:
    """An error at a place of the crate (file below ``src``, line), or else in a function."""

    file: str
    line: int
    message: str
    function: str = ""


def refusals(output: str) -> list[Refusal]:
    """Return the errors in what rustc (in its short format), mrustc or Ferric says of a crate.

    Where none has a place, the function that it names stands in.
    """
    found = [
        Refusal(file, int(line), message.strip()[:TOLD])
        for pattern in (_SHORT, _MRUSTC, _FERRIC)
        for file, lines, message in pattern.findall(output)
        for line in lines.split(", ")
    ]
    if found:
        return found
    names = [*_NAMED.findall(output), *map(readable, _REACHED.findall(output))]
    own = [name.removeprefix("program::") for name in names]
    return [Refusal("", 0, told(output), name) for name in dict.fromkeys(own)]


def told(why: str) -> str:
    """Return what a tool says, without the command and the names of one run."""
    shown = _FOLDER.sub("", why.partition("\n  command:")[0])
    return " ".join(shown.split())[:TOLD]


def suspects(tests: Path, chosen: Sequence[Test], why: str) -> list[Test]:
    """Return the tests that an error may lie in: some of them, never all.

    They name the function that the error names; where none does, a half of them is as good.
    """
    files = [file.read_text(encoding="utf-8") for file in sorted(tests.rglob("*.rs"))]
    for called in dict.fromkeys(reversed(_CALLED.findall(why))):
        names = {
            name
            for file in files
            for _start, _end, name, text in blocks(file)
            if re.search(rf"\b{called}\b", text)
        }
        found = [one for one in chosen if one.path.rpartition("::")[2] in names]
        if 0 < len(found) < len(chosen):
            return found
    return list(chosen[: len(chosen) // 2])


class Blamed:
    """What refusals cost: tests, blocks of files, features, or else whole modules.

    ``said`` is what the compiler said in all.
    """

    def __init__(self, tests: Path, crate: Path, chosen: Sequence[Test], said: str = "") -> None:
        self._tests, self._crate, self._chosen, self.said = tests, crate, chosen, said
        self.cut = Cut()
        self.why: dict[Test, Verdict] = {}

    def take(self, refusal: Refusal) -> None:
        """Add what has to go for one refusal."""
        if not refusal.file:
            within = f"{refusal.function}::"
            self._blame(
                [one for one in self._chosen if within.startswith(f"{one.path}::")], refusal
            )
            return
        file = self._crate / "src" / refusal.file
        if not file.is_file():
            return
        if refusal.file == "lib.rs":
            text = file.read_text(encoding="utf-8")
            self._root(refusal, text.splitlines()[refusal.line - 1])
            return
        self._module(refusal, (self._tests / refusal.file).read_text(encoding="utf-8"))

    def _module(self, refusal: Refusal, source: str) -> None:
        """Blame the test around a line, else the tests of its file or its module."""
        inside = self._within(refusal.file)
        module = refusal.file.partition("/")[0].removesuffix(".rs")
        others = [one for one in self._chosen if one.module == module]
        for start, end, name, _text in (*blocks(source), *functions(source)):
            if start <= refusal.line <= end:
                guilty = [one for one in inside if name in one.path.split("::")]
                # A macro's tests are of the modules that call it.
                guilty = guilty or [one for one in others if one.path.endswith(f"::{name}")]
                if guilty:
                    self.cut |= Cut(blocks=frozenset({(refusal.file, start)}))
                    self._blame(guilty, refusal)
                    return
        self._blame(inside or others, refusal)

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
        at = f" ({refusal.file}:{refusal.line})" if refusal.file else ""
        verdict = Verdict("failed", f"not built: {refusal.message}{at}")
        if refusal.file == "lib.rs" and refusal.message.startswith("cannot find"):
            verdict = Verdict("not run", "its attributes leave it out on this target")
        for one in tests:
            self.why.setdefault(one, verdict)
