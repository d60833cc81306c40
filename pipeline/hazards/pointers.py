# SPDX-License-Identifier: GPL-2.0-only
"""Find statics that mrustc 0.12 makes point to a copy of another static.

It computes ``TABLE.as_ptr()`` on a copy of the table that the constant's evaluation has made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, group_end
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.crate.lexer import Token

_METHODS = frozenset({"as_ptr", "as_mut_ptr"})
_BEFORE = frozenset({"static", "const"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of a file where a static's or constant's value is such a pointer.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    lines = []
    for at, token in enumerate(stream):
        if token.text not in _BEFORE or not _is_item(stream[at + 1 : at + 4]):
            continue
        end = at
        while end < len(stream) and stream[end].text != ";":
            end = group_end(stream, end) if stream[end].text in OPEN else end + 1
        texts = [one.text for one in stream[at:end]]
        lines += [
            stream[at + place].line
            for place, text in enumerate(texts)
            if text in _METHODS and texts[place - 1] == "." and texts[place - 2][:1].isupper()
        ]
    return lines


def _is_item(following: list[Token]) -> bool:
    """Say whether `static` or `const` is followed by a name and its type."""
    names = [one.text for one in following if one.text != "mut"]
    return len(names) > 1 and names[1] == ":"
