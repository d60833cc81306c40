# SPDX-License-Identifier: GPL-2.0-only
"""``stringify!``, ``type_name`` and ``column!``: mrustc 0.12 writes source and types its own way.

``stringify!(a+b , c)`` is its debugging output of each token with a space between (``16`` for
``0x10``), of a fragment the output of its parser; rustc keeps the source's spacing.  What is
written in so many words outside of macros becomes the literal that rustc makes of it; else it is
refused.

Source: rustc_ast_pretty/src/pprust/state.rs, ``print_tts`` and ``space_between``.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind
from pipeline.errors import UserError
from pipeline.transpile.rewrite.edits import Edit
from pipeline.transpile.rewrite.formats import PLACES
from pipeline.transpile.rewrite.macros import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.transpile.rewrite.macros import Call, Definition

_CLOSE: Final = frozenset(OPEN.values())
_NAME: Final = "stringify"
_TAKING: Final = frozenset({"concat", "assert_eq", "vec", "matches"})  # a literal is an expression
_LONGEST: Final = 60  # rustc's printer breaks lines at 78 columns
# Fragments of one token that both print as it is written.
_PLAIN: Final = frozenset({"ident", "lifetime"})
_TYPE_NAMES: Final = frozenset({"type_name", "type_name_of_val"})
# The Rust Reference, Keywords: what a parenthesis is apart from, even where it could be a call.
_RESERVED: Final = re.compile(
    "as|async|await|break|const|continue|crate|dyn|else|enum|extern|false|for|gen|if|impl|in|let|"
    "loop|match|mod|move|mut|ref|return|self|static|struct|super|trait|true|try|type|unsafe|use|"
    "where|while|abstract|become|box|do|final|macro|override|priv|typeof|unsized|virtual|yield|_"
)


def edits(
    source: str,
    stream: Sequence[Token],
    path: Path,
    macros: Sequence[Definition],
    own: AbstractSet[str],
) -> Iterator[Edit]:
    """Yield the calls of ``stringify!`` in a file that mrustc gets wrong, as literals.

    ``own`` are the macros that the sources define, ``macros`` those of the file.
    :class:`~pipeline.errors.UserError` with the line where the text that rustc makes is not known.
    """
    _refuse_names(stream, path)
    every = calls(stream)
    for call in every:
        if call.name != _NAME or _NAME in own or _is_plain(source, stream, call, macros):
            continue
        around = {one.name for one in every if one.start <= call.start - 3 and call.end < one.end}
        inside = any(one.start <= call.start < one.end for one in macros)
        known = not inside and around <= PLACES.keys() | _TAKING and not around & own
        text = as_written(source, stream, call) if known else None
        if text is None:
            raise UserError(
                "mrustc makes another text of this stringify!",
                where=f"{path}:{stream[call.start - 3].line}",
                mend="write the text itself; or build with transpiler=rustc",
            )
        begin, end = stream[call.start - 3].start, stream[call.end].end
        yield Edit(begin, end, text + "\n" * source.count("\n", begin, end))


def _refuse_names(stream: Sequence[Token], path: Path) -> None:
    """Refuse what tells of a type's name or a column: both are mrustc's own."""
    text = [one.text for one in stream]
    own = {two for one, two in itertools.pairwise(text) if one == "fn"}
    for at, token in enumerate(stream[:-2]):
        if token.kind is not Kind.IDENT:
            continue
        names = _TYPE_NAMES - own if "any" in text else frozenset()
        is_name = token.text in names and text[at + 1] in ("::", "(")
        is_column = token.text == "column" and text[at + 1] == "!" and text[at + 2] in OPEN
        if is_name or is_column:
            what = "types' names" if is_name else "a column"
            raise UserError(
                f"mrustc gives {what} otherwise than rustc",
                where=f"{path}:{token.line}",
                mend="do without; or build with transpiler=rustc",
            )


def _is_plain(
    source: str, stream: Sequence[Token], call: Call, macros: Sequence[Definition]
) -> bool:
    """Say whether mrustc, too, prints what is in a call as it is written."""
    inside = stream[call.start : call.end]
    if len(inside) == 1:
        (one,) = inside
        is_lifetime = one.text.startswith("'") and not one.text.endswith("'")
        return (one.kind is Kind.IDENT or is_lifetime) and not _edge(source, stream, call).strip()
    if len(inside) != 2 or inside[0].text != "$":
        return False
    return any(
        arm.variables.get(inside[1].text) in _PLAIN
        for one in macros
        for arm in one.arms
        if arm.begin <= call.start < arm.begin + len(arm.body)
    )


def as_written(source: str, stream: Sequence[Token], call: Call) -> str | None:
    """Return the literal that rustc makes of a call's tokens, None where that is not known.

    It is in quotes; ``stream`` are the words of ``source``.
    """
    inside = stream[call.start : call.end]
    if not inside:
        return '""'
    written = inside[0].text
    for before, token in itertools.pairwise(inside):
        gap = source[before.end : token.start]
        # A comment may document something; what begins with c is changed elsewhere.
        if gap.strip() or (token.kind is Kind.STRING and source[token.start] == "c"):
            return None
        written += " " * (bool(gap) and _is_apart(before, token)) + token.text
    edge = _edge(source, stream, call)
    doubtful = {"{", "}", "$", "#"} & {one.text for one in inside} or "..." in written
    if edge.strip() or doubtful or "\n" in written or len(written) > _LONGEST:
        return None
    quoted = written.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _edge(source: str, stream: Sequence[Token], call: Call) -> str:
    """Return what stands between a call's delimiters and its first and last token."""
    front = source[stream[call.start - 1].end : stream[call.start].start]
    return front + source[stream[call.end - 1].end : stream[call.end].start]


def _is_apart(before: Token, token: Token) -> bool:
    """Say whether rustc leaves the space between two tokens that has one in the source."""
    if before.text in OPEN or token.text in _CLOSE:
        return False
    if before.text == ".":
        return _is_mark(token)
    if token.text in (",", ";", "."):
        return _is_mark(before)
    if token.text == "(" and before.kind in (Kind.IDENT, Kind.RAW):
        return before.kind is Kind.IDENT and bool(_RESERVED.fullmatch(before.text))
    return True


def _is_mark(token: Token) -> bool:
    """Say whether a token is punctuation: no name, literal, lifetime or group."""
    if token.kind in (Kind.IDENT, Kind.RAW, Kind.STRING) or token.text in {*OPEN, *_CLOSE}:
        return False
    return not (token.text[0].isalnum() or "'" in token.text)
