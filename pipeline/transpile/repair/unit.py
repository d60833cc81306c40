# SPDX-License-Identifier: GPL-2.0-only
"""Repair one file of mrustc's C, and count what was repaired."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.errors import UserError
from pipeline.files import digest_files, write_atomic
from pipeline.transpile.repair.callers import Callers
from pipeline.transpile.repair.expression import Places
from pipeline.transpile.repair.marks import HERE, FunctionMarks, Site, places_in_c
from pipeline.transpile.repair.prelude import INCLUDE, without_helpers
from pipeline.transpile.repair.stand_in import is_stand_in, refuse_wrong, refused, shows_a_name
from pipeline.transpile.repair.statement import Line
from pipeline.transpile.repair.tails import Tails
from pipeline.transpile.repair.tokens import UnknownFormError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.witness.marks import Place

_FORMAT: Final = 1
# Every kind of repair that the pass knows (docs/repair.md).
KINDS: Final = (
    "arithmetic",
    "bit count",
    "cast",
    "constant",
    "division",
    "float cast",
    "float minimum",
    "float remainder",
    "float rounding",
    "format count",
    "helper",
    "index",
    "match",
    "niche",
    "rotate",
    "saturating",
    "shift",
    "stand-in",
    "stop",
    "tail",
    "type name",
    "vector",
    "volatile",
)
_PRELUDE_LINES: Final = 200
_HEADERS: Final = Path(__file__).parents[2] / "runtime/include"
_ARRAY = re.compile(r"typedef struct (t_ZRT[\w$]+) +\{ .* DATA\[(\d+)\]; \} \1 ;")
_PARAMETER = re.compile(r"\t\t([\w$ ]+?) *(\**)(arg\d+),? //")
_VARIABLE = re.compile(r"\t([\w$]+(?: [\w$]+)?) *(\**)((?:var|zarg|haarg)\d+|rv);(?:\t// (.*))?$")
# Lines without an index, an operator or an intrinsic: nothing in them can need a repair.
_PLAIN = re.compile(
    r"\t*(?://.*|/\* ZST assign \*/|return(?: rv| )?;|goto bb\d+;|[{};]|bb\d+:"
    r"|bb\d+: _Unwind_Resume\(\); // Diverge"
    r"|[\w.]+ = (?:& )?[\w$.]+;(?:\t//.*)?"
    r"|(?:[\w.]+ = )?Z[A-Z][\w$]+\((?:,? &?[\w.]+)* \);"
    r"|if\([\w.]+\) goto bb\d+; else goto bb\d+;)"
)


@dataclass(frozen=True)
class Repairs:
    """What was done to a unit: repaired sites by kind, and the functions and lines looked at.

    ``witnessed`` constants were compared with rustc's.  ``lost`` are marks of checks that mrustc
    removed; a unit that has any is not to be used.
    """

    sites: dict[str, int]
    functions: int
    lines: int
    witnessed: int = 0
    lost: frozenset[Site] = frozenset()

    @staticmethod
    def beside(c_file: Path) -> Path:
        """The file beside a unit's C that holds this."""
        return c_file.with_name(c_file.name.removesuffix(".c") + ".repairs.json")

    @staticmethod
    def read(c_file: Path) -> Repairs:
        """Return what was done to a unit, from the file beside it.

        :class:`UserError` where it was not written by this very pass: then nobody knows what the
        unit's C is.
        """
        path = Repairs.beside(c_file)
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["pass"] == repair_digest() and set(record["sites"]) <= set(KINDS):
                sites = {str(kind): int(count) for kind, count in record["sites"].items()}
                numbers = (int(record[one]) for one in ("functions", "lines", "witnessed"))
                functions, lines, witnessed = numbers
                return Repairs(sites, functions, lines, witnessed)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"no record of repairs: {error}"
        else:
            why = "repaired by another version of the pass"
        raise UserError(why, where=str(path), mend="build again")


@dataclass(frozen=True)
class Guard:
    """How mrustc's C is repaired: all but overflow checks always, except to measure mrustc itself.

    ``overflow_checks`` makes ``+ - *``, negation and shifts of the user's crates panic as in a
    debug build; ``raw`` leaves everything as mrustc wrote it.
    """

    overflow_checks: bool = False
    raw: bool = False

    @property
    def of_library(self) -> Guard:
        """The guard of ``core`` and ``alloc``: overflow is not checked there, as in rustc's own."""
        return Guard(raw=self.raw)

    @property
    def key(self) -> str:
        """What tells repaired C from C that was repaired otherwise."""
        checks = ", overflow checks" if self.overflow_checks else ""
        return "raw" if self.raw else repair_digest() + checks

    def apply(
        self,
        c_file: Path,
        places: Mapping[str, Sequence[Place]] | None = None,
        *,
        constants: int = 0,
        witnessed: int = 0,
    ) -> frozenset[Site]:
        """Repair a unit in place; see :func:`repair_unit`.  Return the checks that mrustc lost."""
        if self.raw:
            return frozenset()
        repairs = repair_unit(
            c_file,
            overflow_checks=self.overflow_checks,
            places=places,
            constants=constants,
            witnessed=witnessed,
        )
        return repairs.lost


@functools.cache
def repair_digest() -> str:
    """Return a digest of the pass and its headers: a key for whatever holds repaired C."""
    here = Path(__file__).parent
    files = [
        *here.glob("*.py"),
        *here.parent.glob("constants/*.py"),
        *_HEADERS.glob("ferric_guard*.h"),
    ]
    return digest_files(files, base=here.parents[1])


