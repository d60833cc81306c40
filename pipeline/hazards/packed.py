# SPDX-License-Identifier: GPL-2.0-only
"""Find generic packed structs whose bytes are looked at: mrustc has their fields in another order.

Rust promises no order without ``C`` in the ``repr``, and rustc keeps that of the declaration where
nothing has to be aligned.  mrustc 0.12 sorts the fields once their types are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.lexer import group_end
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

# What looks at a value's bytes, or takes bytes for a value.
_LOOKS = frozenset(
    {"transmute", "transmute_copy", "from_raw_parts", "offset_of", "read_unaligned", "union"}
)


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of such structs in a file that also looks at bytes.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    if _LOOKS.isdisjoint(one.text for one in stream):
        return []
    return [stream[at].line for at in range(len(stream) - 1) if _is_packed(stream, at)]


def _is_packed(stream: Sequence[Token], at: int) -> bool:
    """Say whether the attribute at ``at`` packs a generic struct and promises no order."""
    if (stream[at].text, stream[at + 1].text) != ("#", "["):
        return False
    end = group_end(stream, at + 1)
    inside = [one.text for one in stream[at + 2 : end]]
    if "packed" not in inside or "repr" not in inside or "C" in inside:
        return False
    while end < len(stream) and stream[end].text not in ("struct", "enum", "union", "fn", ";"):
        end += 1
    head = [one.text for one in stream[end : end + 3]]
    return len(head) == 3 and head[0] == "struct" and head[2] == "<"
