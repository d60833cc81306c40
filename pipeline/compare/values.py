# SPDX-License-Identifier: GPL-2.0-only
"""The value of a constant in both files, read by its two types side by side.

The native type leads, because it knows what the C has forgotten: what a slice's pointer leads to,
which bits say which case of an enum holds.  Numbers are compared by value: another width or byte
order is no difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.compare.cases import native_case, native_niche, our_case, our_enum, our_niche
from pipeline.compare.cells import (
    Unequal,
    UnknownError,
    Value,
    function,
    inside,
    number,
    shown,
    signed,
    wide,
    zero,
)
from pipeline.compare.rules import declared
from pipeline.debuginfo.model import (
    Array,
    Base,
    Encoding,
    Enum,
    Pointer,
    Record,
    Signature,
    Unspecified,
)
from pipeline.validate.elfdata import SHF_WRITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.compare.side import Pointed, Side
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref, Type

_MAX_STEPS = 100_000
_MAX_ALL_STEPS = 500_000
_MAX_DEPTH = 40
_MAX_BYTES = 1 << 20
_SHOWN = 48
_SIGNED = frozenset({Encoding.SIGNED, Encoding.SIGNED_CHAR})
_MRUSTC_128 = frozenset({"lo", "hi"})


@dataclass
class Walk:
    """One comparison: the two files, and how much has been looked at."""

    ours: Side
    native: Side
    mine: DebugInfo
    theirs: DebugInfo
    steps: int = 0
    all_steps: int = 0
    seen: set[tuple[int, int, int]] = field(default_factory=set)

    def begin(self) -> None:
        """Begin another constant."""
        self.steps = 0
        self.seen.clear()

    def _step(self, count: int = 1) -> None:
        """Count what is looked at: a file could make a few bytes stand for millions of values."""
        self.steps += count
        self.all_steps += count
        if self.steps > _MAX_STEPS:
            raise UnknownError("it is too large to be compared as a whole")
        if self.all_steps > _MAX_ALL_STEPS:
            raise UnknownError("the other constants were too much already")

    def compare(
        self, one: Value, other: Value, path: str = "", depth: int = 0
    ) -> Iterator[Unequal]:
        """Yield what differs between our value and the native one."""
        self._step()
        if depth > _MAX_DEPTH:
            raise UnknownError("it is too large to be compared as a whole")
        one = self._unwrapped(one)
        ref, theirs = self.theirs.resolved(other.type)
        other = Value(other.section, other.offset, ref)
        if theirs is None or isinstance(theirs, Unspecified) or self.theirs.size(ref) == 0:
            return
        if isinstance(theirs, Base | Enum):
            yield from self._scalar(one, other, theirs, path)
        elif isinstance(theirs, Pointer):
            yield from self._pointer(one, other, theirs, path, depth)
        elif isinstance(theirs, Array):
            yield from self._array(one, other, theirs, path, depth)
        elif isinstance(theirs, Record) and theirs.variants:
            yield from self._enum(one, other, theirs, path, depth)
        elif isinstance(theirs, Record) and wide(theirs):
            yield from self._slice(one, other, theirs, path, depth)
        elif isinstance(theirs, Record) and theirs.kind == "union":
            yield from self._union(one, other, theirs, path, depth)
        elif isinstance(theirs, Record):
            yield from self._struct(one, other, theirs, path, depth)

    # -- numbers -------------------------------------------------------------------------------

    def _scalar(
        self, one: Value, other: Value, theirs: Base | Enum, path: str
    ) -> Iterator[Unequal]:
        """Compare numbers; ours may stand in structs of one member, or be two halves."""
        size = theirs.size or 0
        native = number(self.native, other, size)
        one, mine = self._scalar_of(one)
        if isinstance(mine, Record):
            ours = self._halves(one, mine)
            our_size = 16
        else:
            our_size = self.mine.size(one.type) or 0
            ours = number(self.ours, one, our_size)
        if isinstance(theirs, Base) and theirs.encoding == Encoding.FLOAT:
            if our_size != size:
                raise UnknownError(f"a float of {our_size} bytes beside one of {size}")
        elif isinstance(theirs, Enum) or theirs.encoding in _SIGNED:
            native, ours = signed(native, size), signed(ours, our_size)
        if ours != native and not self._same_word(theirs, ours, native):
            yield Unequal(path, shown(theirs, ours, our_size), shown(theirs, native, size))

    def _same_word(self, theirs: Base | Enum, ours: int, native: int) -> bool:
        """Say whether a usize is all that fits: the lower half of the native one, as MAX is."""
        if not isinstance(theirs, Base) or theirs.name not in {"usize", "isize"}:
            return False
        bits = 8 * min(self.ours.pointer, self.native.pointer)
        whole = (1 << bits) - 1
        return ours & whole == native & whole and (ours & whole) in {
            whole,
            whole >> 1,
            1 << bits - 1,
        }

    def _scalar_of(self, one: Value) -> tuple[Value, Type | None]:
        """Go into structs of one member until there is a number, or mrustc's pair of halves."""
        for _ in range(_MAX_DEPTH):
            ref, found = self.mine.resolved(one.type)
            one = Value(one.section, one.offset, ref)
            if not isinstance(found, Record):
                return one, found
            if {member.name for member in found.members} == _MRUSTC_128:
                return one, found
            if len(found.members) != 1:
                break
            one = inside(one, found.members[0])
        raise UnknownError("ours is no number")

    def _halves(self, one: Value, mine: Record) -> int:
        halves = {member.name: number(self.ours, inside(one, member), 8) for member in mine.members}
        return halves["hi"] << 64 | halves["lo"]

    # -- pointers ------------------------------------------------------------------------------

    def _pointer(
        self, one: Value, other: Value, theirs: Pointer, path: str, depth: int
    ) -> Iterator[Unequal]:
        one, mine = self._scalar_of(one)
        ours = self.ours.pointed(one.section, one.offset)
        native = self.native.pointed(other.section, other.offset)
        if ours is None or native is None:
            texts = self._address(self.ours, one, ours), self._address(self.native, other, native)
            if (ours is None) != (native is None) or texts[0] != texts[1]:
                yield Unequal(path, *texts)
            return
        _, target = self.theirs.resolved(theirs.target)
        functions = function(self.ours, ours), function(self.native, native)
        if isinstance(target, Signature) or any(functions):
            if functions[0] != functions[1]:
                yield Unequal(path, functions[0] or "data", functions[1] or "data")
            return
        if ours.outside or native.outside:
            if ours.outside != native.outside:
                yield Unequal(path, ours.outside or "data", native.outside or "data")
            return
        if (
            isinstance(mine, Pointer)
            and self.theirs.size(theirs.target)
            and (self.mine.size(mine.target))
        ):
            yield from self._behind(
                Value(ours.section, ours.offset, mine.target),
                Value(native.section, native.offset, theirs.target), f"{path}*", depth,
            )  # fmt: skip

    def _behind(self, one: Value, other: Value, path: str, depth: int) -> Iterator[Unequal]:
        """Compare what two pointers lead to, once; what can change at run time is not compared."""
        key = (one.section, one.offset, other.section << 40 | other.offset)
        if key not in self.seen and not self._writable(other):
            self.seen.add(key)
            yield from self.compare(one, other, path, depth + 1)

    def _writable(self, value: Value) -> bool:
        section = self.native.obj.sections[value.section]
        return bool(section.flags & SHF_WRITE) and ".rel.ro" not in section.name

    def _address(self, side: Side, value: Value, pointed: Pointed | None) -> str:
        if pointed is not None:
            return pointed.outside or "a pointer"
        address = number(side, value, side.pointer)
        return "null" if address == 0 else hex(address)

    def _slice(
        self, one: Value, other: Value, theirs: Record, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare ``&str``, ``&[T]`` and ``&dyn Trait``: two words."""
        data, extra = theirs.members
        ref, mine = self.mine.resolved(self._unwrapped(one).type)
        if not isinstance(mine, Record) or len(mine.members) != 2:
            raise UnknownError("ours is not two words")
        first, second = (inside(Value(one.section, one.offset, ref), each) for each in mine.members)
        if extra.name != "length":
            return  # a vtable: two compilers fill it their own ways
        lengths = (
            number(self.ours, second, self.ours.pointer),
            number(self.native, inside(other, extra), self.native.pointer),
        )
        ours = self.ours.pointed(first.section, first.offset)
        native = self.native.pointed(other.section, other.offset + data.offset)
        _, pointer = self.theirs.resolved(data.type)
        if not isinstance(pointer, Pointer):
            raise UnknownError("the native slice has no pointer")
        if lengths[0] != lengths[1]:
            shown = (
                self._text(self.ours, ours, lengths[0], pointer),
                self._text(self.native, native, lengths[1], pointer),
            )
            yield Unequal(path, *shown)
            return
        if lengths[0] and ours and native and not ours.outside and not native.outside:
            yield from self._elements(ours, native, lengths[0], pointer, f"{path}*", depth)

    def _elements(
        self, ours: Pointed, native: Pointed, count: int, pointer: Pointer, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare what a slice has; ours is read by the type of the static that holds it."""
        size = self.theirs.size(pointer.target) or 0
        if size * count > _MAX_BYTES:
            raise UnknownError("it is too large to be compared as a whole")
        if size == 1:
            self._step(count // 64)
            texts = (
                self._text(self.ours, ours, count, pointer),
                self._text(self.native, native, count, pointer),
            )
            if self.ours.bytes_at(ours.section, ours.offset, count) != self.native.bytes_at(
                native.section, native.offset, count
            ):
                yield Unequal(path, *texts)
            return
        element = self._element_type(ours)
        if element is None:
            raise UnknownError(f"{path} has no type in ours")
        step = self.mine.size(element) or 0
        for index in range(count):
            yield from self._behind(
                Value(ours.section, ours.offset + index * step, element),
                Value(native.section, native.offset + index * size, pointer.target),
                f"{path}[{index}]", depth,
            )  # fmt: skip

    def _element_type(self, pointed: Pointed) -> Ref | None:
        """Return the element's type of our static array at a place: SLICE_PTR does not say it."""
        holder = self.ours.by_place.get((pointed.section, pointed.offset))
        if holder is None:
            return None
        value = self._unwrapped(Value(pointed.section, pointed.offset, holder.type))
        _, found = self.mine.resolved(value.type)
        if isinstance(found, Record) and len(found.members) == 1 and found.name.startswith("t_"):
            _, found = self.mine.resolved(found.members[0].type)
        return found.element if isinstance(found, Array) else value.type

    def _text(self, side: Side, pointed: Pointed | None, count: int, pointer: Pointer) -> str:
        if pointed is None or pointed.outside or self.theirs.size(pointer.target) != 1:
            return f"{count} elements"
        data = side.bytes_at(pointed.section, pointed.offset, min(count, _SHOWN)) or b""
        return f"{count} bytes {data!r}"

    # -- compounds -----------------------------------------------------------------------------

    def _array(
        self, one: Value, other: Value, theirs: Array, path: str, depth: int
    ) -> Iterator[Unequal]:
        _, mine = self.mine.resolved(one.type)
        if isinstance(mine, Record) and len(mine.members) == 1:
            one = inside(one, mine.members[0])
            _, mine = self.mine.resolved(one.type)
        if not isinstance(mine, Array) or not mine.counts or not theirs.counts:
            raise UnknownError("ours is no array")
        counts = mine.counts[0] or 0, theirs.counts[0] or 0
        if counts[0] != counts[1]:
            yield Unequal(path, f"{counts[0]} elements", f"{counts[1]} elements")
            return
        steps = self.mine.size(mine.element) or 0, self.theirs.size(theirs.element) or 0
        for index in range(counts[0]):
            yield from self.compare(
                Value(one.section, one.offset + index * steps[0], mine.element),
                Value(other.section, other.offset + index * steps[1], theirs.element),
                f"{path}[{index}]", depth + 1,
            )  # fmt: skip

    def _struct(
        self, one: Value, other: Value, theirs: Record, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare member by member: mrustc numbers them as the source has them."""
        _, mine = self.mine.resolved(one.type)
        if not isinstance(mine, Record):
            raise UnknownError("ours is no struct")
        members = {member.name: member for member in declared(mine)}
        for index, member in enumerate(theirs.members):
            if self.theirs.size(member.type) == 0:
                continue
            counterpart = members.get(f"_{index}") or members.get(member.name)
            if counterpart is None:
                raise UnknownError(f"ours has no member {member.name}")
            name = f"{path}.{member.name.removeprefix('__')}"
            yield from self.compare(
                inside(one, counterpart), inside(other, member), name, depth + 1
            )

    def _union(
        self, one: Value, other: Value, theirs: Record, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare a union: it is equal if it is all zero, or equal as any of its members."""
        size = self.mine.size(one.type) or 0
        self._step(64)
        if zero(self.ours, one, size) and zero(self.native, other, theirs.size or 0):
            return
        _, mine = self.mine.resolved(one.type)
        if not isinstance(mine, Record):
            raise UnknownError("ours is no union")
        members = {member.name: member for member in mine.members}
        found: list[Unequal] = []
        for index, member in enumerate(theirs.members):
            counterpart = members.get(f"var_{index}") or members.get(f"_{index}")
            if counterpart is None or self.theirs.size(member.type) == 0:
                continue
            found = list(
                self.compare(inside(one, counterpart), inside(other, member), path, depth + 1)
            )
            if not found:
                return
        yield from found

    def _enum(
        self, one: Value, other: Value, theirs: Record, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare a Rust enum: which case holds, and what is in it."""
        index, raw = native_case(self.native, self.theirs, other, theirs)
        members = theirs.variants[index].members
        name = members[0].name if members else "?"
        data, tag = our_enum(self.mine, one)
        if tag is not None:
            ours = number(self.ours, tag, self.mine.size(tag.type) or 0)
            if ours not in {index, theirs.variants[index].value}:
                yield Unequal(path, f"case {ours}", f"{name} (case {raw})")
                return
        payload = our_case(self.mine, data, index)
        if payload is not None and members:
            inner = inside(other, members[0])
            yield from self.compare(payload, inner, f"{path}.{name}", depth + 1)
        elif tag is None and data is not None:
            niche = our_niche(self.ours, self.mine, data, native_niche(self.theirs, theirs))
            if niche != raw:
                held = "a pointer" if niche is None else hex(niche)
                yield Unequal(path, f"another case ({held} where {name} has {raw:#x})", name)

    def _unwrapped(self, one: Value) -> Value:
        """Go from mrustc's union of a static (``val`` and ``raw``) to the value."""
        ref, found = self.mine.resolved(one.type)
        if isinstance(found, Record) and found.name.startswith("u_static_"):
            for member in found.members:
                if member.name == "val":
                    return inside(one, member)
        return Value(one.section, one.offset, ref)
