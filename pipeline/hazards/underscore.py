# SPDX-License-Identifier: GPL-2.0-only
"""Find ``let _ = …;`` and ``_ = …;`` that mrustc may get wrong, where no rustc can say.

mrustc 0.12 drops what a call returns, and loses a value that the expression itself makes (a
literal of a struct, a tuple struct or an enum's variant, a block, a borrow).  Types are not known
here, so only expressions are let through that make no such value: a call of a function or method,
a name, a field, a number.  A macro is let through by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.check.gate import LOST, LOST_MEND
from pipeline.crate.graph import order
from pipeline.crate.lexer import OPEN, Kind, Token, group_end, tokens
from pipeline.crate.sources import sources
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.crate.model import Crate

_CALLING_MACROS = frozenset({"write", "writeln"})
_STARTS = frozenset({";", "{", "}"})


def refuse_doubtful(crate: Crate) -> None:
    """Refuse a crate, for mrustc, that has such a statement itself or in a path dependency.

    :class:`~pipeline.errors.UserError` names the file and the line of each.
    """
    for each in order(crate):
        for path in sorted(sources(each).files):
            if path.suffix == ".rs" and path.is_file():
                lines = doubtful(path.read_text(encoding="utf-8"), path)
                if lines:
                    places = ", ".join(str(line) for line in lines)
                    raise UserError(
                        f"a value is discarded that may have a destructor, and no rustc checked: "
                        f"{LOST}",
                        where=f"{path}:{places}",
                        mend=f"{LOST_MEND}; or have it checked by rustc (gate=auto)",
                    )


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of discarded values that may have a destructor which mrustc loses.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    # The lexer keeps no text of what is neither a name nor a mark.
    stream = [one._replace(text=source[one.start : one.end]) for one in tokens(source, path)]
    lines = []
    for at, token in enumerate(stream):
        if token.kind is not Kind.IDENT or token.text != "_":
            continue
        before = stream[at - 1].text if at else ";"
        start = _value_start(stream, at + 1)
        if before not in {"let", *_STARTS} or start is None:
            continue
        if not _only_calls(stream[start : _statement_end(stream, start)]):
            lines.append(token.line)
    return lines


def _value_start(stream: Sequence[Token], at: int) -> int | None:
    """Return the index behind the ``=`` that follows ``_`` or ``_: Type``, None where none does."""
    if at < len(stream) and stream[at].text == ":":
        while at < len(stream) and stream[at].text not in ("=", ";"):
            at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    if at + 1 >= len(stream) or stream[at].text != "=":
        return None
    following = stream[at + 1]
    joined = following.start == stream[at].end and following.text[:1] in (">", "=")
    return None if joined else at + 1


def _statement_end(stream: Sequence[Token], at: int) -> int:
    while at < len(stream) and stream[at].text not in (";", "}"):
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at


def _only_calls(value: Sequence[Token]) -> bool:
    """Say whether an expression is a path, fields, calls and ``?`` in a row, and no literal."""
    at, last = 0, ""
    while at < len(value):
        token = value[at]
        if token.text == "(" and token.kind is Kind.MARK:
            # `Guard(1)` and `Some(guard)` are literals; a function's name is in lower case.
            if not last or last[:1].isupper():
                return False
            at, last = group_end(value, at), ")"
        elif token.text == "!" and last in _CALLING_MACROS:
            return at + 1 < len(value) and group_end(value, at + 1) == len(value)
        elif token.kind in (Kind.IDENT, Kind.RAW):
            last = token.text
            at += 1
        elif token.text in ("::", ".", "?", "?.") or (at == 0 and token.text[:1].isdigit()):
            at += 1
        else:
            return False
    return not last[:1].isupper()
