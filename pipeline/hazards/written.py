# SPDX-License-Identifier: GPL-2.0-only
"""Refuse what mrustc translates wrongly and the text of the source alone shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.crate.graph import order
from pipeline.crate.sources import sources
from pipeline.errors import UserError
from pipeline.hazards import alternatives, blocks, derived, enums, packed, rounding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.crate.model import Crate


class _Finder(NamedTuple):
    lines: Callable[[str, Path], list[int]]
    wrong: str
    mend: str


FINDERS = (
    _Finder(
        alternatives.doubtful,
        "mrustc asks the condition of an arm once, for the first alternative that matches: where "
        "it does not hold, the others are not tried",
        "write an arm for each alternative; or build with transpiler=rustc",
    ),
    _Finder(
        blocks.doubtful,
        "mrustc makes a loop of a labelled block, and one that ends in a statement never ends",
        "end the block in break 'label () without a semicolon, or write a loop that ends in break; "
        "or build with transpiler=rustc",
    ),
    _Finder(
        derived.doubtful,
        "mrustc's #[derive(Debug)] calls methods by their names alone: it calls this trait's, not "
        "core's",
        f"name the methods otherwise ({', '.join(sorted(derived.METHODS))}), or implement Debug "
        "by hand; or build with transpiler=rustc",
    ),
    _Finder(
        enums.doubtful,
        "mrustc sorts the fields in the variants of this enum, whatever its repr promises",
        "give the variant one field, a #[repr(C)] struct; or build with transpiler=rustc",
    ),
    _Finder(
        packed.doubtful,
        "mrustc has the fields of this packed struct in another order",
        "promise the order: #[repr(C, packed)]; or build with transpiler=rustc",
    ),
    _Finder(
        rounding.doubtful,
        "mrustc rounds this literal twice: as an f32 it is another number",
        "write the f32 that is meant, or the suffix f64; or build with transpiler=rustc",
    ),
)


def refuse_written(crate: Crate) -> None:
    """Refuse a crate, for mrustc, that has such a form itself or in a path dependency.

    :class:`~pipeline.errors.UserError` names the file and the lines.
    """
    for each in order(crate):
        for path in sorted(sources(each).rust):
            text = path.read_text(encoding="utf-8")
            for finder in FINDERS:
                if lines := finder.lines(text, path):
                    places = ", ".join(str(line) for line in lines)
                    raise UserError(finder.wrong, where=f"{path}:{places}", mend=finder.mend)
