# SPDX-License-Identifier: GPL-2.0-only
"""Statics of two builds for one machine: the same bytes, wherever both have one layout.

mrustc's debug information says what each static is made of; the C that Ferric writes from rustc's
representation has bytes and pointers there.  So each number and each pointer that mrustc's types
name is looked up in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.compare.cells import Unequal, UnknownError, Value, inside, number, shown
from pipeline.compare.rules import declared
from pipeline.compare.side import plain
from pipeline.debuginfo.model import Array, Base, DwarfError, Enum, Pointer, Record, Signature
from pipeline.names import demangle
from pipeline.validate.elfdata import SHN_LORESERVE, SHN_UNDEF, STT_OBJECT
from pipeline.validate.finding import Finding, Severity, Skipped, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.compare.side import Pointed, Side
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref, Variable
    from pipeline.validate.elfdata import Symbol

CHECK = "compare.constant"
SOURCE = 'the Rust reference, "Static items": the initialiser is evaluated at compile time'
_PREFIX = "rust_"  # pipeline/transpile/rustc/program.py: before a mangled name without its _
_MAX_STEPS = 100_000
_MAX_ALL_STEPS = 500_000
_MAX_DEPTH = 40
_MAX_PARTS = 5
_SHOWN = 48
_HALVES = frozenset({"lo", "hi"})
_SLICE = ("PTR", "META")
_OWN = "a type with Rust's own layout, which each compiler chooses"

Reprs = Mapping[tuple[str, str], str]


def written_objects(side: Side) -> Mapping[str, Symbol]:
    """Return the data objects of the C that Ferric writes, by Rust path, exported ones by name."""
    found: dict[str, Symbol] = {}
    for symbol in side.obj.symbols:
        if symbol.type == STT_OBJECT and SHN_UNDEF < symbol.section < SHN_LORESERVE:
            path = demangle(f"_{symbol.name.removeprefix(_PREFIX)}")
            found.setdefault(plain(path or symbol.name), symbol)
    return found


def compare_statics(mrustc: Side, rustc: Side, reprs: Reprs) -> Iterator[Finding | Skipped]:
    """Yield every static whose values differ, and what could not be compared.

    ``reprs`` are the types with C's layout: (crate, name) to what the source says.
    """
    if isinstance(mrustc.debug, str):
        yield Skipped(CHECK, f"{mrustc.title}: {mrustc.debug}")
        return
    theirs = written_objects(rustc)
    unknown: list[str] = []
    walk = Walk(mrustc, rustc, mrustc.debug, reprs)
    pairs = _pairs(mrustc, theirs)
    for name, (variable, symbol) in sorted(pairs.items()):
        try:
            parts = walk.static(variable, symbol, exported=name in mrustc.defined)
        except (UnknownError, DwarfError) as error:
            unknown.append(f"{name} ({error})")
            continue
        if parts:
            yield _finding(name, mrustc, rustc, parts)
    if unknown:
        yield Skipped(CHECK, f"not compared: {some(unknown)}")
    yield from _alone(mrustc, rustc, theirs, pairs)


def _pairs(mrustc: Side, theirs: Mapping[str, Symbol]) -> dict[str, tuple[Variable, Symbol]]:
    """Return the statics of both; the name of an exported one stands for its path."""
    found = {}
    for name, symbol in theirs.items():
        variable = mrustc.by_symbol.get(name) or mrustc.variables.get(name)
        if variable is not None:
            found[name] = (variable, symbol)
    return found


def _alone(
    mrustc: Side,
    rustc: Side,
    theirs: Mapping[str, Symbol],
    pairs: Mapping[str, tuple[Variable, Symbol]],
) -> Iterator[Skipped]:
    """Yield a skip for each side with the statics that only it has."""
    paired = {variable.symbol for variable, _ in pairs.values()}
    mine = {
        path
        for path, variable in mrustc.variables.items()
        if _said(path) and variable.symbol not in paired
    }
    others = {path for path in theirs if _said(path) and path not in pairs}
    for side, names in ((mrustc, mine), (rustc, others)):
        if names:
            reason = "the other folded it, or names it otherwise"
            yield Skipped(CHECK, f"only {side.title} has {some(names)}: {reason}")


def _said(path: str) -> bool:
    """Say whether a path is one of the source: vtables and nameless constants are numbered."""
    return "::" in path and not {"{", "#"} & set(path)


@dataclass
class Walk:
    """One comparison of all statics: both files, the types, and how much has been looked at."""

    mrustc: Side
    rustc: Side
    debug: DebugInfo
    reprs: Reprs
    steps: int = 0
    all_steps: int = 0
    whole: bool = False
    seen: set[tuple[int, int, int, int]] = field(default_factory=set)

    def static(self, variable: Variable, symbol: Symbol, *, exported: bool) -> list[Unequal]:
        """Return what differs; :class:`UnknownError` where that cannot be said.

        In an ``exported`` one also how a number stands there matters: C reads it.
        """
        if variable.place is None:
            raise UnknownError("it has no place")
        self.steps, self.whole = 0, exported
        self.seen.clear()
        other = Value(symbol.section, symbol.value, variable.type)
        return list(self.compare(Value(*variable.place, variable.type), other, "", 0))

    def compare(self, one: Value, other: Value, path: str, depth: int) -> Iterator[Unequal]:
        """Yield what differs between two values of the type that the first has."""
        self._step(depth)
        ref, kind = self.debug.resolved(one.type)
        size = self.debug.size(ref) or 0
        if size == 0:
            return
        one, other = Value(one.section, one.offset, ref), Value(other.section, other.offset, ref)
        if isinstance(kind, Base | Enum):
            yield from self._number(one, other, kind, size, path)
        elif isinstance(kind, Pointer):
            yield from self._pointer(one, other, kind, path, depth)
        elif isinstance(kind, Array):
            yield from self._array(one, other, kind, path, depth)
        elif isinstance(kind, Record):
            yield from self._record(one, other, kind, size, path, depth)
        else:
            raise UnknownError("a type that C does not name")

    def _step(self, depth: int, count: int = 1) -> None:
        """Count what is looked at: a file could make a few bytes stand for millions of values."""
        self.steps += count
        self.all_steps += count
        if self.steps > _MAX_STEPS or self.all_steps > _MAX_ALL_STEPS or depth > _MAX_DEPTH:
            raise UnknownError("it is too large to be compared as a whole")

    def _number(
        self, one: Value, other: Value, kind: Base | Enum, size: int, path: str
    ) -> Iterator[Unequal]:
        moved = (
            self.mrustc.pointed(one.section, one.offset),
            self.rustc.pointed(other.section, other.offset),
        )
        if any(moved):
            raise UnknownError("an address as a number")
        mine, theirs = number(self.mrustc, one, size), number(self.rustc, other, size)
        if mine != theirs:
            yield Unequal(path, shown(kind, mine, size), shown(kind, theirs, size))

    def _record(
        self, one: Value, other: Value, kind: Record, size: int, path: str, depth: int
    ) -> Iterator[Unequal]:
        names = tuple(member.name for member in kind.members)
        if kind.name.startswith("u_static_"):
            yield from self.compare(inside(one, kind.members[0]), other, path, depth + 1)
        elif names == _SLICE:
            yield from self._slice(one, other, kind, path, depth)
        elif set(names) == _HALVES:
            yield from self._halves(one, other, kind, path)
        elif kind.kind == "struct" and (len(names) == 1 or self._as_in_c(kind)):
            for member in declared(kind):
                label = path if len(names) == 1 else f"{path}.{member.name.lstrip('_')}"
                yield from self.compare(
                    inside(one, member), inside(other, member), label, depth + 1
                )
        elif not self._same_bytes(one, other, size):
            raise UnknownError(_OWN if kind.kind == "struct" else "a union, or an enum with data")

    def _as_in_c(self, kind: Record) -> bool:
        """Say whether a struct has C's layout; mrustc names its types by their Rust paths."""
        path = self.mrustc.type_path(kind)
        crate, name = path.partition("::")[0], path.rpartition("::")[2].partition("<")[0]
        return (crate, name) in self.reprs

    def _same_bytes(self, one: Value, other: Value, size: int) -> bool:
        """Say whether two values without pointers have the same bytes: then they are equal."""
        self._step(0, size)
        mine = self.mrustc.bytes_at(one.section, one.offset, size)
        theirs = self.rustc.bytes_at(other.section, other.offset, size)
        moved = any(
            (one.section, one.offset + at) in self.mrustc.moves
            or (other.section, other.offset + at) in self.rustc.moves
            for at in range(size)
        )
        return mine is not None and mine == theirs and not moved

    def _halves(self, one: Value, other: Value, kind: Record, path: str) -> Iterator[Unequal]:
        """Compare 128 bits, which mrustc has as two halves: as a value, for C as they stand."""
        theirs = number(self.rustc, other, 16)
        parts = {each.name: number(self.mrustc, inside(one, each), 8) for each in kind.members}
        mine = parts["hi"] << 64 | parts["lo"]
        if self.whole:
            mine = number(self.mrustc, one, 16)
        if mine != theirs:
            yield Unequal(path, hex(mine), hex(theirs))

    def _array(
        self, one: Value, other: Value, kind: Array, path: str, depth: int
    ) -> Iterator[Unequal]:
        count, step = (kind.counts[0] if kind.counts else 0) or 0, self.debug.size(kind.element)
        for index in range(count):
            at = index * (step or 0)
            yield from self.compare(
                Value(one.section, one.offset + at, kind.element),
                Value(other.section, other.offset + at, kind.element),
                f"{path}[{index}]", depth + 1,
            )  # fmt: skip

    # -- pointers ------------------------------------------------------------------------------

    def _pointer(
        self, one: Value, other: Value, kind: Pointer, path: str, depth: int
    ) -> Iterator[Unequal]:
        mine = self.mrustc.pointed(one.section, one.offset)
        theirs = self.rustc.pointed(other.section, other.offset)
        if mine is None or theirs is None:
            texts = self._address(self.mrustc, one, mine), self._address(self.rustc, other, theirs)
            if texts[0] != texts[1]:
                yield Unequal(path, *texts)
            return
        _, target = self.debug.resolved(kind.target)
        if isinstance(target, Signature) or self._code(mine, theirs):
            yield from self._function(mine, theirs, path)
        elif mine.outside or theirs.outside:
            if mine.outside != theirs.outside:
                yield Unequal(path, mine.outside or "data", theirs.outside or "data")
        elif self.debug.size(kind.target):
            yield from self._behind(mine, theirs, kind.target, f"{path}*", depth)

    def _code(self, mine: Pointed, theirs: Pointed) -> bool:
        return mine[:2] in self.mrustc.functions or theirs[:2] in self.rustc.functions

    def _function(self, mine: Pointed, theirs: Pointed, path: str) -> Iterator[Unequal]:
        """Compare functions by name: only what C calls has the same name in both."""
        one = mine.outside or self.mrustc.functions.get(mine[:2], "")
        other = theirs.outside or self.rustc.functions.get(theirs[:2], "")
        if one not in self.mrustc.defined and not mine.outside:
            raise UnknownError("a pointer to a function that C does not name")
        if one != other:
            yield Unequal(path, one or "data", other or "data")

    def _behind(
        self, mine: Pointed, theirs: Pointed, ref: Ref, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare what two pointers lead to, once."""
        key = (mine.section, mine.offset, theirs.section, theirs.offset)
        if key not in self.seen:
            self.seen.add(key)
            yield from self.compare(
                Value(mine.section, mine.offset, ref),
                Value(theirs.section, theirs.offset, ref), path, depth + 1,
            )  # fmt: skip

    def _slice(
        self, one: Value, other: Value, kind: Record, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare ``&str`` and ``&[T]``: where they lead, and how many there are."""
        pointer, length = (inside(one, member) for member in kind.members)
        if isinstance(self.debug.resolved(length.type)[1], Pointer):
            raise UnknownError("a trait object: each compiler makes its own vtable")
        size = self.mrustc.pointer
        count = number(self.mrustc, length, size)
        at = Value(other.section, other.offset + kind.members[1].offset, length.type)
        theirs_count = number(self.rustc, at, size)
        if count != theirs_count:
            yield Unequal(path, f"{count} elements", f"{theirs_count} elements")
            return
        mine = self.mrustc.pointed(pointer.section, pointer.offset)
        theirs = self.rustc.pointed(other.section, other.offset)
        if count and mine and theirs and not mine.outside and not theirs.outside:
            yield from self._elements(mine, theirs, count, path, depth)
        elif count and mine != theirs:
            raise UnknownError("a slice that is in another object")

    def _elements(
        self, mine: Pointed, theirs: Pointed, count: int, path: str, depth: int
    ) -> Iterator[Unequal]:
        """Compare what a slice has: mrustc writes text as a literal, all else as a static."""
        holder = self.mrustc.by_place.get((mine.section, mine.offset))
        if holder is None:
            self._step(depth, count // 64)
            texts = (
                self.mrustc.bytes_at(mine.section, mine.offset, count),
                self.rustc.bytes_at(theirs.section, theirs.offset, count),
            )
            if texts[0] != texts[1]:
                cut = [repr((text or b"")[:_SHOWN]) for text in texts]
                yield Unequal(f"{path}*", cut[0], cut[1])
            return
        yield from self._behind(mine, theirs, holder.type, f"{path}*", depth)

    def _address(self, side: Side, value: Value, pointed: Pointed | None) -> str:
        if pointed is not None:
            return pointed.outside or "a pointer"
        return hex(number(side, value, side.pointer))


def _finding(name: str, mrustc: Side, rustc: Side, parts: list[Unequal]) -> Finding:
    text = "; ".join(
        f"{part.path + ': ' if part.path else ''}{mrustc.title} has {part.ours}, "
        f"{rustc.title} {part.native}"
        for part in parts[:_MAX_PARTS]
    )
    more = f" and {len(parts) - _MAX_PARTS} more parts" if len(parts) > _MAX_PARTS else ""
    return Finding(
        CHECK,
        Severity.ERROR,
        name,
        f"{text}{more}",
        "one of the two modules computes with another value than the source says",
        "docs/mrustc-faults.md lists what mrustc is known to get wrong; build this crate with "
        "transpiler=rustc, or avoid this kind of constant",
        SOURCE,
    )
