# SPDX-License-Identifier: GPL-2.0-only
"""The memory of statics in the MIR that rustc prints.

rustc writes behind a function each allocation that it names (``compiler/rustc_middle``,
``mir/pretty.rs``): two digits for a byte, ``__`` for one that is not initialised, and lines and
arrows over the bytes of a pointer.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

POINTER: Final = "pointer"
NOTHING: Final = "nothing"

Cell = int | str
"""A byte, or :data:`POINTER` for one of an address, :data:`NOTHING` for padding."""

_FUNCTION = re.compile(r"fn (.*)__ferric_probe_(\d+)\(\) -> \*const \(\) \{$")
_NAMED = re.compile(r"const \{(alloc\d+)(?:<imm>)?: ")
_HEAD = re.compile(r"(alloc\d+) \((?:static: .*, )?size: (\d+), align: \d+\) \{(\})?$")
_OFFSET = re.compile(r"0x[0-9a-f]+ │ ")
_PART = re.compile(
    r"(?P<byte>[0-9a-f]{2})(?: |$)|(?P<nothing>__)(?: |$)"
    r"|╾[^╼]*\((?P<wide>\d+) ptr bytes\)╼|(?P<pointer>[╾─]\S*)(?: |$)"
)
_END: Final = " │ "
_WIDEST: Final = 8
LARGEST: Final = 1 << 20
"""Bytes of a static that are compared; of a larger one mrustc's steps alone are checked."""


class Memory(NamedTuple):
    """The bytes behind a probe, and what rustc calls it, without its own name: ``a::b::``."""

    within: str
    cells: tuple[Cell, ...]


def memories(text: Iterable[str]) -> dict[int, Memory]:
    """Return the bytes behind each probe, by its number, from the lines that rustc printed.

    Left out are those that cannot be read, and more than :data:`LARGEST`.  rustc writes what a
    function names right behind it, and the heap of a program for each function that names that.
    """
    named: dict[int, str] = {}
    within: dict[int, str] = {}
    wanted: set[str] = set()
    found: dict[str, tuple[Cell, ...]] = {}
    lines = (line.rstrip("\n") for line in text)
    probe = -1
    for line in lines:
        if match := _FUNCTION.match(line):
            probe = int(match[2])
            within[probe] = match[1]
        elif line == "}":
            probe = -1
        elif probe >= 0 and (inside := _NAMED.search(line)):
            wanted.add(named.setdefault(probe, inside[1]))
        elif (head := _HEAD.match(line)) and head[3] is None:
            inner = takewhile(lambda one: one != "}", lines)
            if head[1] in wanted and head[1] not in found and int(head[2]) <= LARGEST:
                cells = tuple(cell for one in inner for cell in _cells(one))
                if len(cells) == int(head[2]):
                    found[head[1]] = cells
            else:
                deque(inner, maxlen=0)
    return {
        number: Memory(within[number], found[name])
        for number, name in named.items()
        if name in found
    }


def _cells(line: str) -> Iterable[Cell]:
    """Return the bytes in a line of an allocation."""
    shown = _OFFSET.sub("", line.strip(), count=1).rpartition(_END)[0].rstrip()
    try:
        return bytes.fromhex(shown)
    except ValueError:
        return _parts(shown)


def _parts(shown: str) -> Iterator[Cell]:
    """Yield bytes with padding or an address among them."""
    for part in _PART.finditer(shown):
        if part["byte"]:
            yield int(part["byte"], 16)
        elif part["nothing"]:
            yield NOTHING
        elif part["wide"]:
            yield from [POINTER] * min(int(part["wide"]), _WIDEST)
        else:
            # Three characters a byte, without the last space.
            yield from [POINTER] * ((len(part["pointer"]) + 1) // 3)
