# SPDX-License-Identifier: GPL-2.0-only
"""Two descriptions of the same value, walked in lockstep: where they disagree on its bytes.

One side uses what the other defines: a caller's declaration and the function itself, in one object
or in two.  Types are paired by their place (parameter, pointee, member at the same byte), not by
name, because a transpiler's names are its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.debuginfo.model import (
    VOID,
    Alias,
    Array,
    Base,
    DwarfError,
    Encoding,
    Enum,
    Pointer,
    Record,
    Signature,
    Unspecified,
)
from pipeline.validate.border_records import Side, differing, name_of, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.debuginfo.model import Ref, Type

# Pointers followed from a signature on: a type that is further away is hardly ever reached by the
# other side, and the kernel's types all hang together.
MAX_DEPTH = 3
# Pairs of types compared for one object: each takes some microseconds.
MAX_PAIRS = 20_000

_UNIT, _NEVER = "tUNIT", "tBANG"  # what mrustc 0.12 writes for () and !
_SIGNED = frozenset({Encoding.SIGNED, Encoding.SIGNED_CHAR})
_UNSIGNED = frozenset({Encoding.UNSIGNED, Encoding.UNSIGNED_CHAR})


@dataclass(frozen=True)
class Difference:
    """What the two sides disagree on: the place, and what each says.

    ``kind`` is ``layout`` (bytes lie elsewhere, or are of another number), ``parameters``,
    ``return`` (an address against a number) or ``sign`` (the same bytes, another meaning).
    """

    kind: str
    place: str
    here: str
    there: str


@dataclass(frozen=True)
class _Pair:
    """A pair to compare; ``memory`` says that it stands in memory and is not passed by value."""

    here: Ref
    there: Ref
    place: str
    depth: int
    memory: bool = False
    returned: bool = False


class Comparison:
    """Compares what meets at the border between two sides; every pair of types once."""

    def __init__(self) -> None:
        self.left = MAX_PAIRS
        self._waiting: deque[_Pair] = deque()
        self._seen: set[tuple[int, Ref, int, Ref, bool]] = set()

    def functions(
        self, here: Side, one: Signature, there: Side, other: Signature
    ) -> Iterator[Difference]:
        """Yield the differences of two functions' types; ``here`` calls, ``there`` is called."""
        self._waiting.clear()
        yield from self._signature(here, there, (one, other), _Pair(VOID, VOID, "", 0))
        yield from self._walk(here, there)

    def variables(self, here: Side, one: Ref, there: Side, other: Ref) -> Iterator[Difference]:
        """Yield the differences of two variables' types."""
        self._waiting.clear()
        self._waiting.append(_Pair(one, other, "", 0, memory=True))
        yield from self._walk(here, there)

    def _walk(self, here: Side, there: Side) -> Iterator[Difference]:
        """Compare pairs, the nearest to the border first, until there are no more."""
        while self._waiting:
            pair = self._waiting.popleft()
            key = (id(here.info), pair.here, id(there.info), pair.there, pair.memory)
            if key in self._seen:
                continue
            self._seen.add(key)
            self.left -= 1
            if self.left < 0:
                return
            yield from self._pair(here, there, pair)

    def _signature(
        self,
        here: Side,
        there: Side,
        signatures: tuple[Signature, Signature],
        pair: _Pair,
    ) -> Iterator[Difference]:
        one, other = signatures
        place, depth = pair.place, pair.depth
        if not (one.prototyped and other.prototyped):
            return
        if (len(one.parameters), one.variadic) != (len(other.parameters), other.variadic):
            yield Difference("parameters", place or "parameters", _counted(one), _counted(other))
            return
        prefix = f"{place}, " if place else ""
        for number, (left, right) in enumerate(zip(one.parameters, other.parameters, strict=True)):
            name = right.name or left.name
            shown = f"{prefix}parameter {number + 1}{f' ({name})' if name else ''}"
            self._waiting.append(_Pair(left.type, right.type, shown, depth))
        returned = f"{prefix}return value"
        if _nothing(here, one.returns):
            return
        if not _nothing(there, other.returns):
            self._waiting.append(_Pair(one.returns, other.returns, returned, depth, returned=True))
        elif not place and _alias(there, other.returns) != _NEVER:
            yield Difference("parameters", returned, "a value is expected", "nothing is returned")

    def _pair(self, here: Side, there: Side, pair: _Pair) -> Iterator[Difference]:
        left_ref, left = here.info.resolved(pair.here)
        right_ref, right = there.info.resolved(pair.there)
        if not (isinstance(left, Record) and isinstance(right, Record)):
            left_ref, left = unwrapped(here, left_ref, left)
            right_ref, right = unwrapped(there, right_ref, right)
        if _opaque(left) or _opaque(right):
            return
        if isinstance(left, Signature) and isinstance(right, Signature):
            yield from self._signature(here, there, (left, right), pair)
            return
        sizes = here.info.size(left_ref), there.info.size(right_ref)
        if isinstance(left, Record) and isinstance(right, Record):
            yield from self._records(here, there, (left, right), pair)
        elif None in sizes:
            return
        elif sizes[0] != sizes[1]:
            yield Difference("layout", pair.place, _shown(here, left_ref), _shown(there, right_ref))
        elif isinstance(left, Array) and isinstance(right, Array):
            shown = f"{pair.place}, element"
            self._waiting.append(_Pair(left.element, right.element, shown, pair.depth, memory=True))
        elif isinstance(left, Pointer) and isinstance(right, Pointer):
            self._pointees(here, there, (left, right), pair)
        else:
            yield from _scalars(here, there, (left_ref, right_ref), pair)

    def _records(
        self,
        here: Side,
        there: Side,
        records: tuple[Record, Record],
        pair: _Pair,
    ) -> Iterator[Difference]:
        left, right = records
        if not (left.size and right.size):
            return
        if left.kind != right.kind or left.variants or right.variants:
            # A union against a struct, or Rust's own enum: as many bytes is all that can be asked.
            if left.size != right.size:
                sizes = [f"{name_of(one)}, {one.size} bytes" for one in records]
                yield Difference("layout", pair.place, sizes[0], sizes[1])
            return
        matched, difference = differing(here, left, there, right)
        if difference is not None:
            yield Difference("layout", pair.place, *difference)
            return
        for one, other in matched:
            shown = f"{pair.place}, member {other.name or one.name or f'at byte {other.offset}'}"
            self._waiting.append(_Pair(one.type, other.type, shown, pair.depth, memory=True))

    def _pointees(
        self,
        here: Side,
        there: Side,
        pointers: tuple[Pointer, Pointer],
        pair: _Pair,
    ) -> None:
        """Go on to what two pointers lead to, where both say what that is."""
        if pair.depth >= MAX_DEPTH:
            return
        left_ref, left = _pointee(here, pointers[0])
        right_ref, right = _pointee(there, pointers[1])
        if left is None or right is None:
            return
        comparable = (Record, Signature)
        if isinstance(left, comparable) != isinstance(right, comparable):
            # A struct as its first member, a handle as an array of words: nobody says it is not.
            left_ref, left = unwrapped(here, left_ref, left)
            right_ref, right = unwrapped(there, right_ref, right)
        if isinstance(left, comparable) is isinstance(right, comparable) and isinstance(
            left, Signature
        ) is isinstance(right, Signature):
            shown = f"{pair.place}, pointee"
            self._waiting.append(_Pair(left_ref, right_ref, shown, pair.depth + 1, memory=True))


