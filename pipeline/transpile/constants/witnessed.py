# SPDX-License-Identifier: GPL-2.0-only
"""Constants as mrustc computed them, beside what rustc computes for the same layout.

mrustc's steps (``trace``) tell each result, byte by byte.  One that rustc has otherwise is an
error, whatever the cause; one that both have alike is right, whatever the steps were.
"""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pipeline.transpile.constants import numbers
from pipeline.witness.memory import NOTHING, POINTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pipeline.witness.memory import Cell
    from pipeline.witness.values import Value

_RESULT = re.compile(r" evaluate_constant: (.*) = ValueRef\(\{0\+(\d+)\}(.*)\)$")
_LAST = re.compile(r"::(?:r#)?(\w+)$")
_CELL = re.compile(r"(?P<space> )|(?P<byte>[0-9A-F]{2})|(?P<padding>--)|(?P<address>\{)")
_PLAIN = re.compile(r"(?:\[ *)*(f32|f64|bool|char|[iu](?:8|16|32|64|128|size))(?: *; *[^\[\]]+\])*")
# A type of which numbers alone are part, and addresses.
_PARTS = re.compile(
    r"(?:[\s()\[\],;&]|\b(?:\d+|f32|f64|bool|char|str|[iu](?:8|16|32|64|128|size))\b)+"
)
_SHOWN: Final = 16


class Differs(NamedTuple):
    """Both values of a constant that the two have otherwise, as text, and its place."""

    ours: str
    theirs: str
    where: str


@dataclass(frozen=True)
class Compared:
    """The constants that both have alike, and those that they have otherwise, by mrustc's names.

    ``places`` has the lines of the source of all that are known by their paths.
    """

    alike: frozenset[str] = frozenset()
    differs: Mapping[str, Differs] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def unless(self, other: Compared) -> Compared:
        """Return this, without the differences that are none in another run."""
        left = {name: one for name, one in self.differs.items() if name not in other.alike}
        return Compared(self.alike, left, self.places)


class Witnessed:
    """Compares what mrustc says with the values that rustc has."""

    def __init__(
        self,
        crate: str,
        values: Mapping[str, Sequence[Value]],
        pointer: int,
        order: Literal["big", "little"],
        *,
        taken: bool = False,
    ) -> None:
        """Take rustc's values by name, for a target of a byte ``order``.

        It is "big" where mrustc's are those of a little-endian twin of the target; "little" where
        both have one order, whichever.

        ``taken`` says that rustc took the crate: what has no bytes (``const OK: () = assert!(…)``)
        it has alike then.  It computes each constant that is no part of an ``impl`` or a trait.
        """
        self.crate, self.values = f'::"{crate}"::', values
        self.pointer, self.order, self.taken = pointer, order, taken

    def compare(self, log: Path) -> Compared:
        """Compare the results in the log of a traced run."""
        with log.open(encoding="utf-8", errors="replace") as lines:
            return self.compare_lines(lines)

    def compare_lines(self, lines: Iterable[str]) -> Compared:
        """Compare the results in mrustc's lines."""
        alike: set[str] = set()
        differs: dict[str, Differs] = {}
        places: dict[str, str] = {}
        for line in lines:
            if " evaluate_constant: " not in line:
                continue
            match = _RESULT.search(line.rstrip("\n"))
            if match is None or self.crate not in match[1]:
                continue
            if self.taken and match[2] == "0" and match[1].startswith(self.crate):
                alike.add(match[1])
                continue
            theirs = self._definitions(match[1])
            if len(theirs) == 1:
                places[match[1]] = theirs[0].where
            cells = _cells(match[3], int(match[2]), self.pointer) if theirs else None
            if cells is None:
                continue
            verdicts = {self._same(cells, one) for one in theirs}
            if verdicts == {True}:
                alike.add(match[1])
            elif verdicts == {False}:
                one = theirs[0]
                values = _shown(cells), _shown(self._little(one))
                differs.setdefault(match[1], Differs(*values, one.where))
        return Compared(frozenset(alike), differs, places)

    def _definitions(self, name: str) -> Sequence[Value]:
        """Return what may be the constant of mrustc's name.

        That of a module has the same path.  A function has no name there (``#3::C``), and a type
        none that could be held against a place: where several are left, each may be it.
        """
        last = _LAST.search(name)
        every = self.values.get(last[1], ()) if last is not None else ()
        plain = name.replace("r#", "")
        exact = [one for one in every if self.crate + one.path.replace("r#", "") == plain]
        associated = name.startswith("<")
        return exact or [one for one in every if one.is_associated is associated]

    def _little(self, value: Value) -> tuple[Cell, ...]:
        """Return rustc's bytes as a little-endian machine has them, where the type tells."""
        width = self._width(value.type)
        if self.order == "little" or not width:
            return value.cells
        return tuple(
            cell
            for at in range(0, len(value.cells), width)
            for cell in reversed(value.cells[at : at + width])
        )

    def _width(self, kind: str) -> int:
        """Return the size of the numbers that a type is made of, 0 where its words do not tell."""
        match = _PLAIN.fullmatch(kind)
        if match is None:
            return 0
        sizes = {"f32": 4, "f64": 8, "bool": 1, "char": 4}
        return sizes.get(match[1]) or numbers.width(match[1], self.pointer)

    def _same(self, ours: tuple[Cell, ...], value: Value) -> bool | None:
        """Say whether two values are the same; None where the types may be laid out otherwise."""
        theirs, width = self._little(value), self._width(value.type)
        if ours == theirs:
            return True
        if width and len(ours) == len(theirs):
            form = numbers.FLOATS.get(value.type.lstrip("[ ")[:3], "")
            return all(
                _alike(ours[at : at + width], theirs[at : at + width], form)
                for at in range(0, len(ours), width)
            )
        if len(ours) != len(theirs):
            return False if width else None
        # Fields may stand elsewhere, and a tag may have more bytes: zeros say nothing.
        if _bytes(ours) == _bytes(theirs):
            return True
        # What tells the variants of an enum apart is for each compiler to choose.
        return False if _PARTS.fullmatch(value.type) else None


