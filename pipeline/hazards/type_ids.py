# SPDX-License-Identifier: GPL-2.0-only
"""Find types of functions with lifetimes whose ``TypeId`` is asked for: mrustc ignores those.

``fn(&'static u8)`` and ``for<'a> fn(&'a u8)`` are two types (the Rust Reference, "Subtyping and
Variance"), which mrustc 0.12 gives one ``TypeId``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.hazards.words import words

if TYPE_CHECKING:
    from pathlib import Path

_CALLED = frozenset({"fn", "Fn", "FnMut", "FnOnce", "for"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines where a ``TypeId`` of such a type is asked for by name.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    lines = []
    for at, token in enumerate(stream):
        if [one.text for one in stream[at : at + 5]] != ["TypeId", "::", "of", "::", "<"]:
            continue
        end = at + 5
        while end < len(stream) and stream[end].text not in (";", "{"):
            end += 1
        inside = {one.text for one in stream[at + 5 : end]}
        borrows = "&" in inside or any(text.startswith("'") for text in inside)
        if borrows and inside & _CALLED:
            lines.append(token.line)
    return lines
