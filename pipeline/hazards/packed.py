# SPDX-License-Identifier: GPL-2.0-only
"""Find packed structs that mrustc lays out, or derives traits for, otherwise than rustc.

Rust promises no order without ``C`` in the ``repr``, and rustc keeps that of the declaration where
nothing has to be aligned.  mrustc 0.12 sorts the fields of a generic one once their types are
known.  What it derives borrows the fields where they are, aligned or not; rustc's borrows copies
(the Rust Reference, "Derive").  What is inlined reads the field itself, and is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, group_end, split_arguments
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

# What looks at a value's bytes, or takes bytes for a value.
_LOOKS = frozenset(
    {"transmute", "transmute_copy", "from_raw_parts", "offset_of", "read_unaligned", "union"}
)
_BORROWING = frozenset({"Clone", "PartialEq", "PartialOrd", "Ord", "Hash", "Debug"})
_INLINED = frozenset({"Clone", "PartialEq"})
# Types that are aligned anywhere, and the sizes of others; an address has 8 bytes at most.
_BYTES = frozenset({"u8", "i8", "bool", "PhantomData"})
_SIZES = {
    **{f"{sign}{bits}": bits // 8 for sign in "iuf" for bits in (16, 32, 64)},
    "char": 4,
    "usize": 8,
    "isize": 8,
}


def borrowed(source: str, path: Path) -> list[int]:
    """Return the lines of packed structs with a derived trait that borrows what is not aligned.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    lines = []
    for at, token in enumerate(stream):
        if token.text != "struct" or at == 0:
            continue
        attributes = _attributes(stream, at)
        packed = [one for one in attributes if one[:1] == ["repr"] and "packed" in one]
        traits = {name for one in attributes if "derive" in one for name in one} & _BORROWING
        if packed and traits:
            most = _packing(packed[0])
            kinds = [one for one in _fields(stream, at) if not _is_aligned(one, most)]
            plain = all(len(one) == 1 and one[0] in _SIZES for one in kinds)
            if kinds and not (plain and traits <= _INLINED):
                lines.append(token.line)
    return lines


def _attributes(stream: Sequence[Token], at: int) -> list[list[str]]:
    """Return the words of each attribute before the ``struct`` at ``at``."""
    begin = at
    while begin and stream[begin - 1].text not in (";", "}", "{"):
        begin -= 1
    found = []
    while begin < at:
        if stream[begin].text == "#" and stream[begin + 1].text == "[":
            end = group_end(stream, begin + 1)
            found.append([one.text for one in stream[begin + 2 : end - 1]])
            begin = end
        else:
            begin += 1
    return found


def _packing(attribute: list[str]) -> int:
    """Return the number in ``packed(2)``, 1 for ``packed``."""
    after = attribute[attribute.index("packed") + 1 :]
    return int(after[1]) if after[:1] == ["("] and after[1].isdigit() else 1


def _fields(stream: Sequence[Token], at: int) -> list[list[str]]:
    """Return the words of the types of a struct's fields."""
    while at < len(stream) and stream[at].text not in ("{", "(", ";"):
        at += 1
    if at >= len(stream) or stream[at].text == ";":
        return []
    found = []
    for field in split_arguments(stream[at + 1 : group_end(stream, at) - 1]):
        names = [one.text for one in field]
        begin = 0
        while names[begin : begin + 2] == ["#", "["]:
            begin = group_end(field, begin + 1)
        names = names[begin:]
        if names[:1] == ["pub"]:
            restricted = names[1:2] == ["("] and names[2] in ("crate", "super", "self", "in")
            names = names[names.index(")") + 1 if restricted else 1 :]
        found.append(names[names.index(":") + 1 :] if names[1:2] == [":"] else names)
    return [one for one in found if one]


def _is_aligned(kind: list[str], most: int) -> bool:
    """Say whether a type needs no more alignment than a packed struct gives it."""
    inner = kind[1] if kind[0] == "[" and len(kind) > 1 else kind[0]
    alone = kind[0] in OPEN or len(kind) == 1 or kind[0] == "PhantomData"
    if kind[0] == "(":
        return len(kind) == len(["(", ")"])
    return alone and (inner in _BYTES or _SIZES.get(inner, most + 1) <= most)


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines of such structs in a file that also looks at bytes.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    if _LOOKS.isdisjoint(one.text for one in stream):
        return []
    return [stream[at].line for at in range(len(stream) - 1) if _is_packed(stream, at)]


def _is_packed(stream: Sequence[Token], at: int) -> bool:
    """Say whether the attribute at ``at`` packs a generic struct and promises no order."""
    if (stream[at].text, stream[at + 1].text) != ("#", "["):
        return False
    end = group_end(stream, at + 1)
    inside = [one.text for one in stream[at + 2 : end]]
    if "packed" not in inside or "repr" not in inside or "C" in inside:
        return False
    while end < len(stream) and stream[end].text not in ("struct", "enum", "union", "fn", ";"):
        end += 1
    head = [one.text for one in stream[end : end + 3]]
    return len(head) == 3 and head[0] == "struct" and head[2] == "<"
