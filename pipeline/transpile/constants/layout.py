# SPDX-License-Identifier: GPL-2.0-only
"""What the types in mrustc's C are made of: numbers and their places, read from its declarations.

mrustc writes each type as a C structure with the offset of every field in a comment, and asserts
its size.  That is all that is needed to turn the bytes of a value from one byte order to the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERS: Final = {
    "uint8_t": 1, "int8_t": 1, "RUST_BOOL": 1, "char": 1, "tBANG": 1,
    "uint16_t": 2, "int16_t": 2, "f16": 2,
    "uint32_t": 4, "int32_t": 4, "RUST_CHAR": 4, "float": 4,
    "uint64_t": 8, "int64_t": 8, "double": 8,
    "uint128_t": 16, "int128_t": 16, "f128": 16,
}  # fmt: skip
_WORDS: Final = {"uintptr_t": 1, "intptr_t": 1, "size_t": 1, "SLICE_PTR": 2, "TRAITOBJ_PTR": 2}
_EMPTY: Final = frozenset(("tUNIT", "tTYPEID"))
_OPEN = re.compile(r"(?:typedef )?(struct|union) ([\w$]+) *\{$")
_ARRAY = re.compile(r"typedef (?:struct|union) ([\w$]+) +\{ (.*?) +DATA\[(\d+)\]; \} \1 *;")
_FUNCTION = re.compile(r"typedef .*\(\*([\w$]+) *\)\(")
_FIELD = re.compile(r"\s*(?:/\*@(\d+)\*/)?([\w$ ]+?) *(\**) *(?:\(\*)?([\w$]+)(\[\d*\])?;")
_SIZE = re.compile(r"typedef char sizeof_assert_([\w$]+) *\[ \(sizeof\((.*?) *\) == (\d+)\)")
_CLOSE = re.compile(r"\t*\}.*;$")
_NUMBERED = re.compile(r"_\d+$")
_LEFT_OUT: Final = "// ZST: "
_MOST_PARTS = 1 << 20


class UnknownTypeError(Exception):
    """A type whose bytes cannot be told apart."""


class OtherTypeError(UnknownTypeError):
    """Bytes that a value of a type does not have: it is one of another."""


@dataclass
class Record:
    """A structure (``union``: alternatives), its fields as (offset, type), its size.

    ``names`` are the types of its fields by name; of an enum's alternatives ``var_N`` and ``TAG``,
    and ``empty`` is the number of those that mrustc leaves out, for they have no bytes.
    """

    union: bool
    fields: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0
    names: dict[str, str] = field(default_factory=dict)
    empty: int = 0


class Types:
    """The types of one unit of mrustc's C."""

    def __init__(
        self, lines: Iterable[str], pointer: int, *, numbered: bool = False, plain: bool = False
    ) -> None:
        """Read the declarations of a unit for pointers of ``pointer`` bytes.

        ``numbered`` says that the tags of all enums are the numbers of their variants, ``plain``
        that there is nothing whose bytes mrustc may exchange: then its own bytes decide between
        alternatives.
        """
        self.pointer = pointer
        self.numbered = numbered
        self.plain = plain
        self.records: dict[str, Record] = {}
        self.arrays: dict[str, tuple[str, int]] = {}
        self.functions: set[str] = set()
        self._stack: list[Record] = []
        for line in lines:
            self._line(line)

    def _line(self, line: str) -> None:
        if self._stack:
            self._inside(line)
        elif match := _ARRAY.match(line):
            self.arrays[match[1]] = (match[2].strip(), int(match[3]))
        elif match := _OPEN.match(line):
            self._stack = [self.records.setdefault(match[2], Record(match[1] == "union"))]
            self._stack[0].fields.clear()
        elif match := _SIZE.match(line):
            name = match[2].split()[-1]
            if name in self.records:
                self.records[name].size = int(match[3])
        elif match := _FUNCTION.match(line):
            self.functions.add(match[1])

    def _inside(self, line: str) -> None:
        text = line.strip()
        if text in ("struct {", "union {"):
            inner = Record(text == "union {")
            name = f"{id(inner)}"
            self.records[name] = inner
            self._stack[-1].fields.append((0, name))
            self._stack.append(inner)
        elif text.startswith(_LEFT_OUT):
            self._stack[-1].empty += 1
        elif _CLOSE.match(line):
            self._stack.pop()
        elif match := _FIELD.match(line):
            kind = "uintptr_t" if match[3] else match[2].strip()
            self._stack[-1].fields.append((int(match[1] or 0), kind))
            self._stack[-1].names[match[4]] = kind

    def size(self, kind: str) -> int:
        """Return the size of a type in bytes; :class:`UnknownTypeError` where it is not known."""
        name = kind.rsplit(maxsplit=1)[-1]
        if kind.endswith("*") or name in self.functions:
            return self.pointer
        if name in _NUMBERS:
            return _NUMBERS[name]
        if name in _WORDS:
            return _WORDS[name] * self.pointer
        if name in _EMPTY:
            return 0
        if name in self.arrays:
            element, count = self.arrays[name]
            return count * self.size(element)
        record = self.records.get(name)
        if record is None:
            raise UnknownTypeError(kind)
        return record.size or max((at + self.size(inner) for at, inner in record.fields), default=0)

    def settle(self, kind: str, little: bytes, big: bytes) -> bytes:
        """Return the big-endian bytes of the value whose little-endian bytes are ``little``.

        ``big`` is what mrustc has there, which does not count where the type says it all.
        :class:`UnknownTypeError` where alternatives of a type leave it open.
        """
        name = kind.rsplit(maxsplit=1)[-1]
        if kind.endswith("*") or name in self.functions:
            return little[: self.pointer][::-1]
        if name in _NUMBERS:
            return little[: _NUMBERS[name]][::-1]
        if name in _WORDS:
            return self._repeated("uintptr_t", _WORDS[name], little, big, self.pointer)
        if name in _EMPTY:
            return b""
        if name in self.arrays:
            element, count = self.arrays[name]
            return self._repeated(element, count, little, big, self.size(element))
        if name not in self.records:
            raise UnknownTypeError(kind)
        record = self.records[name]
        return self._union(record, name, little, big) if record.union else self._struct(
            record, name, little, big
        )  # fmt: skip

    def _repeated(self, kind: str, count: int, little: bytes, big: bytes, step: int) -> bytes:
        if count > _MOST_PARTS:
            raise UnknownTypeError(kind)
        if kind == "uintptr_t":
            parts = (little[at * step : (at + 1) * step][::-1] for at in range(count))
        else:
            parts = (
                self.settle(
                    kind, little[at * step : (at + 1) * step], big[at * step : (at + 1) * step]
                )
                for at in range(count)
            )
        return b"".join(parts)

    def _struct(self, record: Record, name: str, little: bytes, big: bytes) -> bytes:
        size = self.size(name)
        made, covered = bytearray(size), bytearray(size)
        for at, kind in record.fields:
            end = at + self.size(kind)
            made[at:end] = self.settle(kind, little[at:end], big[at:end])
            covered[at:end] = b"\1" * (end - at)
        for at in range(size):
            if not covered[at] and little[at]:
                raise OtherTypeError(f"bytes between the fields of {name}")
        return bytes(made)

    def _union(self, record: Record, name: str, little: bytes, big: bytes) -> bytes:
        """Settle each alternative that can be; what they agree on is the value."""
        size = self.size(name)
        results, unknown = set(), None
        for kind in self._alternatives(record, little, is_enum=name.isdecimal()):
            part = self.size(kind)
            # Bytes that an alternative does not have are zero where it is the one.
            if any(little[part:size]):
                continue
            try:
                results.add(self.settle(kind, little[:part], big[:part]) + bytes(size - part))
            except OtherTypeError:
                continue
            except UnknownTypeError as error:
                unknown = error
        if self.plain and big[:size] in results:
            return big[:size]
        if unknown is not None:
            raise unknown
        if len(results) != 1:
            shown = "an enum" if name.isdecimal() else name
            raise UnknownTypeError(f"the alternatives of {shown}")
        return results.pop()

    def _alternatives(self, record: Record, little: bytes, *, is_enum: bool) -> list[str]:
        """Return the types that a value may have: that of its variant, where the tag says which.

        An enum's alternatives have no name of their own, a union's have.
        """
        kinds = [kind for _, kind in record.fields]
        tag = record.names.get("TAG")
        if not self.numbered or not is_enum:
            return kinds
        if tag is None:
            return self._within(kinds, little)
        number = int.from_bytes(little[: self.size(tag)], "little")
        return [record.names[f"var_{number}"]] if f"var_{number}" in record.names else kinds

    def _within(self, kinds: list[str], little: bytes) -> list[str]:
        """Return the variants that a value may have whose tag is within one of them.

        What the tag of the enum in that one says is its own variant, or beyond these another of
        the outer enum; all others have the tag as their last field.
        """
        for one in kinds:
            others = [kind for kind in kinds if kind != one]
            at, tag, variants = self._tag(one)
            if variants and others and all(self._last(kind) == (at, tag) for kind in others):
                number = int.from_bytes(little[at : at + self.size(tag)], "little")
                return [one] if number < variants else others
        return kinds

    def _tag(self, kind: str) -> tuple[int, str, int]:
        """Return the place and type of the first tag in a type, and how many variants it tells."""
        record = self.records.get(kind.rsplit(maxsplit=1)[-1])
        if record is None or kind.endswith("*"):
            return 0, "", 0
        if record.union:
            variants = sum(name.startswith("var_") for name in record.names) + record.empty
            return 0, record.names.get("TAG", ""), variants if "TAG" in record.names else 0
        for offset, inner in record.fields:
            at, tag, variants = self._tag(inner)
            if variants:
                return offset + at, tag, variants
        return 0, "", 0

    def _last(self, kind: str) -> tuple[int, str] | None:
        """Return the place and type of the last field that a structure declares, by its name."""
        record = self.records.get(kind.rsplit(maxsplit=1)[-1])
        if record is None or record.union or not all(map(_NUMBERED.match, record.names)):
            return None
        last = max(record.names, key=lambda name: int(name[1:]), default="")
        found = zip(record.names, record.fields, strict=False)
        return next((place for name, place in found if name == last), None)
