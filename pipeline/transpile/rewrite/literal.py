# SPDX-License-Identifier: GPL-2.0-only
"""A string literal, character by character: what each is, and where it stands in the source."""

from __future__ import annotations

import re
from typing import NamedTuple

_RAW = re.compile(r'(?:b|c)?r(#*)"')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F_]+)\}|x([0-9a-fA-F]{2})|(\r?\n\s*)|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class Character(NamedTuple):
    """A character of a literal's value; ``start`` and ``end`` are those of its spelling."""

    value: str
    start: int
    end: int


def is_raw(source: str, start: int) -> bool:
    """Say whether the literal at ``start`` is a raw one."""
    return _RAW.match(source, start) is not None


def characters(source: str, start: int, end: int) -> list[Character]:
    """Return the characters of the string literal in ``source[start:end]``.

    A backslash before the end of a line, with the space that follows, is none.
    """
    if raw := _RAW.match(source, start):
        inside = range(raw.end(), end - 1 - len(raw[1]))
        return [Character(source[at], at, at + 1) for at in inside]
    found = []
    at, stop = source.index('"', start) + 1, end - 1
    while at < stop:
        match = _ESCAPE.match(source, at, stop)
        if match is None:
            found.append(Character(source[at], at, at + 1))
            at += 1
            continue
        code = match[1] or match[2]
        if code:
            found.append(Character(chr(int(code.replace("_", ""), 16)), at, match.end()))
        elif not match[3]:
            found.append(Character(_SIMPLE.get(match[4], match[4]), at, match.end()))
        at = match.end()
    return found
