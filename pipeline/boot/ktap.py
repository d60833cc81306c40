# SPDX-License-Identifier: GPL-2.0-only
"""Results in the kernel's own format: Documentation/dev-tools/ktap.rst in its source.

A parser gets the lines of one writer, in order; lines that are not of the format are ignored, as
the format says.  KUnit's older way to nest (``# Subtest: name`` and four spaces, without a version
line) is read, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_RESULTS = 100_000
MOST_DEPTH = 16
_LINE = re.compile(
    r"(?P<indent> *)(?:"
    r"(?P<version>(?:KTAP version|TAP version) \d+)"
    r"|1\.\.(?P<plan>\d{1,9})"
    r"|(?P<not>not )?ok (?P<number>\d{1,9})(?: (?:- )?(?P<rest>.*))?"
    r"|(?P<bail>Bail out!.*)"
    r"|# Subtest: .*"
    r")\s*"
)
# The words of the format itself ("Test case result lines" in ktap.rst); a test marked TODO, which
# TAP has for one that is known to fail, or XFAIL does not make its suite fail.
_DIRECTIVE = re.compile(r"(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b:?\s*(.*)")
_GOOD_ANYWAY = {"SKIP", "TODO", "XFAIL"}


@dataclass
class Result:
    """One line of a result; ``tests`` are the results below it, where it has any."""

    number: int
    ok: bool
    description: str
    directive: str = ""
    diagnostic: str = ""
    tests: Document | None = None

    @property
    def failed(self) -> bool:
        """Say whether the test failed; one that was skipped, or was to fail, did not."""
        return not self.ok and self.directive not in _GOOD_ANYWAY

    @property
    def skipped(self) -> bool:
        """Say whether the test was skipped."""
        return self.directive == "SKIP"


@dataclass
class Document:
    """The results of one level: how many there were to be, those there are, what is wrong."""

    indent: int
    planned: int | None = None
    results: list[Result] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Say whether every result that was planned is there."""
        return self.planned is not None and len(self.results) == self.planned

    def failures(self) -> list[str]:
        """Return what is wrong here and below, in words: failed tests, and breaches of the form."""
        found = list(self.problems)
        for result in self.results:
            below = result.tests.failures() if result.tests else []
            found += [f"{result.description or result.number}: {one}" for one in below]
            if result.failed and not below:
                why = f" ({result.diagnostic})" if result.diagnostic else ""
                found.append(f"not ok {result.number} {result.description}{why}")
            if below and result.ok and not result.skipped:
                found.append(f"ok {result.number}, though a test below it is not")
        return found


class Parser:
    """Reads the lines of one writer; :attr:`documents` are the outermost levels, in order."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self._open: list[Document] = []
        self._below: Document | None = None
        self._count = 0

    def feed(self, line: str) -> Result | None:
        """Take a line without its end; return the result, where it is one of the outermost."""
        match = _LINE.fullmatch(line)
        if match is None or self._count > MOST_RESULTS:
            return None
        indent = len(match["indent"])
        if match["version"] is not None:
            self._version(indent)
        elif match["plan"] is not None:
            self._plan(indent, int(match["plan"]))
        elif match["number"] is not None:
            return self._result(indent, match)
        elif match["bail"] is not None and self._open:
            self._open[-1].problems.append(match["bail"])
        return None

    def end(self) -> None:
        """Say that no line follows: what is not complete is now a problem."""
        self._close(0)

    def _version(self, indent: int) -> None:
        """Begin a level; what was open at this indentation or further in ends here."""
        self._close(indent)
        self._begin(indent)

    def _plan(self, indent: int, count: int) -> None:
        self._close(indent + 1)
        document = self._at(indent)
        if document.planned is not None:
            document.problems.append(f"a second plan, 1..{count}")
        elif document.results:
            document.problems.append(f"the plan 1..{count} comes after the first result")
        document.planned = count if document.planned is None else document.planned

    def _result(self, indent: int, match: re.Match[str]) -> Result | None:
        self._close(indent + 1)
        document = self._at(indent)
        result = _result(match)
        result.tests, self._below = self._below, None
        self._count += 1
        if self._count > MOST_RESULTS:
            document.problems.append(f"more than {MOST_RESULTS} results")
            return None
        expected = document.results[-1].number + 1 if document.results else 1
        if result.number != expected:
            document.problems.append(f"number {result.number} where {expected} was next")
        if document.planned is not None and len(document.results) == document.planned:
            document.problems.append(f"result {result.number} is beyond the plan")
        document.results.append(result)
        return result if document is self._open[0] else None

    def _at(self, indent: int) -> Document:
        """Return the open level at this indentation; begin one where there is none."""
        if not self._open or self._open[-1].indent < indent:
            self._begin(indent)
        return self._open[-1]

    def _begin(self, indent: int) -> None:
        document = Document(indent)
        if not self._open:
            self.documents.append(document)
        if len(self._open) < MOST_DEPTH:
            self._open.append(document)

    def _close(self, indent: int) -> None:
        """End the levels at this indentation and further in."""
        while self._open and self._open[-1].indent >= indent:
            document = self._open.pop()
            have = len(document.results)
            if document.planned is None:
                document.problems.append("there is no plan (1..N)")
            elif have < document.planned:
                document.problems.append(f"only {have} of {document.planned} results came")
            if self._below is not None:
                document.problems += [f"without a result: {one}" for one in self._below.failures()]
            self._below = document if self._open else None


def _result(match: re.Match[str]) -> Result:
    """Return the result of a line, its directive apart from its diagnostic data."""
    description, _, rest = (match["rest"] or "").partition("#")
    directive = _DIRECTIVE.match(rest.strip())
    word, diagnostic = (directive[1], directive[2]) if directive else ("", rest.strip())
    return Result(int(match["number"]), not match["not"], description.strip(), word, diagnostic)
