# SPDX-License-Identifier: GPL-2.0-only
"""The names that mrustc 0.12 gives to functions and statics in its C.

The grammar is that of mrustc's ``src/trans/mangling_v2.cpp``.  It cuts a name of more than 128
characters and appends ``$`` and a hash, so the end of such a path is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.names.text import Cursor, MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.names.text import Writer

_PRIMITIVES = {
    "a": "u8",
    "b": "i8",
    "c": "u16",
    "d": "i16",
    "e": "u32",
    "f": "i32",
    "g": "u64",
    "h": "i64",
    "i": "u128",
    "j": "i128",
    "m": "f16",
    "n": "f32",
    "o": "f64",
    "p": "f128",
    "u": "usize",
    "v": "isize",
    "w": "bool",
    "x": "char",
    "y": "str",
    "z": "!",
}
_REFERENCES = {"s": "&", "u": "&mut ", "o": "&move "}
_POINTERS = {"s": "*const ", "u": "*mut ", "o": "*move "}


def read(name: str, text: Writer) -> None:
    """Write the path of ``name``, which starts with ``ZR``."""
    body, _, digest = name.partition("$")
    reader = _Reader(body, text)
    try:
        reader.whole()
    except _CutShortError:
        if not digest:
            raise MalformedError from None
        text.cut()
        return
    if digest:
        raise MalformedError


class _CutShortError(Exception):
    """The name ended in the middle, as one does that mrustc shortened."""


class _Name(Cursor):
    """A cursor that tells a name's end from one that is wrong."""

    def next(self) -> str:
        """Take the next character."""
        if self.at >= len(self.name):
            raise _CutShortError
        return super().next()

    def take(self, count: int) -> str:
        """Take the next ``count`` characters."""
        if self.at + count > len(self.name):
            raise _CutShortError
        return super().take(count)


class _Reader:
    """Reads one name; ``seen`` are the identifiers so far, which later ones refer to."""

    def __init__(self, name: str, text: Writer) -> None:
        self.cursor = _Name(name)
        self.text = text
        self.seen: list[str] = []

    def whole(self) -> None:
        """Read the name to its end."""
        self.cursor.take(len("ZR"))
        if self.cursor.eat("T"):
            self.type()
        else:
            self.path()
        if self.cursor.peek():
            raise MalformedError

    def path(self) -> None:
        """Read a path to a value."""
        with self.cursor.deeper():
            kind = self.cursor.next()
            if kind == "G":
                self.generic_path("::<")
                return
            if kind not in {"I", "Q"}:
                raise MalformedError
            self.text.put("<")
            self.type()
            if kind == "Q":
                self.text.put(" as ")
                self.generic_path("<")
            self.text.put(">::")
            self.text.put(self.identifier())
            self.parameters("::<")

    def generic_path(self, bracket: str) -> None:
        """Read a path from a crate and what it is instantiated with."""
        count = self.cursor.decimal()
        if self.cursor.next() != "c":
            raise MalformedError
        self.text.put(self.identifier())
        for _ in range(count):
            self.text.put("::")
            self.text.put(self.identifier())
        self.parameters(bracket)

    def parameters(self, bracket: str) -> None:
        """Read the types and constants that something is instantiated with."""
        types = self.cursor.decimal()
        values = self.cursor.decimal() if self.cursor.eat("v") else 0
        if self.cursor.next() != "g":
            raise MalformedError
        if types or values:
            self.text.put(bracket)
            self.listed(types, self.type)
            if types and values:
                self.text.put(", ")
            self.listed(values, self.value)
            self.text.put(">")

    def listed(self, count: int, read: Callable[[], None]) -> None:
        """Read ``count`` parts and put commas between them."""
        for number in range(count):
            if number:
                self.text.put(", ")
            read()

    def value(self) -> None:
        """Read a constant: its bytes as the target has them in memory."""
        if self.cursor.next() != "V":
            raise MalformedError
        size = self.cursor.decimal()
        if self.cursor.next() != "_":
            raise MalformedError
        self.text.put(f"0x{self.cursor.take(2 * size)}")

    def type(self) -> None:
        """Read a type."""
        with self.cursor.deeper():
            kind = self.cursor.next()
            if kind == "C":
                self.text.put(self.one_of(_PRIMITIVES))
            elif kind == "G":
                self.generic_path("<")
            elif kind == "f":
                self.path()
            elif kind in {"B", "P"}:
                self.text.put(self.one_of(_REFERENCES if kind == "B" else _POINTERS))
                self.type()
            elif kind == "S":
                self.text.put("[")
                self.type()
                self.text.put("]")
            elif kind == "A":
                size = self.cursor.decimal(20)
                self.text.put("[")
                self.type()
                self.text.put(f"; {size}]")
            elif kind == "T":
                count = self.cursor.decimal()
                self.text.put("(")
                self.listed(count, self.type)
                self.text.put(",)" if count == 1 else ")")
            elif kind == "F":
                self.function()
            elif kind == "D":
                self.trait_object()
            else:
                raise MalformedError

    def function(self) -> None:
        """Read the type of a pointer to a function."""
        if self.cursor.eat("u"):
            self.text.put("unsafe ")
        if self.cursor.eat("e"):
            self.text.put(f'extern "{self.plain_identifier()}" ')
        self.text.put("fn(")
        self.listed(self.cursor.decimal(), self.type)
        self.text.put(") -> ")
        self.type()

    def trait_object(self) -> None:
        """Read the type of a trait object; the names of its associated types are not there."""
        self.text.put("dyn ")
        self.generic_path("<")
        bounds = self.cursor.decimal()
        if bounds:
            self.text.put("[")
            self.listed(bounds, self.type)
            self.text.put("]")
        # The number of markers stands right before the digits of the first: it has one digit.
        for _ in range(int(self.one_of({str(digit): str(digit) for digit in range(10)}))):
            self.text.put(" + ")
            self.generic_path("<")

    def one_of(self, table: dict[str, str]) -> str:
        """Take a character and return what ``table`` says that it means."""
        meaning = table.get(self.cursor.next())
        if meaning is None:
            raise MalformedError
        return meaning

    def identifier(self) -> str:
        """Read an identifier or a reference to one."""
        if self.cursor.eat("_"):
            index = self.base26()
            if index >= len(self.seen):
                raise MalformedError
            return self.seen[index]
        name = self.plain_identifier()
        self.seen.append(name)
        return name

    def plain_identifier(self) -> str:
        """Read an identifier in full; the place of its ``#`` (or ``-``) stands before it."""
        if "0" <= self.cursor.peek() <= "9":
            return _unescaped(self.cursor.take(self.cursor.decimal()))
        place = self.base26()
        if self.cursor.eat("_"):
            return "#" + self.cursor.take(place)
        name = _unescaped(self.cursor.take(self.cursor.decimal()))
        if place > len(name):
            raise MalformedError
        return f"{name[:place]}#{name[place:]}"

    def base26(self) -> int:
        """Read a number: letters, the lowest digit first, and the last one is a capital."""
        value, weight = 0, 1
        for _ in range(5):
            char = self.cursor.next()
            if "a" <= char <= "z":
                value += (ord(char) - ord("a")) * weight
                weight *= 26
            elif "A" <= char <= "Z":
                return value + (ord(char) - ord("A")) * weight
            else:
                break
        raise MalformedError


def _unescaped(name: str) -> str:
    """Take off the underscore that stands before a digit or another underscore."""
    return name[1:] if name[:1] == "_" and (name[1:2] == "_" or name[1:2].isdigit()) else name
