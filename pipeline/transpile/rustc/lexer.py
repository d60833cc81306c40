# SPDX-License-Identifier: GPL-2.0-only
"""The words of LLVM's textual representation."""

from __future__ import annotations

import re

from pipeline.transpile.rustc.ir import IrError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<bytes>c"[^"]*") | (?P<text>"[^"]*")
  | (?P<local>%(?:"[^"]*"|[-\w.$]+)) | (?P<globalname>@(?:"[^"]*"|[-\w.$]+))
  | (?P<meta>![\w.]*) | (?P<group>\#\w+)
  | (?P<number>-?\d[\w.+-]*) | (?P<word>[A-Za-z_.$][\w.$]*) | (?P<punct>\.\.\.|[][(){}<>,=*:|])
  | (?P<comment>;.*)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\([0-9A-Fa-f]{2}|\\)")


def tokens(text: str) -> list[str]:
    """Return the tokens of a piece of text; :class:`IrError` for a character that has no place."""
    found = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise IrError(f"unknown character at: {text[position : position + 40].strip()}")
        if match.lastgroup != "comment":
            found.append(match[match.lastgroup or 0])
        position = match.end()
    return found


def name_of(token: str) -> str:
    """Return the name behind the sigil of ``%name``, ``@"name"``."""
    name = token[1:]
    if name.startswith('"'):
        return unescape(name).decode("utf-8", "backslashreplace")
    return name


def unescape(token: str) -> bytes:
    r"""Return the bytes of ``"..."`` or ``c"..."``, in which ``\xx`` is a byte in hexadecimal."""
    body = token[token.index('"') + 1 : -1].encode("utf-8")
    return _ESCAPE.sub(
        lambda match: b"\\" if match[1] == b"\\" else bytes([int(match[1], 16)]), body
    )
