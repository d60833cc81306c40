# SPDX-License-Identifier: GPL-2.0-only
"""Temporaries of what ``match``, ``if let`` and ``while let`` look at.

They live until the arms are done, in every edition and with mrustc 0.12, too (the Rust Reference,
"Temporary scopes").  Where such an expression ends the body of a loop, as a ``while let`` always
does, rustc's lint ``tail_expr_drop_order`` takes what the pattern binds for a local of the block
around it: on the way back to the loop's beginning that variable seems to be still there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.crate.lexer import OPEN, group_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.crate.lexer import Token

_LAZY = frozenset({"&&", "||"})
# Where a block or a closure begins: its own temporaries may end with it.
_INNER = frozenset({"{", "|", "||"})


class Scrutinee(NamedTuple):
    """Where the words of an expression are that is taken apart, as indices.

    ``pattern`` is empty for ``match``; ``body`` is the block that follows, with its braces.
    ``looped`` says that it is a ``while let``.
    """

    looped: bool
    pattern: range
    value: range
    body: range


def scrutinees(stream: Sequence[Token]) -> Iterator[Scrutinee]:
    """Yield each ``match``, ``if let`` and ``while let`` of a file's words, outer ones first."""
    for at, token in enumerate(stream):
        start = at + 1
        pattern = range(start, start)
        if token.text in ("if", "while") and start < len(stream) and stream[start].text == "let":
            equals = _equals(stream, start + 1)
            pattern, start = range(start + 1, equals), equals + 1
        elif token.text != "match":
            continue
        end = _brace(stream, start)
        if end < len(stream):
            body = range(end, group_end(stream, end))
            yield Scrutinee(token.text == "while", pattern, range(start, end), body)


def live_on(
    stream: Sequence[Token],
    temporaries: Sequence[tuple[int, int]],
    others: Sequence[tuple[int, int]],
) -> bool:
    """Say whether it is no tail expression that decides when each temporary is dropped.

    All are places in the source, as offsets of the first character and behind the last.  True
    where a temporary is one of a scrutinee, not of a block or a closure in it, and all ``others``
    are in its pattern or in the block behind it, and so dropped before; those around a
    ``while let`` are dropped after its last turn.  Not where ``&&`` is in the scrutinee.
    """
    apart = [
        one for one in scrutinees(stream) if all(_is_apart(stream, one, other) for other in others)
    ]
    return all(any(_has(stream, one, each) for one in apart) for each in temporaries)


def _has(stream: Sequence[Token], one: Scrutinee, temporary: tuple[int, int]) -> bool:
    """Say whether a temporary is the scrutinee's own."""
    return _holds(stream, one.value, temporary) and not any(
        stream[at].text in _LAZY or (stream[at].text in _INNER and stream[at].start < temporary[0])
        for at in one.value
    )


def _is_apart(stream: Sequence[Token], one: Scrutinee, other: tuple[int, int]) -> bool:
    if one.looped:
        return not _holds(stream, one.value, other)
    return _holds(stream, one.pattern, other) or _holds(stream, one.body, other)


def _holds(stream: Sequence[Token], part: range, place: tuple[int, int]) -> bool:
    return bool(part) and stream[part[0]].start <= place[0] and place[1] <= stream[part[-1]].end


def _equals(stream: Sequence[Token], at: int) -> int:
    """Return the index of the ``=`` behind a pattern, in which ``..=`` may be."""
    while at < len(stream) and (stream[at].text != "=" or stream[at - 1].text == ".."):
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at


def _brace(stream: Sequence[Token], at: int) -> int:
    """Return the index of the brace behind a scrutinee, which has no struct literal in the open."""
    while at < len(stream) and stream[at].text != "{":
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at
