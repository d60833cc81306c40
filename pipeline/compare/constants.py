# SPDX-License-Identifier: GPL-2.0-only
"""Statics and the constants behind them: the same value in both files, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.compare.cells import UnknownError, Value
from pipeline.compare.side import undescribed
from pipeline.compare.values import Walk
from pipeline.debuginfo.model import DwarfError
from pipeline.validate.finding import Finding, Severity, Skipped, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.compare.cells import Unequal
    from pipeline.compare.side import Side
    from pipeline.debuginfo.model import Variable

CHECK = "compare.constant"
_MAX_PARTS = 5
_SOURCE = 'the Rust reference, "Static items": the initialiser is evaluated at compile time'


def compare_constants(ours: Side, native: Side) -> Iterator[Finding | Skipped]:
    """Yield every constant of both files whose values differ, and what could not be compared."""
    if isinstance(ours.debug, str) or isinstance(native.debug, str):
        yield from undescribed(CHECK, ours, native)
        return
    unknown: list[str] = []
    compared: set[str] = set()
    walk = Walk(ours, native, ours.debug, native.debug)
    try:
        for name, mine, theirs in _pairs(ours, native):
            compared.add(name)
            try:
                parts = _parts(walk, mine, theirs)
            except UnknownError as error:
                unknown.append(f"{name} ({error})")
                continue
            if parts:
                yield _finding(name, ours, native, parts)
        alone = {name for name in native.variables.keys() - compared if "{vtable" not in name}
        if alone:
            yield Skipped(CHECK, f"ours has no static of this name: {some(alone)}")
    except DwarfError as error:
        yield Skipped(CHECK, f"the debug information makes no sense: {error}")
    if unknown:
        yield Skipped(CHECK, f"not compared: {some(unknown)}")


def _parts(walk: Walk, mine: Variable, theirs: Variable) -> list[Unequal]:
    """Return what differs between two statics that both have a place."""
    if mine.place is None or theirs.place is None:
        raise UnknownError("it has no place")
    walk.begin()
    return list(walk.compare(Value(*mine.place, mine.type), Value(*theirs.place, theirs.type)))


def _pairs(ours: Side, native: Side) -> Iterator[tuple[str, Variable, Variable]]:
    """Yield the statics that both have: of one path, else of one last name in one crate."""
    mine, theirs = ours.variables, native.variables
    loose = _by_last_name(mine), _by_last_name(theirs)
    for path, variable in sorted(theirs.items()):
        if path in mine:
            yield path, mine[path], variable
        elif variable.symbol in ours.by_symbol:
            yield path, ours.by_symbol[variable.symbol], variable
        else:
            key = _last_name(path)
            found = loose[0].get(key, [])
            if len(found) == 1 and len(loose[1][key]) == 1 and found[0] not in theirs:
                yield path, mine[found[0]], variable


def _last_name(path: str) -> tuple[str, str]:
    return path.partition("::")[0], path.rpartition("::")[2]


def _by_last_name(paths: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Return the paths by crate and last name: compilers name a function's statics differently."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        found.setdefault(_last_name(path), []).append(path)
    return found


def _finding(name: str, ours: Side, native: Side, parts: list[Unequal]) -> Finding:
    shown = "; ".join(
        f"{part.path + ': ' if part.path else ''}{ours.title} has {part.ours}, "
        f"{native.title} {part.native}"
        for part in parts[:_MAX_PARTS]
    )
    more = f" and {len(parts) - _MAX_PARTS} more parts" if len(parts) > _MAX_PARTS else ""
    return Finding(
        CHECK,
        Severity.ERROR,
        name,
        f"{shown}{more}",
        "the module computes with another value than the source says",
        "look for a #[cfg]; else it is a fault of the transpiler: avoid this kind of constant",
        _SOURCE,
    )
