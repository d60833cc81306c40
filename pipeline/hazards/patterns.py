# SPDX-License-Identifier: GPL-2.0-only
"""Rust's patterns as far as it takes to say that two of them cannot match the same value.

What is not understood may match anything, so that nothing is called apart that is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, group_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.crate.lexer import Token

_PATH = re.compile(r"(?:\w+(?:::)?)+")
_SUFFIX = re.compile(r"(?<=\w)[ui](?:8|16|32|64|128|size)$")
# Without escapes: what has some can be written in several ways.
_LITERAL = re.compile(r"""-?\d\w*|b?'[^\\]*'|b?"[^\\]*"|true|false""", re.DOTALL)


@dataclass(frozen=True)
class Pattern:
    """One pattern.

    ``kind`` is ``literal`` or ``path`` (``head`` is its text), ``list`` (a tuple, or what a path
    holds in parentheses or brackets), ``fields`` (``names`` belong to ``parts``), ``either``, or
    ``any``, which may match everything.
    """

    kind: str
    head: str = ""
    parts: tuple[Pattern, ...] = ()
    names: tuple[str, ...] = ()


_ANY = Pattern("any")
REST = Pattern("rest")


def parse(stream: Sequence[Token]) -> Pattern:
    """Return the pattern that these tokens are; each token's ``text`` is that of the source."""
    alternatives = [part for part in _split(stream, "|") if part]
    if len(alternatives) > 1:
        return Pattern("either", parts=tuple(parse(part) for part in alternatives))
    return _one(alternatives[0]) if alternatives else _ANY


def eithers(pattern: Pattern) -> list[Pattern]:
    """Return every choice between alternatives in a pattern, itself counted."""
    own = [pattern] if pattern.kind == "either" else []
    return [*own, *(found for part in pattern.parts for found in eithers(part))]


def apart(one: Pattern, other: Pattern) -> bool:
    """Say whether no value matches both."""
    if one.kind == "either":
        return all(apart(part, other) for part in one.parts)
    if other.kind == "either":
        return apart(other, one)
    if one.kind == other.kind == "literal":
        (kind, value), (other_kind, other_value) = _value(one.head), _value(other.head)
        return kind == other_kind and value != other_value
    if {"any", "literal"} & {one.kind, other.kind}:
        return False
    if one.head != other.head:
        return bool(one.head and other.head)
    return any(apart(left, right) for left, right in _same_places(one, other))


def _same_places(one: Pattern, other: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """Yield what two patterns of one type say of the same part of a value."""
    if one.kind == other.kind == "list":
        for left, right in zip(one.parts, other.parts, strict=False):
            # What stands behind `..` has no known place.
            if REST in (left, right):
                return
            yield left, right
    if one.kind == other.kind == "fields":
        fields = dict(zip(other.names, other.parts, strict=True))
        for name, part in zip(one.names, one.parts, strict=True):
            if name in fields:
                yield part, fields[name]


def _one(stream: Sequence[Token]) -> Pattern:
    """Return a pattern without alternatives of its own."""
    words = [token.text for token in stream]
    if "@" in words and stream[0].text not in OPEN:
        return parse(stream[words.index("@") + 1 :])
    while stream and stream[0].text in ("&", "&&", "ref", "mut", "box"):
        stream = stream[1:]
    group = next((at for at, token in enumerate(stream) if token.text in OPEN), len(stream))
    head = "".join(token.text for token in stream[:group])
    if group == len(stream):
        return _named(head)
    constructs = not head or (_PATH.fullmatch(head) is not None and _is_constructor(head))
    if not constructs or group_end(stream, group) != len(stream):
        return _ANY
    return _group(_last(head), stream[group].text, stream[group + 1 : -1])


def _group(head: str, opening: str, stream: Sequence[Token]) -> Pattern:
    """Return what a constructor (or nothing) and its delimiters hold."""
    inside = [part for part in _split(stream, ",") if part]
    if opening == "{":
        return _fields(head, inside)
    if not head and opening == "(" and len(inside) == 1:
        return parse(inside[0])
    parts = tuple(REST if _is_rest(part) else parse(part) for part in inside)
    return Pattern("list", head, parts)


def _named(text: str) -> Pattern:
    """Return a literal, a variant or a unit struct; a constant may equal another one."""
    if _LITERAL.fullmatch(text):
        return Pattern("literal", text)
    if _PATH.fullmatch(text) and _is_constructor(text):
        return Pattern("path", _last(text))
    return _ANY


def _fields(head: str, inside: Sequence[Sequence[Token]]) -> Pattern:
    names, parts = [], []
    for field in inside:
        if len(field) > 2 and field[1].text == ":":
            names.append(field[0].text)
            parts.append(parse(field[2:]))
    return Pattern("fields", head, tuple(parts), tuple(names))


def _is_rest(part: Sequence[Token]) -> bool:
    return "".join(token.text for token in part).endswith("..")


def _is_constructor(path: str) -> bool:
    """Say whether a path is named as variants and structs are, not as variables or constants."""
    last = _last(path)
    return last[:1].isupper() and (any(letter.islower() for letter in last) or len(last) == 1)


def _last(path: str) -> str:
    return path.rpartition("::")[2]


def _value(literal: str) -> tuple[str, str]:
    """Return what kind of literal it is, and its value: ``0x10`` and ``16_u8`` are one number."""
    if literal in ("true", "false"):
        return "bool", literal
    plain = _SUFFIX.sub("", literal.replace("_", ""))
    try:
        return "number", str(int(plain, 0))
    except ValueError:
        return literal[:1] if literal[:1] in ("'", '"') else literal[:2], literal


def _split(stream: Sequence[Token], mark: str) -> list[Sequence[Token]]:
    """Return what stands between ``mark`` outside of any delimiters."""
    parts, begin, at = [], 0, 0
    while at < len(stream):
        if stream[at].text == mark:
            parts.append(stream[begin:at])
            begin = at + 1
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return [*parts, stream[begin:]]
