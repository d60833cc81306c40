# SPDX-License-Identifier: GPL-2.0-only
"""``let _ = Guard(1);`` and ``_ = Guard(1);``: mrustc 0.12 never drops such a value.

As the argument of ``drop`` it lives as long, and its temporaries do: mrustc is given that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.hazards.discards import discards
from pipeline.transpile.rewrite.edits import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.crate.lexer import Token


def edits(source: str, stream: Sequence[Token]) -> Iterator[Edit]:
    """Yield the changes that make an argument of ``drop`` of each literal that is discarded."""
    for one in discards(stream):
        if one.called or not one.made:
            continue
        value, kind = stream[one.value], stream[one.type]
        begin, end = stream[one.start].start, value[0].start
        spelled = f"::<{source[kind[0].start : kind[-1].end]}>" if kind else ""
        missing = source.count("\n", begin, end) - spelled.count("\n")
        yield Edit(begin, end, f"::core::mem::drop{spelled}(" + "\n" * missing)
        yield Edit(value[-1].end, value[-1].end, ")")
