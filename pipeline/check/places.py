# SPDX-License-Identifier: GPL-2.0-only
"""Where expressions, types and groups begin and end in a stream of Rust's tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, Token, group_end, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OTHER = Kind.OTHER
_NOWHERE = Path()
_BEFORE_OPERAND = frozenset({";", "{", "(", "[", ",", "=>", "return", "if", "while"})


def item_end(stream: Sequence[Token], at: int) -> int:
    """Return the index behind the definition of a type: behind its ``;`` or its braces."""
    while at < len(stream) and stream[at].text != ";":
        if stream[at].text == "{":
            return group_end(stream, at)
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at


def types(inside: Sequence[Token]) -> frozenset[str]:
    """Return the names in a definition that may be types: not those of fields and variants."""
    found = set()
    names = set(owned(inside))
    for at, token in enumerate(inside):
        before = inside[at - 1].text if at else ""
        after = inside[at + 1].text if at + 1 < len(inside) else ""
        field = after[:1] == ":" and after[:2] != "::"
        variant = before in ("{", ",", "]") and (after in ("(", "{", "=", ",", "}"))
        if token.text in names and not field and not variant:
            found.add(token.text)
    return frozenset(found)


def level(stream: Sequence[Token], at: int) -> Iterator[int]:
    """Yield the tokens of an expression from ``at`` on, what is in groups left out."""
    while at < len(stream) and not ends(stream[at]):
        yield at
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1


def spelled(text: str) -> list[Token]:
    """Return the tokens of a text, each with what stands there."""
    return [one._replace(text=text[one.start : one.end]) for one in tokens(text, _NOWHERE)]


def owned(stream: Sequence[Token]) -> Iterator[str]:
    """Yield the names in types, but those that a reference or a pointer leads to."""
    at = 0
    while at < len(stream):
        token = stream[at]
        if token.kind is OTHER and token.text[-1:] in ("&", "*"):
            at = type_end(stream, at + 1)
            continue
        if token.kind is Kind.IDENT:
            yield token.text
        at += 1


def type_end(stream: Sequence[Token], at: int) -> int:
    """Return the index behind the type that a reference leads to, with its angle brackets."""
    while at < len(stream) and (
        stream[at].text in ("mut", "const", "dyn") or stream[at].text[:1] == "'"
    ):
        at += 1
    if at < len(stream) and stream[at].text in OPEN:
        return group_end(stream, at)
    while at < len(stream) and (stream[at].kind is Kind.IDENT or stream[at].text == "::"):
        at += 1
    depth = 0
    while at < len(stream) and (depth or stream[at].text[:1] == "<"):
        if stream[at].kind is OTHER and "->" not in stream[at].text:
            depth += stream[at].text.count("<") - stream[at].text.count(">")
        at += 1
        if depth <= 0:
            break
    return at


def declared(stream: Sequence[Token], at: int) -> set[str]:
    """Return the type parameters in the angle brackets that open at ``at``."""
    found, depth = set(), 0
    for index in range(at, len(stream) - 1):
        token, before = stream[index], stream[index - 1].text
        first = index - 1 == at or before == ","
        if depth == 1 and token.kind is Kind.IDENT and first and token.text != "const":
            found.add(token.text)
        if token.kind is OTHER and "->" not in token.text:
            depth += token.text.count("<") - token.text.count(">")
        if depth <= 0 or token.text in ("{", ";"):
            break
    return found


def ends(token: Token) -> bool:
    """Say whether an operand cannot go on here."""
    return token.text in (";", ",", ")", "]", "}", "=>") or token.text.startswith("=>")


def is_lazy(token: Token) -> bool:
    """Say whether a token is ``&&`` or ``||``, whatever it means where it stands."""
    return token.text[:2] in ("&&", "||")


def is_operand(token: Token) -> bool:
    """Say whether an expression can end with a token."""
    return token.text[-1:] in (")", "]", "}", "?", '"', "'") or token.text[-1:].isalnum()


def backward(stream: Sequence[Token], at: int) -> int:
    """Return the index of the token before ``at``, or of the group that ends there."""
    at -= 1
    if stream[at].text in OPEN.values():
        depth = 1
        while at and depth:
            at -= 1
            depth += (stream[at].text in OPEN.values()) - (stream[at].text in OPEN)
    return at


def statement_begin(
    stream: Sequence[Token], at: int, stop: tuple[str, ...] = (";", "{", "(", "[", "=>")
) -> int:
    """Return where the statement, or the group, begins that the token before ``at`` is in."""
    while at and stream[at - 1].text not in stop:
        if stream[at - 1].text == "}" and stop[0] == ";":
            break
        at = backward(stream, at)
    return at


def lazy_before(stream: Sequence[Token], at: int) -> str:
    """Return the ``&&`` or ``||`` that an operand follows directly, or nothing."""
    while at and stream[at - 1].text not in _BEFORE_OPERAND:
        at = backward(stream, at)
        if is_lazy(stream[at]) and at and is_operand(stream[at - 1]):
            return stream[at].text[:2]
        if stream[at].text == "=" and stream[at - 1].text not in ("=", "!"):
            return ""
    return ""


def opening(stream: Sequence[Token], at: int) -> int | None:
    """Return where the group opens that the token at ``at`` is in, None where it is in none."""
    depth = 0
    for index in range(at - 1, -1, -1):
        depth += (stream[index].text in OPEN.values()) - (stream[index].text in OPEN)
        if depth < 0:
            return index
    return None


def macro_bodies(stream: Sequence[Token]) -> Iterator[tuple[str, Sequence[Token]]]:
    """Yield the name and the rules of each ``macro_rules!``."""
    for at, token in enumerate(stream[:-3]):
        if token.text == "macro_rules" and stream[at + 1].text == "!":
            yield stream[at + 2].text, stream[at + 3 : group_end(stream, at + 3)]
