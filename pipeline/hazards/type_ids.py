# SPDX-License-Identifier: GPL-2.0-only
"""Find types of functions with lifetimes whose ``TypeId`` may be asked for: mrustc ignores those.

``fn(&'static u8)`` and ``for<'a> fn(&'a u8)`` are two types (the Rust Reference, "Subtyping and
Variance"), which mrustc 0.12 gives one ``TypeId``: ``Any`` takes the one for the other, too.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

ASKED: Final = re.compile(r"\b(?:TypeId|Any|type_id)\b|\bdowncast")
"""What is somewhere in a crate that asks for a ``TypeId``."""
_CALLED = frozenset({"fn", "Fn", "FnMut", "FnOnce", "for"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines where such a type is given to a function or a type by ``::<…>``.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    texts = [token.text for token in stream]
    named = {texts[at + 1] for at, text in enumerate(texts[:-2])
             if text == "type" and _borrows(_until(texts, at, ";"))}  # fmt: skip
    lines = []
    for at, token in enumerate(stream[:-1]):
        if token.text == "::" and texts[at + 1] == "<":
            inside = _within(stream, at + 1)
            if _borrows(inside) or inside & named:
                lines.append(token.line)
    return lines


def _borrows(inside: set[str]) -> bool:
    """Say whether these words are of the type of a function that has a lifetime."""
    return bool(inside & _CALLED) and any(one == "&" or one.startswith("'") for one in inside)


def _until(texts: Sequence[str], at: int, last: str) -> set[str]:
    """Return the words from a place to the next of this one, all where there is none."""
    return set(itertools.takewhile(last.__ne__, itertools.islice(texts, at, None)))


def _within(stream: Sequence[Token], at: int) -> set[str]:
    """Return the words from an opening angle to its closing one."""
    depth, found = 0, set()
    for index in range(at, len(stream)):
        text = stream[index].text
        arrow = text == ">" and stream[index - 1].text in ("-", "=")
        depth += (text == "<") - (text == ">" and not arrow)
        found.add(text)
        if depth == 0 or text == ";":
            break
    return found
