# SPDX-License-Identifier: GPL-2.0-only
"""What the readers of mangled names share: a cursor, a bounded writer, and two ways to stop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SYMBOL = 16 << 10  # characters: longer than any symbol that the object reader lets in
MAX_TEXT = 4096  # characters of a path
MAX_DEPTH = 100  # types within types; Python's own limit is some thousand calls
MAX_STEPS = 20_000  # back references can name the same part again and again


class MalformedError(Exception):
    """The name does not follow the grammar: it is not a mangled one."""


class TooLongError(Exception):
    """The path is longer or deeper than anybody reads; what is written so far is right."""


class Writer:
    """Collects the text of a path, and stops at :data:`MAX_TEXT`."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._quiet = 0

    def put(self, text: str) -> None:
        """Append ``text``."""
        if self._quiet:
            return
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise TooLongError
        self._parts.append(text)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Leave out what is put within the block."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def cut(self) -> None:
        """Say that the text goes on."""
        self._parts.append("…")

    def __str__(self) -> str:
        return "".join(self._parts)


class Cursor:
    """A place in a name, the depth of the part being read and the steps taken so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.at = 0
        self._depth = 0
        self._steps = 0

    def peek(self) -> str:
        """Return the next character, or nothing at the end."""
        return self.name[self.at : self.at + 1]

    def next(self) -> str:
        """Take the next character."""
        char = self.peek()
        if not char:
            raise MalformedError
        self.at += 1
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooLongError
        return char

    def eat(self, char: str) -> bool:
        """Take the next character if it is ``char``, and say whether it was."""
        found = self.peek() == char
        self.at += found
        return found

    def take(self, count: int) -> str:
        """Take the next ``count`` characters."""
        part = self.name[self.at : self.at + count]
        if len(part) < count:
            raise MalformedError
        self.at += count
        return part

    def decimal(self, digits: int = 9) -> int:
        """Take a decimal number of up to ``digits`` digits; one that starts with 0 is 0."""
        first = self.next()
        if not "0" <= first <= "9":
            raise MalformedError
        number = first
        while first != "0" and "0" <= self.peek() <= "9":
            number += self.next()
            if len(number) > digits:
                raise MalformedError
        return int(number)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Enter one part of the name."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooLongError
        try:
            yield
        finally:
            self._depth -= 1
