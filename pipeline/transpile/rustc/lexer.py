# SPDX-License-Identifier: GPL-2.0-only
"""The words of LLVM's textual representation."""

from __future__ import annotations

import re

# The last alternative takes any other character: nothing has a meaning for it, so it is refused
# by whoever meets it, and nothing is ever left out in silence.
_TOKEN = re.compile(
    r"""c?"[^"]*"|[%@](?:"[^"]*"|[-\w.$]+)|![\w.]*|\#\w+|-?\d[\w.+-]*|[A-Za-z_.$][\w.$]*"""
    r"""|[][(){}<>,=*:|]|;.*|\S"""
)
_ESCAPE = re.compile(rb"\\([0-9A-Fa-f]{2}|\\)")


def tokens(text: str) -> list[str]:
    """Return the tokens of a piece of text, without comments."""
    found = _TOKEN.findall(text)
    return [word for word in found if word[0] != ";"] if ";" in text else found


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
