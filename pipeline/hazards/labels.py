# SPDX-License-Identifier: GPL-2.0-only
"""Find labels of macros that mrustc 0.12, which has no hygiene for labels, mixes up.

A loop that a macro labels takes a ``break`` or ``continue`` with a label of the same name that
the caller hands over: rustc leaves the caller's loop, mrustc the macro's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.crate.lexer import group_end
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

_LEAVING = frozenset({"break", "continue"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of a file where a macro sets a label that is also used outside its body.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    bodies = list(_bodies(stream))
    used = [
        (at, two.text)
        for at, (one, two) in enumerate(pairwise(stream), 1)
        if one.text in _LEAVING and two.text.startswith("'")
    ]
    lines = []
    for begin, end in bodies:
        outside = {name for at, name in used if not begin <= at < end}
        for one, two in pairwise(stream[begin:end]):
            if one.text.startswith("'") and two.text == ":" and one.text in outside:
                lines.append(one.line)
    return lines


def _bodies(stream: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield where the rules of each ``macro_rules!`` begin and end."""
    for at in range(len(stream) - 3):
        if (stream[at].text, stream[at + 1].text) == ("macro_rules", "!"):
            yield at + 3, group_end(stream, at + 3)
