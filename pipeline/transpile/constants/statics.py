# SPDX-License-Identifier: GPL-2.0-only
"""Statics and promoted constants in mrustc's C: read their bytes, and write them anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DECLARED = re.compile(
    r".*?union u_static_([\w$]+)\{ (.+? ?\**)val; (uintptr_t|uint8_t) raw\[\d+\]; \} \1"
)
_WRITTEN = re.compile(r"(.*?union u_static_([\w$]+) \2 = \{ \.raw = \{)(.*)")
_END: Final = "} };"
_PATH = re.compile(r"\t// static (.*?) : ")
_WORD = re.compile(
    r"(?P<number>0x[0-9a-f]+(?=ull)|\d+(?=[,}]))(?:ull)?"
    r'|(?P<address>\(uintptr_t\)(?:&[\w$]+|(?:"(?:[^"\\]|\\.)*" *)+)(?:\+\d+)?)'
)


class OtherFormError(Exception):
    """A static written in another way than mrustc 0.12 does."""


@dataclass(frozen=True)
class Static:
    """One initialised static: ``words`` are numbers, and addresses as text."""

    symbol: str
    path: str
    head: str
    words: tuple[int | str, ...]
    tail: str

    def memory(self, width: int, order: Literal["big", "little"]) -> bytes:
        """Return its bytes in memory, zeros for addresses, with words of ``width`` bytes."""
        numbers = (0 if isinstance(word, str) else word for word in self.words)
        return b"".join(number.to_bytes(width, order) for number in numbers)

    @property
    def addresses(self) -> tuple[tuple[int, str], ...]:
        """The addresses in it, each with the index of its word."""
        return tuple((at, word) for at, word in enumerate(self.words) if isinstance(word, str))

    def written(self, data: bytes, width: int) -> str:
        """Return its line with other bytes (big-endian), its addresses as they are."""
        words = [
            word
            if isinstance(word, str)
            else _number(int.from_bytes(data[at * width : (at + 1) * width], "big"), width)
            for at, word in enumerate(self.words)
        ]
        return self.head + ",".join(words) + self.tail


def _number(value: int, width: int) -> str:
    return str(value) if width == 1 else f"0x{value:x}ull"


def declared(lines: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return every static's type in C, and the type of its words, by symbol."""
    found = {}
    for line in lines:
        if "union u_static_" in line and (match := _DECLARED.match(line)):
            found[match[1]] = (match[2].strip(), match[3])
    return found


def initialised(lines: Iterable[str]) -> Iterator[tuple[int, Static]]:
    """Yield every static with an initialiser, and the index of its line."""
    for at, line in enumerate(lines):
        if " = { .raw = {" in line and (match := _WRITTEN.match(line)):
            words, end = _words(match[3])
            tail = match[3][end:]
            path = _PATH.search(tail)
            yield at, Static(match[2], path[1] if path else match[2], match[1], words, tail)


def _words(text: str) -> tuple[tuple[int | str, ...], int]:
    words: list[int | str] = []
    at = 0
    while not text.startswith(_END, at):
        match = _WORD.match(text, at)
        if match is None:
            raise OtherFormError(f"an initialiser: {text[at : at + 40]}")
        words.append(match["address"] or int(match["number"], 0))
        at = match.end() + (text[match.end() : match.end() + 1] == ",")
    return tuple(words), at
