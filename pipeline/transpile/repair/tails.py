# SPDX-License-Identifier: GPL-2.0-only
"""Structures that end in a trait object or a slice: where their last field is, and their size.

mrustc 0.12 gives such a structure a C type of its own, with a last field of no length
(codegen_c.cpp, ``emit_struct_inner``).  C knows the alignment of a slice's elements, so the offset
of that field is right; it does not know that of a trait object, which only its vtable tells.  So a
field that is a trait object, or a structure that ends in one, lies where C has it or behind.  The
size of a value is computed in one step from that offset, which is wrong where the tail is a
structure, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from pipeline.transpile.repair.tokens import UnknownFormError

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMMENT: Final = "// struct "
_HEAD = re.compile(r"struct (s_Z[\w$]+) +\{$")
_FIELD = re.compile(r"\t(?:/\*@\d+\*/)?(.+?) ?\b(_\d+)((?:\[\d*\])*); // (.*)$")
_NESTED = re.compile(r"struct (s_Z[\w$]+)$")
# What a type's name in one comment has, and in another has not: notes, lifetimes, separators.
_PASSING = re.compile(r"/\*.*?\*/|'#?\w+|[ ,+]")


@dataclass(frozen=True)
class Tail:
    """The last field of a structure: ``name``, what it is, and the structure that it is, if one.

    A structure that ends in a trait object, at any depth, is ``of`` it.
    """

    name: str
    of: Literal["dyn", "slice"]
    nested: str = ""
    packed: bool = False


@dataclass
class Tails:
    """The structures of a unit that end in what has no size, by their names in C and in Rust."""

    fields: dict[str, Tail] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(lines: Iterable[str]) -> Tails:
        """Read the definitions in the lines of a unit's C, inner structures before outer ones."""
        found = Tails()
        comment = head = last = ""
        packed = False
        for line in lines:
            if head and line.startswith("}"):
                found._add(head, comment, last, packed=packed)
                head = ""
            elif head:
                last = line
            elif match := _HEAD.match(line):
                head, last = match[1], ""
            elif line.startswith(_COMMENT):
                comment = line.removeprefix(_COMMENT)
            elif line.startswith("#pragma pack("):
                packed = "push" in line
        return found

    def _add(self, struct: str, comment: str, last: str, *, packed: bool) -> None:
        match = _FIELD.match(last)
        if match is None:
            return
        nested = _NESTED.match(match[1])
        of: Literal["dyn", "slice"]
        if match[3] == "[0]" and match[4].startswith("dyn "):
            tail = Tail(match[2], "dyn", packed=packed)
        elif match[3] == "[0]" and (match[4] == "str" or match[4].startswith("[")):
            tail = Tail(match[2], "slice", packed=packed)
        elif nested and not match[3] and nested[1] in self.fields:
            of = self.fields[nested[1]].of
            tail = Tail(match[2], of, nested[1], packed=packed)
        else:
            return
        self.fields[struct] = tail
        self.names[lasting(comment)] = struct

    def place(self, struct: str, base: str, meta: str) -> str:
        """Return C for the last field of the structure at the address ``base``."""
        tail = self._known(struct)
        least = f"ALIGNOF(struct {tail.nested})" if tail.nested else "1"
        return f"(*FERRIC_TAIL({base}, struct {struct}, {tail.name}, {least}, {meta}))"

    def size(self, kind: str, meta: str, item: str) -> str | None:
        """Return C for the size of a value of a Rust type, None where mrustc's own is right.

        ``meta`` is the C of its metadata, ``item`` the size of a slice's element.  Raises
        :class:`UnknownFormError` where the type is not among the unit's structures.
        """
        struct = self.names.get(lasting(kind))
        if struct is None:
            raise UnknownFormError(f"the size of a type that is not defined: {kind[:80]}")
        tail = self._known(struct)
        if tail.of == "slice" and not tail.nested:
            return None
        align = f"((VTABLE_HDR*){meta})->align" if tail.of == "dyn" else "1"
        end = f"((VTABLE_HDR*){meta})->size" if tail.of == "dyn" else f"{meta} * {item}"
        return self._size(struct, align, end)

    def _size(self, struct: str, align: str, end: str) -> str:
        tail = self._known(struct)
        inner = self._size(tail.nested, align, end) if tail.nested else end
        least = f"ALIGNOF(struct {tail.nested})" if tail.nested else "1"
        begin = f"ferric_beyond(offsetof(struct {struct}, {tail.name}), {least}, {align})"
        return f"ferric_beyond({begin} + {inner}, ALIGNOF(struct {struct}), {align})"

    def _known(self, struct: str) -> Tail:
        tail = self.fields[struct]
        if tail.packed:
            raise UnknownFormError(f"a packed structure that ends in what has no size: {struct}")
        return tail


def lasting(name: str) -> str:
    """Return of a Rust type's name what is the same in every comment."""
    return _PASSING.sub("", name)
