# SPDX-License-Identifier: GPL-2.0-only
"""Casts of enums to integers, in rustc's MIR, that mrustc may give another number.

mrustc 0.12 takes the lower 32 bits of a variant's number, without its sign, where it knows the
variant (``pipeline/hazards/discriminants``).  rustc's MIR names every cast and the numbers that
are written out: what is never cast, or has no number but right ones, is let through.

Source: rustc_mir_build/src/builder/expr/as_rvalue.rs and rustc_mir_build/src/thir/cx/expr.rs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline.check.mir import bodies
from pipeline.crate.document import read_text
from pipeline.crate.graph import order
from pipeline.crate.sources import MAX_BYTES, sources
from pipeline.errors import UserError
from pipeline.hazards.discriminants import MEND, WRONG, is_right, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.check.mir import Body, Span
    from pipeline.crate.model import Crate

_NUMBER = re.compile(
    r"^(?:const )?(\S.*)::\{constant#0\}: (\w+) = (?:const (.*);|\{)$", re.MULTILINE
)
_LITERAL = re.compile(r"(-?\d+)_\w+")
_ANONYMOUS = re.compile(r"^(?!const )(?=\S.*\{constant#\d+\}: .* = \{$)", re.MULTILINE)
_CAST = re.compile(r"^_\d+ = (?:copy|move) _(\d+) as \w+ \(IntToInt\)$")
_LOOKED_AT = re.compile(r"^_(\d+) = discriminant\((.*)\)$")
_OF_VARIANT = re.compile(r"Add(?:WithOverflow)?\(const (.*)::\{constant#0\}, const (\d+)_\w+\)")
_FIELD = re.compile(r": ([^:].*)\)$")
_PATH = re.compile(r"(?:[^\W\d]\w*::)*[^\W\d]\w*")
_RUSTS = ("core::", "std::", "alloc::")
_ORDERING = {"cmp::Ordering::Less": -1, "cmp::Ordering::Equal": 0, "cmp::Ordering::Greater": 1}
_UNSIGNED = frozenset({"u8", "u16", "u32"})
_FUNCTION = re.compile(r"^fn (.*?)\(", re.MULTILINE)
_MOST_VARIANTS = 1 << 16


class Cast(NamedTuple):
    """A cast of an enum: its type as far as it is known, or a variant with what is added to it."""

    type: str
    variant: str
    more: int
    span: Span | None


def refuse_numbers(mirs: Sequence[tuple[Crate, str]], kernel: Crate | None) -> None:
    """Refuse a build, for mrustc, that casts an enum of which a number may become another.

    ``mirs`` is what rustc printed of each crate; ``kernel`` the crate that they use beside.
    :class:`~pipeline.errors.UserError` names every place.
    """
    numbers = {path: value for _, mir in mirs for path, value in _numbers(mir)}
    enums = _enums(crate for crate, _ in mirs)
    of_kernel = _enums(order(kernel)) if kernel else {}
    kernels = {name for name, wrong in of_kernel.items() if wrong}
    own = {
        path.split("::")[-2]
        for path, value in numbers.items()
        if "::" in path and (value is None or not is_right(value))
    }
    known = _Known(numbers, {**of_kernel, **enums}, kernels, own | kernels)
    places: set[str] = set()
    for crate, mir in mirs:
        if "(IntToInt)" not in mir:
            continue
        for body in bodies(_ANONYMOUS.sub("const ", mir)):
            places.update(
                str(one.span or crate.name) for one in casts(body) if not known.is_right(one)
            )
    if places:
        raise UserError(f"{', '.join(sorted(places))}: {WRONG}", mend=MEND)


def _numbers(mir: str) -> Iterator[tuple[str, int | None]]:
    """Yield the variants that have a number in the source, None where it is not surely right.

    rustc computes some of them later; what has 32 bits and no sign is right whatever it is.
    Variants that follow without a number have the next ones.
    """
    functions = set(_FUNCTION.findall(mir))
    for path, type_name, value in _NUMBER.findall(mir):
        if path not in functions:
            literal = _LITERAL.fullmatch(value)
            number = int(literal[1]) if literal else None
            if type_name in _UNSIGNED:
                yield path, number or 0
            else:
                late = number is None or (number >= 0 and not is_right(number + _MOST_VARIANTS))
                yield path, None if late else number


def _enums(crates: Iterable[Crate]) -> dict[str, bool]:
    """Return the enums that sources define by name, and whether a number of one may be wrong."""
    found: dict[str, bool] = {}
    for crate in crates:
        for path in sources(crate).rust:
            for name, lines in named(read_text(path, MAX_BYTES), path):
                found[name] = found.get(name, False) or bool(lines)
    return found


class _Known(NamedTuple):
    """Variants with their numbers, and enums by their last names.

    ``wrong`` are those with a number that is not surely right, ``kernels`` those of the kernel.
    """

    numbers: Mapping[str, int | None]
    enums: Mapping[str, bool]
    kernels: set[str]
    wrong: set[str]

    def is_right(self, cast: Cast) -> bool:
        """Say whether mrustc makes rustc's number of a cast."""
        if cast.variant:
            return self._is_right_variant(cast.variant, cast.more)
        paths = _PATH.findall(cast.type)
        names = {path.rpartition("::")[2] for path in paths}
        foreign = all(path.startswith(_RUSTS) for path in paths if "::" in path)
        return names.isdisjoint(self.wrong) and (
            not self.wrong or not names.isdisjoint(self.enums) or foreign
        )

    def _is_right_variant(self, path: str, more: int) -> bool:
        for end, number in _ORDERING.items():
            if path.startswith(_RUSTS) and _ends(path, end):
                return is_right(number + more)
        found = [value for one, value in self.numbers.items() if _same(one, path)]
        if not found:
            # A block of constants and no variant, or one of a crate that is not checked here.
            return self.kernels.isdisjoint(path.split("::")[-2:-1])
        return all(value is not None and is_right(value + more) for value in found)


def _same(one: str, path: str) -> bool:
    """Say whether two paths end in the same enum and variant."""
    return one.split("::")[-2:] == path.split("::")[-2:]


def _ends(path: str, end: str) -> bool:
    return path == end or path.endswith(f"::{end}")


def casts(body: Body) -> Iterator[Cast]:
    """Yield the casts of enums to integers in one function."""
    looked_at: dict[int, str] = {}
    for _, step in body.steps:
        if found := _LOOKED_AT.match(step.text):
            looked_at[int(found[1])] = _type(body, found[2])
        for variant in _OF_VARIANT.finditer(step.text):
            yield Cast("", variant[1], int(variant[2]), step.span)
    for _, step in body.steps:
        cast = _CAST.match(step.text)
        if cast and int(cast[1]) in looked_at:
            yield Cast(looked_at[int(cast[1])], "", 0, step.span)


def _type(body: Body, place: str) -> str:
    """Return the type of a place, or that of the variable that it is a part of."""
    if field := _FIELD.search(place):
        return field[1]
    root = re.search(r"_(\d+)", place)
    local = body.locals.get(int(root[1])) if root else None
    return local.type if local else place
