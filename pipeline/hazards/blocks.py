# SPDX-License-Identifier: GPL-2.0-only
"""Find labelled blocks that mrustc 0.12 runs again and again.

src/hir/from_ast_expr.cpp of mrustc makes a loop of a block with a label, and leaves it at its end
only where the block ends in a value: one that ends in a statement never ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.lexer import group_end
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from pathlib import Path


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of labelled blocks that end in a statement, or perhaps do.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    return [
        stream[at].line
        for at in range(len(stream) - 2)
        if stream[at].text.startswith("'")
        and (stream[at + 1].text, stream[at + 2].text) == (":", "{")
        and stream[group_end(stream, at + 2) - 2].text in {";", "{", "}"}
    ]