def unwrapped(side: Side, ref: Ref, found: Type | None) -> tuple[Ref, Type | None]:
    """Return what a struct or union of nothing but one member of its own size holds."""
    for _ in range(16):
        if not isinstance(found, Record) or found.variants:
            break
        inside = slots(side, found)
        if len(inside) != 1 and found.kind == "union" and found.name.startswith("u_static_"):
            # mrustc's statics: the value, beside the same bytes as words.
            inside = [slot for slot in inside if slot.name == "val"]
        if len(inside) != 1 or inside[0].bits or inside[0].size != found.size:
            break
        ref, found = side.info.resolved(inside[0].type)
    return ref, found


def _pointee(side: Side, pointer: Pointer) -> tuple[Ref, Type | None]:
    """Return what a pointer leads to, an array's element for an array; None where it is not said.

    A pointer to single bytes is a pointer to anything.
    """
    ref, found = side.info.resolved(pointer.target)
    while isinstance(found, Array):
        ref, found = side.info.resolved(found.element)
    if isinstance(found, Signature):
        return ref, found
    size = side.info.size(ref) if found is not None else 0
    return (ref, None) if _opaque(found) or size is None or size <= 1 else (ref, found)


def _nothing(side: Side, ref: Ref) -> bool:
    """Say whether a function of this type returns nothing: C's void, mrustc's () and !."""
    return ref == VOID or _alias(side, ref) in (_UNIT, _NEVER)


def _alias(side: Side, ref: Ref) -> str:
    """Return the name of a transpiler's typedef."""
    found = side.info.type(ref) if side.foreign else None
    return found.name if isinstance(found, Alias) else ""


def _opaque(found: Type | None) -> bool:
    """Say whether nothing is known of a type but perhaps its name."""
    if isinstance(found, (Record, Enum)):
        return found.declaration
    return found is None or isinstance(found, Unspecified)


def _scalars(here: Side, there: Side, refs: tuple[Ref, Ref], pair: _Pair) -> Iterator[Difference]:
    """Compare two numbers or addresses of one size."""
    left, right = (side.info.type(ref) for side, ref in zip((here, there), refs, strict=True))
    shown = _shown(here, refs[0]), _shown(there, refs[1])
    if isinstance(left, Pointer) != isinstance(right, Pointer):
        scalars = (Base, Enum, Pointer)
        if pair.returned and isinstance(left, scalars) and isinstance(right, scalars):
            yield Difference("return", pair.place, *shown)
        return
    if not (isinstance(left, Base) and isinstance(right, Base)):
        return
    if (left.encoding == Encoding.FLOAT) != (right.encoding == Encoding.FLOAT):
        yield Difference("layout", pair.place, *shown)
        return
    encodings = {left.encoding, right.encoding}
    both = encodings & _SIGNED and encodings & _UNSIGNED
    # Bytes in memory are text as often as numbers, and nobody agrees on char's sign.
    if both and not (pair.memory and left.size == 1):
        yield Difference("sign", pair.place, *shown)


def _counted(signature: Signature) -> str:
    count = len(signature.parameters)
    return (
        f"{count} parameter{'' if count == 1 else 's'}{' and more' if signature.variadic else ''}"
    )


def _shown(side: Side, ref: Ref) -> str:
    """Return a type's name and size."""
    try:
        found = side.info.type(ref)
        size = side.info.size(ref)
    except DwarfError:
        return "?"
    return f"{name_of(found)}, {size} byte{'' if size == 1 else 's'}"
