# SPDX-License-Identifier: GPL-2.0-only
"""Which case of a Rust enum a value is, by rustc's debug information and by mrustc's C.

rustc describes the discriminant, also one that is a niche: a pattern that another case's field
cannot have.  mrustc writes a member ``TAG`` with the number of the case, or nothing for a niche.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.compare.cells import UnknownError, Value, inside, number
from pipeline.compare.rules import kept
from pipeline.debuginfo.model import Base, Enum, Pointer, Record

if TYPE_CHECKING:
    from pipeline.compare.side import Side
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref

_MAX_DEPTH = 32


def native_case(side: Side, debug: DebugInfo, value: Value, record: Record) -> tuple[int, int]:
    """Return the index of the case that the native discriminant says, and the discriminant.

    A pointer counts as -1: it is a value that no case without a field has.
    """
    if record.discriminant is None:
        return 0, 0
    place = inside(value, record.discriminant)
    size = debug.size(place.type) or 0
    pointed = side.pointed(place.section, place.offset)
    raw = number(side, place, size) if pointed is None else -1
    whole = (1 << 8 * size) - 1
    default = None
    for index, variant in enumerate(record.variants):
        if variant.value is None:
            default = index
        elif variant.value & whole == raw:
            return index, raw
    if default is None:
        raise UnknownError(f"no case has the discriminant {raw}")
    return default, raw


def our_enum(debug: DebugInfo, value: Value) -> tuple[Value | None, Value | None]:
    """Return the place of our enum's cases and of its tag; None for what it has not."""
    _, found = debug.resolved(value.type)
    if not isinstance(found, Record):
        raise UnknownError("ours is no enum")
    members = {member.name: member for member in found.members}
    data = inside(value, members["DATA"]) if "DATA" in members else None
    tag = inside(value, members["TAG"]) if "TAG" in members else None
    if data is None and tag is None:
        raise UnknownError("ours is no enum that mrustc wrote")
    if data is not None:
        _, cases = debug.resolved(data.type)
        inner = cases.members if isinstance(cases, Record) else ()
        tag = next((inside(data, each) for each in inner if each.name == "TAG"), tag)
    return data, tag


def our_case(debug: DebugInfo, data: Value | None, index: int) -> Value | None:
    """Return the place of what our case ``index`` holds, None where it holds nothing."""
    if data is None:
        return None
    _, cases = debug.resolved(data.type)
    members = cases.members if isinstance(cases, Record) else ()
    found = next((each for each in members if each.name == f"var_{index}"), None)
    return None if found is None else inside(data, found)


def native_niche(debug: DebugInfo, record: Record) -> tuple[int, list[int]]:
    """Return the case whose field has the niche, and the way to it by the members' numbers.

    Raises :class:`UnknownError` where the niche is no field that members alone lead to.
    """
    tag = record.discriminant
    if tag is not None:
        size = debug.size(tag.type) or 0
        for index, variant in enumerate(record.variants):
            for member in variant.members:
                if variant.value is None and member.offset <= tag.offset:
                    way = _way(debug, member.type, tag.offset - member.offset, size, 0)
                    if way is not None:
                        return index, way
    raise UnknownError("the niche that says which case holds is not found")


def _way(debug: DebugInfo, ref: Ref, offset: int, size: int, depth: int) -> list[int] | None:
    """Return the numbers of the members that lead to a scalar of ``size`` bytes at ``offset``."""
    _, found = debug.resolved(ref)
    if isinstance(found, Base | Pointer | Enum):
        return [] if offset == 0 and debug.size(ref) == size else None
    if not isinstance(found, Record) or found.variants or depth > _MAX_DEPTH:
        return None
    for index, member in enumerate(kept(debug, found)):
        if member.offset <= offset < member.offset + (debug.size(member.type) or 0):
            rest = _way(debug, member.type, offset - member.offset, size, depth + 1)
            return None if rest is None else [index, *rest]
    return None


def our_niche(
    side: Side, debug: DebugInfo, data: Value, niche: tuple[int, list[int]]
) -> int | None:
    """Return the number at the same field of ours, None where a pointer stands there."""
    value = our_case(debug, data, niche[0])
    if value is None:
        raise UnknownError("ours has no case with the niche")
    for index in niche[1]:
        _, found = debug.resolved(value.type)
        members = kept(debug, found) if isinstance(found, Record) else []
        if index >= len(members):
            raise UnknownError("ours has no such field as the one with the niche")
        value = inside(value, members[index])
    if side.pointed(value.section, value.offset) is not None:
        return None
    return number(side, value, debug.size(value.type) or 0)
