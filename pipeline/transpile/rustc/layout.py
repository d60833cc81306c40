# SPDX-License-Identifier: GPL-2.0-only
"""Sizes and offsets of the types, in bytes, by the data layout that the file names.

https://llvm.org/docs/LangRef.html#data-layout has the words and their defaults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.transpile.rustc.ir import Array, Float, Int, IrError, Ptr, Struct, Type

_FLOAT_BITS = {"half": 16, "float": 32, "double": 64, "fp128": 128}
_WORD = re.compile(r"([ifp])(\d*)((?::\d+)+)")


@dataclass(frozen=True)
class DataLayout:
    """The layout: byte order, bytes of a pointer, and alignments in bytes by kind and bits."""

    big_endian: bool
    pointer: int
    alignments: dict[tuple[str, int], int] = field(hash=False)

    @classmethod
    def read(cls, text: str) -> DataLayout:
        """Read a ``target datalayout`` string."""
        found = {("i", 1): 1, ("i", 8): 1, ("i", 16): 2, ("i", 32): 4, ("i", 64): 4}
        found |= {("f", 16): 2, ("f", 32): 4, ("f", 64): 8, ("f", 128): 16}
        pointer, pointer_alignment = 64, 64
        for word in text.split("-"):
            match = _WORD.fullmatch(word)
            if match is None:
                continue
            numbers = [int(number) for number in match[3][1:].split(":")]
            if match[1] == "p" and match[2] in ("", "0"):
                pointer, pointer_alignment = numbers[0], numbers[1]
            elif match[1] != "p":
                found[match[1], int(match[2])] = numbers[0] // 8
        found["p", pointer] = pointer_alignment // 8
        return cls(text.startswith("E"), pointer // 8, found)

    def alignment(self, kind: Type) -> int:
        """Return the ABI alignment of a type."""
        if isinstance(kind, Int):
            # Without an entry of its own a width has that of the next larger one, or the largest.
            widths = sorted(bits for name, bits in self.alignments if name == "i")
            width = next((bits for bits in widths if bits >= kind.bits), widths[-1])
            return self.alignments["i", width]
        if isinstance(kind, Float):
            return self.alignments["f", _FLOAT_BITS[kind.name]]
        if isinstance(kind, Ptr):
            return self.alignments["p", 8 * self.pointer]
        if isinstance(kind, Array):
            return self.alignment(kind.element)
        if isinstance(kind, Struct):
            members = [1, *(self.alignment(member) for member in kind.members)]
            return 1 if kind.packed else max(members)
        raise IrError(f"the alignment of {kind}")

    def size(self, kind: Type) -> int:
        """Return the bytes from one element of an array of this type to the next."""
        if isinstance(kind, Int):
            return _up(self.stored(kind), self.alignment(kind))
        if isinstance(kind, Float):
            return _FLOAT_BITS[kind.name] // 8
        if isinstance(kind, Ptr):
            return self.pointer
        if isinstance(kind, Array):
            return kind.count * self.size(kind.element)
        if isinstance(kind, Struct):
            return self.offsets(kind)[-1]
        raise IrError(f"the size of {kind}")

    @staticmethod
    def stored(kind: Int) -> int:
        """Return the bytes that a store of an integer writes."""
        return (kind.bits + 7) // 8

    def offsets(self, kind: Struct) -> list[int]:
        """Return the offset of each member, and last the size of the whole."""
        found = []
        at = 0
        for member in kind.members:
            at = at if kind.packed else _up(at, self.alignment(member))
            found.append(at)
            at += self.size(member)
        return [*found, _up(at, self.alignment(kind))]


def _up(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment
