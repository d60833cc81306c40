# SPDX-License-Identifier: GPL-2.0-only
"""Rust source as words: the lexer's tokens with their own text, and each mark by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.crate.lexer import Kind, Token, tokens

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = re.compile(r"\.\.|::|&&|\|\||.", re.DOTALL)


def words(source: str, path: Path) -> list[Token]:
    """Return the tokens of a file, each with the text that it has there.

    Marks that stand together are apart, except ``..``, ``::``, ``&&`` and ``||``.
    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    found = []
    for token in tokens(source, path):
        text = source[token.start : token.end]
        if token.kind is not Kind.OTHER or text[0].isalnum() or "'" in text:
            found.append(token._replace(text=text))
            continue
        for mark in _MARKS.finditer(text):
            start, end = token.start + mark.start(), token.start + mark.end()
            found.append(token._replace(text=mark[0], start=start, end=end))
    return found