def repair_unit(
    c_file: Path,
    *,
    overflow_checks: bool = False,
    places: Mapping[str, Sequence[Place]] | None = None,
    constants: int = 0,
    witnessed: int = 0,
) -> Repairs:
    """Repair a file of mrustc's C in place and write what was done beside it.

    ``overflow_checks`` makes ``+ - *``, negation and shifts panic as in a debug build; ``places``
    are those of the marks in the crates whose code is in the unit; ``constants`` is the number of
    constants that were put right before, ``witnessed`` of those that rustc has alike.  Raises
    :class:`UserError` with the line where a function has a statement that no rule knows.
    """
    lines = c_file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    unit = _Unit(lines, c_file, places or {}, overflow_checks=overflow_checks)
    unit.counts["constant"] = constants
    repairs = unit.repair()
    write_atomic(c_file, "\n".join(lines).encode("utf-8", "surrogateescape"))
    record = {
        "format": _FORMAT,
        "pass": repair_digest(),
        "overflow_checks": overflow_checks,
        "functions": repairs.functions,
        "lines": repairs.lines,
        "sites": repairs.sites,
        "witnessed": witnessed,
    }
    write_atomic(Repairs.beside(c_file), json.dumps(record, indent=1) + "\n")
    return repairs


AS_RELEASED: Final = Guard()


class _Unit:
    """The lines of a file, repaired function by function."""

    def __init__(
        self,
        lines: list[str],
        c_file: Path,
        places: Mapping[str, Sequence[Place]],
        *,
        overflow_checks: bool,
    ) -> None:
        self.lines = lines
        self.places = places
        self.marks = FunctionMarks()
        self.callers = Callers([])
        self.tails = Tails.of(lines)
        self.c_file = c_file
        self.checked = overflow_checks
        self.counts: Counter[str] = Counter()
        self.types: dict[str, str] = {}
        self.raw_pointers: set[str] = set()
        self.lengths: dict[str, int] = {}
        self.at = 0

    def repair(self) -> Repairs:
        functions = looked_at = 0
        lost: set[Site] = set()
        named: set[Site] = set()
        try:
            self.callers = Callers(self.lines)
            head = self.lines[:_PRELUDE_LINES]
            self.counts["helper"] = without_helpers(head)
            self.lines[:_PRELUDE_LINES] = head
            for start, end in self._functions():
                functions += 1
                looked_at += end - start - 1
                if is_stand_in(self.lines, start):
                    self.counts["stand-in"] += refuse_wrong(self.lines, start, end)
                    continue
                if shows_a_name(self.lines, start):
                    self.counts["type name"] += 1
                    self.lines[start] += f"\n\t{refused('type_name')}"
                if self.places:
                    self.marks = FunctionMarks(self.lines[start:end], self.places)
                for self.at in range(start + 1, end):
                    self._line()
                    if self.places:
                        self.lines[self.at] = self._called(self.lines[self.at])
                if self.marks.has_here:
                    self.lines[start] += f"\n\tconst struct ferric_place *{HERE} = 0;"
                lost |= self.marks.lost
                named |= self.marks.named
        except UnknownFormError as error:
            raise UserError(
                f"mrustc wrote C that the repair pass does not know: {error}",
                where=f"{self.c_file}:{self.at + 1}",
                mend="write the Rust behind it in another way, or use transpiler=rustc",
            ) from error
        self.callers.add(self.lines)
        self.lines[self.lines.index(INCLUDE)] += places_in_c(named, self.places)
        sites = dict(sorted((+self.counts).items()))
        return Repairs(sites, functions, looked_at, lost=frozenset(lost))

    def _functions(self) -> Iterator[tuple[int, int]]:
        """Yield the lines of each function's braces; its parameters and types are known then."""
        start = 0
        for at, line in enumerate(self.lines):
            if start:
                if line == "}":
                    yield start, at
                    start = 0
                    self.types.clear()
                    self.raw_pointers.clear()
            elif line == "{":
                start = at
            elif line == ";":
                self.types.clear()
            elif match := _PARAMETER.match(line):
                self.types[match[3]] = match[1].strip() + match[2]
            elif match := _ARRAY.match(line):
                self.lengths[match[1]] = int(match[2])

    def _line(self) -> None:
        line = self.lines[self.at]
        if self.places:
            line = self.lines[self.at] = self.marks.without_mark(line)
            if line.startswith(f"\t{HERE} = "):
                return
        if match := _VARIABLE.match(line):
            self.types[match[3]] = match[1].strip() + match[2]
            if (match[4] or "").startswith("*"):
                self.raw_pointers.add(match[3])
        elif not _PLAIN.fullmatch(line):
            self.lines[self.at] = Line(
                line,
                Places(self.types, self.lengths, self.raw_pointers, self.marks, self.tails),
                self.counts,
                below=self._below,
                checked=self.checked,
            ).repaired()

    def _called(self, line: str) -> str:
        """Return a line with the place of the caller told, where it calls what wants to know it."""
        code, tab, comment = line.partition("\t//")
        found = self.callers.called(code)
        if found is None:
            return line
        name, argument = found
        place = self.marks.of_caller(argument)
        if not place and self.marks.has_here and self.callers.panics(name):
            place = HERE
        told = self.callers.call(code, place) if place else None
        return line if told is None else told + tab + comment

    def _below(self, start: str) -> str:
        """Return the next line of the function from ``start`` on; empty where there is none."""
        for number in range(self.at + 1, len(self.lines)):
            line = self.lines[number]
            at = line.find(start)
            if at >= 0 or line == "}":
                return line[at:] if at >= 0 else ""
        return ""
