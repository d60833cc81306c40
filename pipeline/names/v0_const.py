# SPDX-License-Identifier: GPL-2.0-only
"""Constants in rustc's names of today: arguments of generic items and the sizes of arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.names.text import MalformedError

if TYPE_CHECKING:
    from pipeline.names.v0 import Reader

_UNSIGNED = frozenset("htmyoj")
_SIGNED = frozenset("aslxni")
_DIGITS = re.compile(r"[0-9a-f]*")


def constant(reader: Reader) -> None:
    """Read a constant: its type, and its value in hexadecimal digits or in parts."""
    cursor, text = reader.cursor, reader.text
    with cursor.deeper():
        kind = cursor.next()
        if kind == "p":
            text.put("_")
        elif kind == "B":
            reader.back(lambda: constant(reader))
        elif kind in _UNSIGNED or kind in _SIGNED:
            sign = "-" if kind in _SIGNED and cursor.eat("n") else ""
            text.put(f"{sign}{_number(_digits(reader))}")
        elif kind == "b":
            text.put(_boolean(_digits(reader)))
        elif kind == "c":
            text.put(_character(_digits(reader)))
        elif kind == "e":
            text.put(_string(_digits(reader)))
        else:
            _compound(reader, kind)


def _compound(reader: Reader, kind: str) -> None:
    """Read a reference, an array, a tuple or a value of a type with fields."""
    text = reader.text
    if kind in "RQ":
        if kind == "R" and reader.cursor.eat("e"):  # a plain string is a reference already
            text.put(_string(_digits(reader)))
            return
        text.put("&" if kind == "R" else "&mut ")
        constant(reader)
    elif kind == "A":
        text.put("[")
        reader.listed(lambda: constant(reader))
        text.put("]")
    elif kind == "T":
        text.put("(")
        text.put(",)" if reader.listed(lambda: constant(reader)) == 1 else ")")
    elif kind == "V":
        _fields(reader)
    else:
        raise MalformedError


def _fields(reader: Reader) -> None:
    """Read a value of a struct or an enum: no fields, fields in order, or fields by name."""
    reader.path(value=True)
    form = reader.cursor.next()
    if form == "T":
        reader.text.put("(")
        reader.listed(lambda: constant(reader))
        reader.text.put(")")
    elif form == "S":
        reader.text.put(" { ")
        reader.listed(lambda: _field(reader))
        reader.text.put(" }")
    elif form != "U":
        raise MalformedError


def _field(reader: Reader) -> None:
    """Read one field by name."""
    reader.disambiguator()
    reader.text.put(f"{reader.identifier()}: ")
    constant(reader)


def _digits(reader: Reader) -> str:
    """Read hexadecimal digits up to an underscore."""
    cursor = reader.cursor
    found = _DIGITS.match(cursor.name, cursor.at)
    digits = found[0] if found else ""
    cursor.at += len(digits)
    if not cursor.eat("_"):
        raise MalformedError
    return digits


def _number(digits: str) -> str:
    """Return a number in decimal, one of more than 64 bits in hexadecimal."""
    if not digits:
        raise MalformedError
    digits = digits.lstrip("0") or "0"
    return str(int(digits, 16)) if len(digits) <= 16 else f"0x{digits}"


def _boolean(digits: str) -> str:
    """Return a truth value."""
    if digits not in {"0", "1"}:
        raise MalformedError
    return "true" if digits == "1" else "false"


def _character(digits: str) -> str:
    """Return a character between quotes."""
    value = int(digits.lstrip("0") or "0", 16) if 0 < len(digits) <= 8 else 0x110000
    if value > 0x10FFFF or 0xD800 <= value < 0xE000:
        raise MalformedError
    char = chr(value)
    shown = char if char.isprintable() and char not in "'\\" else f"\\u{{{value:x}}}"
    return f"'{shown}'"


def _string(digits: str) -> str:
    """Return a string between quotes, from the digits of its UTF-8."""
    try:
        string = bytes.fromhex(digits).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        raise MalformedError from None
    shown = (
        char if char.isprintable() and char not in '"\\' else f"\\u{{{ord(char):x}}}"
        for char in string
    )
    return f'"{"".join(shown)}"'
