# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler refuses of a crate of coretests, and which tests that costs."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.names import readable
from tests.coretests.judge import Verdict
from tests.coretests.source import Cut, blocks, functions, makes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.coretests.source import Test

TOLD = 300
# A module, the name of a test's text in it, and whether it is the one of a constant.
Kin = tuple[str, str, bool]
# rustc in its short format, mrustc, and Ferric, which may tell of several lines at once.
_SHORT = re.compile(
    r"^(?:\S*/)?src/(\S+?\.rs):(\d+):(?:\d+:)? error(?:\[\w+\])?: (.*)$", re.MULTILINE
)
_MRUSTC = re.compile(r"^(?:\S*/)?src/(\S+?\.rs):(\d+): error:(?:\w+:)?\s*(.*)$", re.MULTILINE)
_FERRIC = re.compile(
    r"^(?:\S*/)?src/(\S+?\.rs):(\d+(?:, \d+)*)(?::\d+)?: (?! ?error)(.*)$", re.MULTILINE
)
_NAMED = re.compile(r'::"program"::((?:#?\w+::)+#?\w+)')
# How mrustc numbers a block of a module that has items.
_BLOCK_NUMBER = re.compile(r"#\d+::")
# A part of a path of the crate that a tool names.
NAME = re.compile(r"(?<=::)(?!program\b)\w\w+")
# What is said of a constant or of a function that has no place in the source.
_PLACELESS = re.compile(r"^mrustc (?:may compute|computes) .* wrongly: .*$", re.MULTILINE)
# mrustc's own words, which Ferric passes on; what else it says is its own refusal.
_MRUSTC_SAYS = re.compile(r"(?:^|: )mrustc: ")
_REACHED = re.compile(r"\(reached in (_R\w+)\)")
_FOLDER = re.compile(r"/\S*/crate/")
_BEHIND = re.compile(r"\n  (?:command|mend):")
_UNKNOWN = re.compile(r"unknown feature `(\w+)`")
_UNASKED = re.compile(r"use of unstable (?:library )?feature `(\w+)`")
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
        Refusal(file, int(line), message.strip()[:TOLD], _function(message))
        for pattern in (_SHORT, _MRUSTC, _FERRIC)
        for file, lines, message in pattern.findall(output)
        for line in lines.split(", ")
    ]
    found += [
        Refusal("", 0, told(line), function)
        for line in _PLACELESS.findall(output)
        if (function := _function(line))
    ]
    if found:
        return found
    named = (_BLOCK_NUMBER.sub("", name) for name in _NAMED.findall(output))
    names = [*named, *map(readable, _REACHED.findall(output))]
    own = [name.removeprefix("program::") for name in names]
    return [Refusal("", 0, told(output), name) for name in dict.fromkeys(own)]


def _function(message: str) -> str:
    """Return the function of the crate, or the constant in one, that mrustc is said to get wrong.

    Other functions may have its name: what its place is looked up by.
    """
    named = _NAMED.search(message) if message.startswith("mrustc ") else None
    return _BLOCK_NUMBER.sub("", named[1]) if named else ""


def told(why: str) -> str:
    """Return what a tool says, without the command, the mend and the names of one run."""
    shown = _FOLDER.sub("", _BEHIND.split(why, maxsplit=1)[0])
    return " ".join(shown.split())[:TOLD]


@functools.cache
def _texts(tests: Path) -> Mapping[str, str]:
    """Return the text of all tests of each name."""
    texts: dict[str, str] = {}
    for file in sorted(tests.rglob("*.rs")):
        for _start, _end, name, text in blocks(file.read_text(encoding="utf-8")):
            texts[name] = texts.get(name, "") + text
    return texts


def _mentions(tests: Path, one: Test, what: str) -> bool:
    text = one.path + " " + _texts(tests).get(one.path.rpartition("::")[2], "")
    return re.search(what, text) is not None


def has_constants(tests: Path, one: Test) -> bool:
    """Say whether a test has constants of its own, on which mrustc breaks down most often.

    It does not end on an array of all the elements that there can be.
    """
    const = r"\b(?:const|static) (?:mut )?\w+ ?:|\bconst \{|\bconst fn|; usize::MAX\]"
    return _mentions(tests, one, const)


def kin(tests: Path, one: Test) -> Kin:
    """Return what the tests have in common that a macro makes of one text for several types."""
    texts = _texts(tests)
    parts = one.path.split("::")[1:]
    name = next((part for part in reversed(parts) if part in texts), parts[-1])
    return one.module, name, one.constant