def _bytes(cells: Sequence[Cell]) -> Counter[int]:
    return Counter(one for one in cells if isinstance(one, int) and one)


def _alike(ours: Sequence[Cell], theirs: Sequence[Cell], form: str) -> bool:
    """Say whether two numbers are the same; Rust leaves open which NaN a float is.

    What mrustc does not say of a number (the last byte of ``0x41_u8 as char``) it writes as zero.
    """
    if [0 if one == NOTHING else one for one in ours] == list(theirs):
        return True
    known = [bytes(one for one in each if isinstance(one, int)) for each in (ours, theirs)]
    return bool(form) and all(
        len(one) == struct.calcsize(form) and math.isnan(struct.unpack(form, one)[0])
        for one in known
    )


def _cells(text: str, size: int, pointer: int) -> tuple[Cell, ...] | None:
    """Return the bytes that mrustc writes; None where they cannot be read.

    What an address leads to stands in braces before its bytes.
    """
    if "{" not in text and "-" not in text:
        try:
            plain = bytes.fromhex(text)
        except ValueError:
            return None
        return tuple(plain) if len(plain) == size else None
    found: list[Cell] = []
    at, address = 0, 0
    while at < len(text):
        match = _CELL.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["address"]:
            at, address = _closed(text, at), pointer
        elif match["byte"]:
            found.append(POINTER if address > 0 else int(match["byte"], 16))
            address -= 1
        elif match["padding"]:
            found.append(NOTHING)
    return tuple(found) if len(found) == size else None


def _closed(text: str, at: int) -> int:
    """Return what is behind the brace that closes the one before ``at``."""
    depth = 1
    while at < len(text) and depth:
        depth += (text[at] == "{") - (text[at] == "}")
        at += 1
    return at


def _shown(cells: Sequence[Cell]) -> str:
    """Return some bytes as text, the first ones of many."""
    parts = [f"{one:02x}" if isinstance(one, int) else "__" for one in cells[:_SHOWN]]
    return " ".join([*parts, *(["…"] if len(cells) > _SHOWN else [])])
