# SPDX-License-Identifier: GPL-2.0-only
"""Rust source as tokens, as far as finding files needs: comments gone, literals told apart.

The rules are the Rust Reference's (https://doc.rust-lang.org/reference/tokens.html): block comments
nest, raw strings end at their own number of ``#``, ``'a`` is a lifetime and ``'a'`` a character.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPEN = {"(": ")", "[": "]", "{": "}"}
"""The delimiters: what opens a group, and what closes it."""

_TOKEN = re.compile(
    r"""
      (?P<space>\s+ | //[^\n]*)
    | (?P<comment>/\*)
    | (?P<raw_string>(?P<raw_prefix>b|c)?r(?P<hashes>\#{0,255})")
    | (?P<string>(?P<prefix>b|c)?")
    | (?P<raw>r\#(?P<raw_name>[^\W\d]\w*))
    | (?P<char>b?'(?:[^'\\\n]|\\(?:u\{[^}\n]{0,16}\}|x[0-9a-fA-F]{2}|.))')
    | (?P<lifetime>'(?:r\#)?[^\W\d]\w*)
    | (?P<ident>[^\W\d]\w*)
    | (?P<number>\d\w*)
    | (?P<mark>[\#!\[\](){};,=$])
    | (?P<other>[^\s\w"'/\#!\[\](){};,=$]+ | .)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_STRING_END = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F_]{1,12})\}|x([0-9a-fA-F]{2})|(\n\s*)|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class Kind(Enum):
    """What a token is; ``OTHER`` is everything that finding files has no use for."""

    IDENT = "identifier or keyword"
    RAW = "raw identifier"
    STRING = "string literal"
    MARK = "delimiter or mark"
    OTHER = "anything else"


class Token(NamedTuple):
    """One token: ``text`` is the name, the mark, or a string's *value*; ``line`` counts from 1.

    ``start`` and ``end`` are the indices of its characters in the source.
    """

    kind: Kind
    text: str
    line: int
    start: int
    end: int


def tokens(source: str, path: Path) -> list[Token]:
    """Return the tokens of ``source``; ``path`` is only for errors.

    Raises :class:`~pipeline.errors.UserError` with the line where a comment or a string has no end.
    Takes time in proportion to the length.
    """
    found: list[Token] = []
    position, line = _skip_shebang(source), 1
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:  # cannot be: the last alternative takes any character
            raise UserError("unreadable character", where=f"{path}:{line}")
        end, token = _one(source, match, line, path)
        if token is not None:
            found.append(token)
        if token is None or token.kind is Kind.STRING:  # nothing else can have a new line in it
            line += source.count("\n", position, end)
        position = end
    return found


def _one(source: str, match: re.Match[str], line: int, path: Path) -> tuple[int, Token | None]:
    """Return where the token at ``match`` ends, and the token unless it is space or comment."""
    kind = match.lastgroup
    # Named groups inside an alternative come after it: lastgroup is always the alternative's own,
    # because that group closes last.
    if kind == "space":
        return match.end(), None
    if kind == "comment":
        return _comment_end(source, match.start(), f"{path}:{line}"), None
    if kind == "raw_string":
        close = source.find('"' + match["hashes"], match.end())
        if close < 0:
            raise UserError("a raw string has no end", where=f"{path}:{line}")
        text, stop = source[match.end() : close], close + 1 + len(match["hashes"])
        return stop, Token(Kind.STRING, text, line, match.start(), stop)
    if kind == "string":
        end = _STRING_END.match(source, match.end())
        if end is None:
            raise UserError("a string has no end", where=f"{path}:{line}")
        value = _value(end[0][:-1])
        return end.end(), Token(Kind.STRING, value, line, match.start(), end.end())
    plain = {
        "raw": (Kind.RAW, match["raw_name"]),
        "ident": (Kind.IDENT, match[0]),
        "mark": (Kind.MARK, match[0]),
    }
    kind_and_text = plain.get(str(kind), (Kind.OTHER, ""))
    return match.end(), Token(*kind_and_text, line, match.start(), match.end())


def _skip_shebang(source: str) -> int:
    """Return where the source starts: after a byte order mark (``#![`` is no shebang)."""
    start = 1 if source.startswith("\ufeff") else 0
    if source.startswith("#!", start) and not re.match(r"#!\s*\[", source[start:]):
        end = source.find("\n", start)
        return len(source) if end < 0 else end
    return start


def _comment_end(source: str, start: int, where: str) -> int:
    """Return the index after the block comment at ``start``, comments inside it counted."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(source, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise UserError("a block comment has no end", where=where)


def _value(text: str) -> str:
    """Return what the inside of a string literal stands for.

    Escapes that Rust does not know are kept as they stand: the compiler will say so.
    """

    def replace(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code:
            number = int(code.replace("_", "") or "0", 16)
            return chr(number) if number < 0x110000 else match[0]
        if match[3]:
            return ""
        return _SIMPLE.get(match[4], match[4])

    return _ESCAPE.sub(replace, text)


def group_end(stream: Sequence[Token], start: int) -> int:
    """Return the index after the group that opens at ``start``; the end where it never closes."""
    depth = 0
    for index in range(start, len(stream)):
        token = stream[index]
        if token.kind is Kind.MARK:
            if token.text in OPEN:
                depth += 1
            elif token.text in OPEN.values():
                depth -= 1
                if depth <= 0:
                    return index + 1
    return len(stream)


def split_arguments(inside: Sequence[Token]) -> list[list[Token]]:
    """Split the arguments of a macro at its commas, those inside delimiters left alone."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in inside:
        if token.kind is Kind.MARK:
            depth += (token.text in OPEN) - (token.text in OPEN.values())
            if token.text == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(token)
    return [part for part in parts if part]
