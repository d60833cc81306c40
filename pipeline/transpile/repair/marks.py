# SPDX-License-Identifier: GPL-2.0-only
"""The marks of :mod:`pipeline.witness.marks` in a function of mrustc's C: read, and taken out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from pipeline.witness.marks import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.witness.marks import Place

_CALL = re.compile(
    r"(?P<indent>\t*)(?:(?P<place>\S.*?) = )?ZRG1c(?P<length>\d+)(?P<rest>\w+?)ferric_mark_"
    r"(?P<kind>index|value|operand|keep|caller|known)\w*"
    r"\( (?P<value>.+), 0x(?P<number>[0-9a-fA-F]+) \);$"
)
_HERE = re.compile(
    r"\tZRG1c(?P<length>\d+)(?P<rest>\w+?)ferric_mark_here0g\( 0x(?P<number>[0-9a-fA-F]+) \);$"
)
HERE: Final = "ferric_here"
_COPY = re.compile(r"\t*(\w+) = (\w+);(?:\t//.*)?$")


class Site(NamedTuple):
    """A mark: the crate that it stands in, and its number there."""

    crate: str
    number: int


class FunctionMarks:
    """The marks of one function: which variable is whose index, operand or result."""

    def __init__(
        self, lines: Iterable[str] = (), places: Mapping[str, Sequence[Place]] | None = None
    ) -> None:
        """Find the marks among a function's ``lines``; ``places`` has those of each crate."""
        self._places = places or {}
        self._indexes: dict[str, Site | None] = {}
        self._operands: dict[str, Site | None] = {}
        self._values: dict[str, Site | None] = {}
        self._callers: dict[str, Site | None] = {}
        self.has_here = False
        self._found: set[Site] = set()
        self._used: set[Site] = set()
        self.named: set[Site] = set()
        copies: list[tuple[str, str]] = []
        for line in lines:
            if match := _CALL.match(line):
                self._take(match)
            elif _HERE.match(line):
                self.has_here = True
            elif match := _COPY.match(line):
                copies.append((match[1], match[2]))
        for to, of in copies:
            for known in (self._indexes, self._operands, self._callers):
                if of in known:
                    _note(known, to, known[of])

    def _take(self, match: re.Match[str]) -> None:
        site = _site(match)
        if match["kind"] == "value":
            _note(self._values, match["value"], site)
        elif match["kind"] == "caller":
            _note(self._callers, match["place"], site)
        elif match["kind"] in ("index", "operand"):
            known = self._indexes if match["kind"] == "index" else self._operands
            _note(known, match["place"], site)
            self._found.add(site)

    def of_index(self, index: str) -> str:
        """Return C for the place of an index by what went through its mark, empty for none."""
        return self._use(self._indexes.get(index))

    def of_operation(self, place: str, right: str) -> str:
        """Return C for the place of an operation, by its result or by its right side."""
        return self._use(self._values.get(place) or self._operands.get(right))

    def of_caller(self, argument: str) -> str:
        """Return C for the place that a method is called at, by what it is called on."""
        return self._use(self._callers.get(argument))

    def without_mark(self, line: str) -> str:
        """Return a line of C, the call of a mark replaced by what it stands for."""
        if match := _CALL.match(line):
            if not match["place"]:
                return ""
            return f"{match['indent']}{match['place']} = {match['value']};"
        if match := _HERE.match(line):
            site = _site(match)
            return f"\t{HERE} = {(site.number != NOWHERE and self._use(site)) or 0};"
        return line

    def _use(self, site: Site | None) -> str:
        if site is None:
            return ""
        self._used.add(site)
        if not self._places[site.crate][site.number - 1].known:
            return ""
        self.named.add(site)
        return f"&{name_in_c(site)}"

    @property
    def lost(self) -> set[Site]:
        """The marks of checks that are not there any more."""
        return self._found - self._used


def _site(match: re.Match[str]) -> Site:
    return Site(match["rest"][: int(match["length"])], int(match["number"], 16))


def _note(known: dict[str, Site | None], name: str, site: Site | None) -> None:
    """Note a variable's mark; with two of them it is neither's."""
    known[name] = site if known.get(name, site) == site else None


def places_in_c(sites: Iterable[Site], places: Mapping[str, Sequence[Place]]) -> str:
    """Return C that defines the places of these marks."""
    return "".join(
        f"\n{_place_in_c(site, places[site.crate][site.number - 1])}" for site in sorted(sites)
    )


def name_in_c(site: Site) -> str:
    """Return the C name of a mark's place."""
    return f"ferric_place_{site.crate}_{site.number}"


def _place_in_c(site: Site, place: Place) -> str:
    name = place.file.replace("\\", "\\\\").replace('"', '\\"')
    length = len(place.file.encode())
    text = f'{{{place.line}, {place.column}, "{name}", {length}}}'
    return f"static const struct ferric_place {name_in_c(site)} = {text};"
