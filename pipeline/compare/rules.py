# SPDX-License-Identifier: GPL-2.0-only
"""How an ABI lays out what crosses to C: measured alignments, and what follows of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.debuginfo.model import Array, Base, DwarfError, Encoding, Enum, Pointer, Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Member, Ref

_MRUSTC_MEMBER = re.compile(r"(?:_|var_)(\d{1,6})")
_MAX_DEPTH = 32
PACKS = (None, 1, 2, 4, 8)  # repr(packed(N)); None: not packed
ALIGNS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 4096)  # repr(align(N)); 1: not said


@dataclass(frozen=True)
class Rules:
    """Alignments in bytes of u8 u16 u32 u64 (u128) f32 f64 ptr, and who said so."""

    alignments: Mapping[str, int]
    source: str

    def scalar(self, size: int, *, real: bool = False) -> int:
        """Return the alignment of an integer, or of a float, of ``size`` bytes."""
        name = f"{'f' if real else 'u'}{8 * size}"
        return self.alignments.get(
            name, self.alignments.get("u64", 1) if size > 8 else max(size, 1)
        )


@dataclass(frozen=True)
class Shape:
    """Where the members of a record are: offsets and sizes in declaration order, and its size."""

    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    size: int


def declared(record: Record) -> list[Member]:
    """Return the members in the order of the source: mrustc sorts, but numbers them."""
    numbers = [_MRUSTC_MEMBER.fullmatch(member.name) for member in record.members]
    if record.members and all(numbers):
        pairs = zip((int(one[1]) for one in numbers if one), record.members, strict=True)
        return [member for _, member in sorted(pairs, key=lambda pair: pair[0])]
    return list(record.members)


def kept(debug: DebugInfo, record: Record) -> list[Member]:
    """Return the members that take space, in the order of the source."""
    return [member for member in declared(record) if debug.size(member.type) != 0]


def actual(debug: DebugInfo, record: Record) -> Shape:
    """Return the shape that the debug information gives."""
    members = kept(debug, record)
    sizes = tuple(debug.size(member.type) or 0 for member in members)
    return Shape(tuple(member.offset for member in members), sizes, record.size or 0)


def by_rules(debug: DebugInfo, record: Record, rules: Rules, pack: int | None, least: int) -> Shape:
    """Return the shape that C gives such a record with ``repr(packed(pack), align(least))``."""
    known: dict[Ref, int] = {}
    offsets, sizes, at, widest = [], [], 0, max(least, 1)
    for member in kept(debug, record):
        size = debug.size(member.type) or 0
        alignment = align(debug, member.type, rules, known)
        if pack is not None:
            alignment = min(alignment, pack)
        widest = max(widest, alignment)
        start = 0 if record.kind == "union" else _up(at, alignment)
        offsets.append(start)
        sizes.append(size)
        at = max(at, start + size)
    return Shape(tuple(offsets), tuple(sizes), _up(at, widest))


def fitting(debug: DebugInfo, record: Record, rules: Rules) -> set[tuple[int | None, int]]:
    """Return the attributes (packed, align) with which C would give the record its actual shape."""
    shape = actual(debug, record)
    return {
        (pack, least)
        for pack in PACKS
        for least in (ALIGNS if pack is None else (1,))
        if by_rules(debug, record, rules, pack, least) == shape
    }


def align(debug: DebugInfo, ref: Ref, rules: Rules, known: dict[Ref, int], depth: int = 0) -> int:
    """Return the alignment of a type by the rules; that of a record is its members' largest.

    ``known`` keeps what was found: types can hold each other in more ways than there are types.
    """
    if ref not in known:
        known[ref] = _align(debug, ref, rules, known, depth)
    return known[ref]


def _align(debug: DebugInfo, ref: Ref, rules: Rules, known: dict[Ref, int], depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise DwarfError("types within types without end")
    _, found = debug.resolved(ref)
    if isinstance(found, Base):
        return rules.scalar(found.size, real=found.encoding == Encoding.FLOAT)
    if isinstance(found, Pointer):
        return rules.alignments.get("ptr", debug.address_size)
    if isinstance(found, Enum):
        return rules.scalar(found.size or 1)
    if isinstance(found, Array):
        return align(debug, found.element, rules, known, depth + 1)
    if isinstance(found, Record):
        inner = (align(debug, one, rules, known, depth + 1) for one in _inside(found))
        return max(inner, default=1)
    return 1


def scalars(debug: DebugInfo, record: Record) -> set[str]:
    """Return the names (u8, f64, ptr…) of the scalars that a record is made of."""
    names: set[str] = set()
    seen: set[Ref] = set()
    queue = list(_inside(record))
    while queue:
        ref, found = debug.resolved(queue.pop())
        if ref in seen:
            continue
        seen.add(ref)
        if isinstance(found, Array):
            queue.append(found.element)
        if isinstance(found, Base | Enum):
            real = isinstance(found, Base) and found.encoding == Encoding.FLOAT
            names.add(f"{'f' if real else 'u'}{8 * (found.size or 0)}")
        elif isinstance(found, Pointer):
            names.add("ptr")
        elif isinstance(found, Record):
            queue += _inside(found)
    return names


def _inside(record: Record) -> Sequence[Ref]:
    """Return the types of all members, those of a Rust enum's cases and of its tag too."""
    tag = [record.discriminant.type] if record.discriminant else []
    cases = [member.type for variant in record.variants for member in variant.members]
    return [*(member.type for member in record.members), *tag, *cases]


def _up(value: int, alignment: int) -> int:
    return -(-value // max(alignment, 1)) * max(alignment, 1)
