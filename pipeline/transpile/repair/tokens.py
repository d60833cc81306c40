# SPDX-License-Identifier: GPL-2.0-only
"""Words of one line of mrustc's C, and the error that names the line."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<comment>//.*)
    | (?P<note>/\*.*?\*/)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<word>[A-Za-z_][\w$]*)
    | (?P<number>0x[0-9a-fA-F]+[uUlL]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?[uUlLf]*)
    | (?P<sign>->|<<|>>|<=|>=|==|!=|&&|\|\||\|=|&=|-=|\+\+|[-+*/%&|^~!<>=?:;,.(){}\[\]])
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"\s*$")


class UnknownFormError(Exception):
    """A line of C that the repair pass has no rule for; nothing may be assumed of it."""


def split(line: str) -> tuple[list[str], str]:
    """Return a line's words and its comment (from ``//`` on, empty without one).

    Comments between ``/*`` and ``*/`` are dropped.  Raises :class:`UnknownFormError` at a
    character that begins no word.
    """
    words: list[str] = []
    at = 0
    while True:
        match = _TOKEN.match(line, at)
        if match is None:
            if _BLANK.match(line, at):
                return words, ""
            raise UnknownFormError(f"no word of mrustc's C: {line[at:].strip()[:40]!r}")
        at = match.end()
        if match.lastgroup == "comment":
            return words, match["comment"]
        if match.lastgroup != "note":
            words.append(match[0].strip())