def suspects(tests: Path, chosen: Sequence[Test], names: Iterable[str]) -> list[Test]:
    """Return the tests that something may lie in that a tool was at, less than half of them.

    They have the first of the names in their path or their text that tells; all where none does.
    """
    for name in names:
        found = [one for one in chosen if _mentions(tests, one, rf"\b{name}\b")]
        if 0 < len(found) <= len(chosen) // 2:
            return found
    return list(chosen)


def not_built(why: str, refused: bool) -> Verdict:
    """Return the verdict of a test that is refused, or that something broke down on."""
    return Verdict("refused" if refused and not _MRUSTC_SAYS.search(why) else "not built", why)


class Blamed:
    """What refusals cost: tests, blocks of files, features, or else whole modules.

    ``apart`` are tests of which only what the same macro made for another type is refused.
    ``said`` is what the compiler said in all.
    """

    def __init__(
        self,
        tests: Path,
        crate: Path,
        chosen: Sequence[Test],
        said: str = "",
        *,
        refused: bool = False,
    ) -> None:
        """``refused`` says that Ferric would not build the crate, where no tool broke down."""
        self._tests, self._crate, self._chosen, self.said = tests, crate, chosen, said
        self.refused = refused
        self.cut = Cut()
        self.why: dict[Test, Verdict] = {}
        self.apart: list[Test] = []

    def take(self, refusal: Refusal) -> None:
        """Add what has to go for one refusal, or a feature that was not asked for."""
        if feature := _UNASKED.match(refusal.message):
            self.cut |= Cut(added=frozenset({feature[1]}))
            return
        within = f"{refusal.function}::"
        guilty = [one for one in self._chosen if within.startswith(f"{one.path}::")]
        if guilty or not refusal.file:
            self._blame(guilty, refusal)
            return
        alike = [one for one in self._chosen if f"::{one.path.rpartition('::')[2]}::" in within]
        if alike and len(self._chosen) > 1:
            self.apart += [one for one in alike if one not in self.apart]
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
        """Blame the test around a line, else the tests of its file or its module.

        Where none of them is in the file, the function around the line goes, such as a macro's test
        that was not chosen, else the file.
        """
        inside = self._within(refusal.file)
        module = refusal.file.partition("/")[0].removesuffix(".rs")
        others = [one for one in self._chosen if one.module == module]
        around = [
            one for one in (*blocks(source), *functions(source)) if one[0] <= refusal.line <= one[1]
        ]
        for start, _end, name, _text in around:
            guilty = [one for one in inside if name in one.path.split("::")]
            # A macro's tests are of the modules that call it.
            named = [one for one in others if one.path.endswith(f"::{name}")]
            made = [one for one in named if makes(source, refusal.line, self._module_text(one))]
            guilty = guilty or made or named
            if guilty:
                self.cut |= Cut(blocks=frozenset({(refusal.file, start)}))
                self._blame(guilty, refusal)
                return
        if inside or "/" not in refusal.file:
            self._blame(inside or others, refusal)
        elif around:
            self.cut |= Cut(blocks=frozenset({(refusal.file, around[-1][0])}))
        else:
            self.cut |= Cut(files=frozenset({refusal.file}))

    def _root(self, refusal: Refusal, line: str) -> None:
        if feature := _UNKNOWN.search(refusal.message):
            self.cut |= Cut(features=frozenset({feature[1]}))
        elif arm := _ARM.match(line):
            self._blame([self._chosen[int(arm[1])]], refusal)

    def _module_text(self, one: Test) -> str:
        """Return the text of the file of the module that a test stands in."""
        file = self._tests / f"{one.path.rpartition('::')[0].replace('::', '/')}.rs"
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def _within(self, file: str) -> list[Test]:
        """Return the tests of a file and of what its modules hold."""
        path = file.removesuffix(".rs").removesuffix("/mod").replace("/", "::")
        return [one for one in self._chosen if one.path.startswith(f"{path}::")]

    def _blame(self, tests: Iterable[Test], refusal: Refusal) -> None:
        at = f" ({refusal.file}:{refusal.line})" if refusal.file else ""
        verdict = not_built(f"{refusal.message}{at}", self.refused)
        if refusal.file == "lib.rs" and refusal.message.startswith("cannot find"):
            verdict = Verdict("not run", "its attributes leave it out on this target")
        for one in tests:
            self.why.setdefault(one, verdict)
