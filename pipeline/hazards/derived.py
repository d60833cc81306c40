# SPDX-License-Identifier: GPL-2.0-only
"""Find traits whose methods mrustc's ``#[derive(Debug)]`` calls in place of core's.

mrustc 0.12 writes ``f.debug_tuple(…).field(…).finish()`` where rustc names core's functions by
their paths: a trait in scope with a method of such a name, implemented for every type or for
core's builders, takes the call.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, group_end
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

# src/expand/derive.cpp of mrustc: what it calls as methods.
METHODS = frozenset({"debug_struct", "debug_tuple", "field", "finish", "write_str"})
_BUILDERS = frozenset({"Formatter", "DebugStruct", "DebugTuple"})


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of such traits in a file that derives ``Debug``.

    A trait counts where the same file implements it so.  :class:`~pipeline.errors.UserError` where
    the text is no Rust.
    """
    stream = words(source, path)
    names = {token.text for token in stream}
    if not ({"derive", "Debug"} <= names and METHODS & names):
        return []
    taking = {name for name, kind, generics in _impls(stream) if _takes(kind, generics)}
    return [line for name, line in _traits(stream) if name in taking]


def _traits(stream: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Yield the traits that have a method of a name that is called, and their lines."""
    for at, token in enumerate(stream[:-1]):
        if token.kind is Kind.IDENT and token.text == "trait":
            begin = _brace(stream, at)
            body = stream[begin : group_end(stream, begin)]
            if any(
                one.text == "fn" and two.text in METHODS for one, two in itertools.pairwise(body)
            ):
                yield stream[at + 1].text, token.line


def _impls(stream: Sequence[Token]) -> Iterator[tuple[str, list[str], set[str]]]:
    """Yield of each ``impl``: the trait's last name, the words of the type, those of generics."""
    for at, token in enumerate(stream):
        if token.kind is not Kind.IDENT or token.text != "impl":
            continue
        head = [one.text for one in stream[at + 1 : _brace(stream, at)]]
        if "for" not in head:
            continue
        split = head.index("for")
        kind = head[split + 1 : head.index("where") if "where" in head else len(head)]
        generics, rest = _generics(head[:split])
        names = [word for word in rest[: rest.index("<")] if word] if "<" in rest else rest
        if names:
            yield names[-1], kind, generics


def _generics(head: list[str]) -> tuple[set[str], list[str]]:
    """Return the words between the first ``<`` and its ``>``, and what follows."""
    if not head or head[0] != "<":
        return set(), head
    depth = 0
    for at, word in enumerate(head):
        depth += (word == "<") - (word == ">" and head[at - 1] != "-")
        if depth == 0:
            return set(head[1:at]), head[at + 1 :]
    return set(), head


def _takes(kind: list[str], generics: set[str]) -> bool:
    """Say whether an implementation for a type holds for what ``derive`` calls methods of."""
    plain = [word for word in kind if word not in ("&", "&&", "mut") and not word.startswith("'")]
    return bool(_BUILDERS & set(plain)) or (len(plain) == 1 and plain[0] in generics)


def _brace(stream: Sequence[Token], at: int) -> int:
    """Return where the body of an item opens."""
    while at < len(stream) and stream[at].text not in ("{", ";"):
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at
