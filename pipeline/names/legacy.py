# SPDX-License-Identifier: GPL-2.0-only
"""rustc's older names: C++'s nested ones whose last part is a hash.

The escapes are those of rustc's ``compiler/rustc_symbol_mangling/src/legacy.rs``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.names.text import Cursor, MalformedError

if TYPE_CHECKING:
    from pipeline.names.text import Writer

_ESCAPES = {
    "SP": "@",
    "BP": "*",
    "RF": "&",
    "LT": "<",
    "GT": ">",
    "LP": "(",
    "RP": ")",
    "C": ",",
}
_ESCAPE = re.compile(r"\$([A-Z]{1,2}|u[0-9a-f]{1,6})\$|\.\.")


def read(name: str, text: Writer) -> None:
    """Write the path of ``name``, which is ``_ZN`` to the ``E`` behind the hash."""
    cursor = Cursor(name)
    cursor.take(len("_ZN"))
    parts = []
    while not cursor.eat("E"):
        parts.append(cursor.take(cursor.decimal()))
    if cursor.peek() or len(parts) < 2 or not all(parts):
        raise MalformedError
    for number, part in enumerate(parts[:-1]):
        if number:
            text.put("::")
        # A part must not start with a sign: rustc puts an underscore before an escape there.
        text.put(_ESCAPE.sub(_unescape, part[1:] if part.startswith("_$") else part))


def _unescape(match: re.Match[str]) -> str:
    """Return the character that an escape stands for; one that is not known stays."""
    code = match[1]
    if code is None:
        return "::"
    if code.startswith("u"):
        number = int(code[1:], 16)
        known = number <= 0x10FFFF and chr(number).isprintable()
        return chr(number) if known else match[0]
    return _ESCAPES.get(code, match[0])
