# SPDX-License-Identifier: GPL-2.0-only
"""Refuse what mrustc translates wrongly and the text of the source alone shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.crate.graph import order
from pipeline.crate.sources import sources
from pipeline.errors import UserError
from pipeline.hazards import (
    alternatives,
    blocks,
    derived,
    discriminants,
    enums,
    locations,
    packed,
    rounding,
    type_ids,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.crate.model import Crate


class _Finder(NamedTuple):
    """``beside`` is what also has to be in one of the files, for what is found to be wrong."""

    lines: Callable[[str, Path], list[int]]
    wrong: str
    mend: str
    beside: re.Pattern[str] | None = None


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
        locations.doubtful,
        "mrustc does not know the place of a caller: its line is 0",
        "hand it on: file!(), line!(); or build with transpiler=rustc",
        locations.LOCATION,
    ),
    _Finder(
        packed.doubtful,
        "mrustc has the fields of this packed struct in another order",
        "promise the order: #[repr(C, packed)]; or build with transpiler=rustc",
    ),
    _Finder(
        packed.borrowed,
        "what mrustc derives for this packed struct borrows fields that are not aligned",
        "implement the trait by hand, with copies of the fields ({ self.field }); or build with "
        "transpiler=rustc",
    ),
    _Finder(
        rounding.doubtful,
        "mrustc rounds this literal twice: as an f32 it is another number",
        "write the f32 that is meant, or the suffix f64; or build with transpiler=rustc",
    ),
    _Finder(
        type_ids.doubtful,
        "mrustc has one TypeId for types of functions that differ in their lifetimes",
        "ask for that of a struct of your own; or build with transpiler=rustc",
        type_ids.ASKED,
    ),
)
UNCHECKED = (
    _Finder(discriminants.doubtful, discriminants.WRONG, discriminants.MEND, discriminants.CAST),
)
"""What rustc knows better, where there is one."""


def refuse_written(crate: Crate, *, checked: bool) -> None:
    """Refuse a crate, for mrustc, that has such a form itself or in a path dependency.

    ``checked`` says that rustc has looked for what it knows better.
    :class:`~pipeline.errors.UserError` names the file and the lines.
    """
    texts = {
        path: path.read_text(encoding="utf-8")
        for each in order(crate)
        for path in sorted(sources(each).rust)
    }
    for finder in FINDERS if checked else (*FINDERS, *UNCHECKED):
        if finder.beside and not any(map(finder.beside.search, texts.values())):
            continue
        for path, text in texts.items():
            if lines := finder.lines(text, path):
                places = ", ".join(str(line) for line in lines)
                raise UserError(finder.wrong, where=f"{path}:{places}", mend=finder.mend)
