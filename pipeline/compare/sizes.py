# SPDX-License-Identifier: GPL-2.0-only
"""How much code and data each of the two files has, in total and function by function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.compare.difference import FunctionRow
from pipeline.validate.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.compare.side import Side

CHECK = "compare.size"
_SHOWN = 5


def compare_sizes(ours: Side, native: Side) -> Iterator[Finding]:
    """Yield a note for each kind of section, and one for the functions."""
    mine, theirs = ours.section_sizes(), native.section_sizes()
    for kind, size in mine.items():
        other = theirs[kind]
        text = f"{ours.title} {size} bytes, {native.title} {other}: {ratio(size, other)}"
        yield _note(f"the {kind}", text)
    rows = function_rows(ours, native, {}, {})
    both = [row for row in rows if row.ours is not None and row.native is not None]
    if both:
        total = sum(row.ours or 0 for row in both), sum(row.native or 0 for row in both)
        worst = sorted(both, key=lambda row: (row.ours or 0) / (row.native or 1), reverse=True)
        named = ", ".join(f"{row.path[:80]} {row.ours}/{row.native}" for row in worst[:_SHOWN])
        yield _note(
            "the functions",
            f"{len(both)} functions stand in both: {total[0]} bytes and {total[1]}, "
            f"{ratio(*total)}; most beside {native.title}: {named}",
        )
    else:
        yield _note("the functions", "no function of one has the Rust path of one of the other")


def ratio(ours: int, native: int) -> str:
    """Return ours by theirs with two digits, in words where there is nothing to divide by."""
    if not native:
        return "equal" if not ours else "none there"
    return f"{ours / native:.2f} times"


def function_rows(
    ours: Side, native: Side, our_frames: Mapping[str, int], native_frames: Mapping[str, int]
) -> list[FunctionRow]:
    """Return every function of either side, the largest of ours first."""
    mine, theirs = ours.function_sizes, native.function_sizes
    rows = [
        FunctionRow(
            path, mine.get(path), theirs.get(path), our_frames.get(path), native_frames.get(path)
        )
        for path in sorted(mine.keys() | theirs.keys())
    ]
    return sorted(rows, key=lambda row: (row.ours or 0, row.native or 0), reverse=True)


def _note(place: str, evidence: str) -> Finding:
    return Finding(
        CHECK,
        Severity.NOTE,
        place,
        evidence,
        "the instruction sets, the optimisers and how much is inlined differ",
        "none is needed; look at a function that is many times as large",
        "",
    )
