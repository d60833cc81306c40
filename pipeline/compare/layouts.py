# SPDX-License-Identifier: GPL-2.0-only
"""Types that cross to C: the size and the place of every member in both files.

Layouts of different machines differ.  A difference is explained where the members are the same
types and C's rules, with the alignments measured for our GCC, give exactly our layout, with the
same ``packed`` and ``align`` that give the native one on its machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.compare.reachable import exported_types
from pipeline.compare.rules import Rules, actual, fitting, kept, scalars
from pipeline.compare.side import undescribed
from pipeline.debuginfo.model import (
    Array,
    Base,
    DwarfError,
    Encoding,
    Enum,
    Pointer,
    Record,
    Signature,
)
from pipeline.validate.finding import Finding, Severity, Skipped, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.compare.side import Side
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref, Type

CHECK = "compare.layout"
SOURCE = 'the Rust reference, "Type layout", The C representation'
_MAX_DEPTH = 16
_INTEGERS = frozenset({Encoding.SIGNED, Encoding.UNSIGNED, Encoding.SIGNED_CHAR,
                       Encoding.UNSIGNED_CHAR, Encoding.BOOLEAN, Encoding.UTF})  # fmt: skip
_SIGNED = frozenset({Encoding.SIGNED, Encoding.SIGNED_CHAR})


class Pair(NamedTuple):
    """The two files, with their debug information at hand, and the types found to be alike."""

    ours: Side
    native: Side
    mine: DebugInfo
    theirs: DebugInfo
    alike: set[tuple[Ref, Ref]]


def compare_layouts(
    ours: Side,
    native: Side,
    rules: tuple[Rules | str, Rules],
    reprs: Mapping[tuple[str, str], str] | None,
) -> Iterator[Finding | Skipped]:
    """Yield the differences of types that cross to C.

    ``rules`` are ours (or why they are not known) and the native ones, ``reprs`` the types (crate
    and name) that the source says to be ``repr(C)`` or of one integer.  Without it (None), types
    that are reachable from what is exported are taken for such where C's rules give their shape.
    """
    if isinstance(ours.debug, str) or isinstance(native.debug, str):
        yield from undescribed(CHECK, ours, native)
        return
    pair = Pair(ours, native, ours.debug, native.debug, set())
    missing = []
    try:
        for path, ref in _crossing(pair, rules[1], reprs):
            if path in ours.types:
                yield from _type(pair, path, ours.types[path], ref, rules)
            else:
                missing.append(path)
    except DwarfError as error:
        yield Skipped(CHECK, f"the debug information makes no sense: {error}")
    if missing:
        yield Skipped(CHECK, f"ours has no debug information of {some(missing)}")


def _crossing(
    pair: Pair, rules: Rules, reprs: Mapping[tuple[str, str], str] | None
) -> Iterator[tuple[str, Ref]]:
    """Yield the Rust path and the native type of everything that crosses."""
    paths = exported_types(pair.native, pair.theirs)
    if reprs is None:
        for path, ref in paths.items():
            _, found = pair.theirs.resolved(ref)
            if isinstance(found, Enum) or (
                isinstance(found, Record) and _like_c(pair.theirs, found, rules)
            ):
                yield path, ref
        return
    for path, ref in sorted(pair.native.types.items()):
        if (path.partition("::")[0], path.rpartition("::")[2]) in reprs:
            yield path, ref


def _like_c(debug: DebugInfo, record: Record, rules: Rules) -> bool:
    return not record.variants and bool(fitting(debug, record, rules))


def _type(
    pair: Pair, path: str, our_ref: Ref, native_ref: Ref, rules: tuple[Rules | str, Rules]
) -> Iterator[Finding]:
    _, mine = pair.mine.resolved(our_ref)
    _, theirs = pair.theirs.resolved(native_ref)
    if isinstance(theirs, Enum) or not isinstance(mine, Record):
        sizes = pair.mine.size(our_ref), pair.theirs.size(native_ref)
        if sizes[0] != sizes[1]:
            evidence = f"{pair.ours.title} {sizes[0]} bytes, {pair.native.title} {sizes[1]}"
            yield _finding(Severity.ERROR, path, evidence, "an enum of another width")
        return
    if not isinstance(theirs, Record) or theirs.variants:
        return
    members = kept(pair.mine, mine), kept(pair.theirs, theirs)
    if len(members[0]) != len(members[1]):
        evidence = f"{pair.ours.title} has {len(members[0])} members, "
        evidence += (
            f"{pair.native.title} {len(members[1])}: {', '.join(m.name for m in members[1])}"
        )
        yield _finding(Severity.ERROR, path, evidence, "the two are different types")
        return
    odd = [
        f"{other.name} is {_named(pair.mine, one.type)} in {pair.ours.title} and "
        f"{_named(pair.theirs, other.type)} in {pair.native.title}"
        for one, other in zip(*members, strict=True)
        if not _alike(pair, one.type, other.type, 0)
    ]
    if odd:
        yield _finding(Severity.ERROR, path, "; ".join(odd[:5]), "members of different types")
        return
    yield from _shapes(pair, path, mine, theirs, rules)


def _shapes(
    pair: Pair, path: str, mine: Record, theirs: Record, rules: tuple[Rules | str, Rules]
) -> Iterator[Finding]:
    """Compare the places of the same members."""
    ours, native = actual(pair.mine, mine), actual(pair.theirs, theirs)
    names = [member.name for member in kept(pair.theirs, theirs)]
    if ours == native:
        return
    parts = [
        f"{name} at {one} and {other}"
        for name, one, other in zip(names, ours.offsets, native.offsets, strict=True)
        if one != other
    ]
    evidence = f"{pair.ours.title} {ours.size} bytes, {pair.native.title} {native.size}"
    evidence += f": {', '.join(parts[:8])}" if parts else ""
    if isinstance(rules[0], str):
        reason = f"it cannot be explained without measured alignments: {rules[0]}"
        yield _finding(Severity.WARNING, path, evidence, reason)
        return
    ways = fitting(pair.mine, mine, rules[0]) & fitting(pair.theirs, theirs, rules[1])
    if not ways:
        reason = f"neither pointer width nor alignment ({rules[0].source}) gives this layout"
        yield _finding(Severity.ERROR, path, evidence, reason)
        return
    reasons = []
    if ours.sizes != native.sizes:
        reasons.append(f"pointers have {8 * pair.ours.pointer} bits here, not "
                       f"{8 * pair.native.pointer}")  # fmt: skip
    differing = _differing(rules[0], rules[1], scalars(pair.theirs, theirs))
    if differing:
        reasons.append(f"alignments differ: {differing} ({rules[0].source})")
    yield _finding(Severity.NOTE, path, evidence, "; ".join(reasons))


def _differing(ours: Rules, native: Rules, used: set[str]) -> str:
    """Return the alignments that differ among those that the type has to do with."""
    return ", ".join(
        f"{name} {ours.alignments[name]} and {native.alignments[name]}"
        for name in sorted(used)
        if name in ours.alignments
        and name in native.alignments
        and ours.alignments[name] != native.alignments[name]
    )


def _alike(pair: Pair, our_ref: Ref, native_ref: Ref, depth: int) -> bool:
    """Say whether two types are the same Rust type, as far as the debug information tells."""
    our_ref, _ = pair.mine.resolved(our_ref)
    native_ref, _ = pair.theirs.resolved(native_ref)
    if depth > _MAX_DEPTH or (our_ref, native_ref) in pair.alike:
        return True
    pair.alike.add((our_ref, native_ref))
    same = _same(pair, our_ref, native_ref, depth)
    if not same:
        pair.alike.discard((our_ref, native_ref))
    return same


def _same(pair: Pair, our_ref: Ref, native_ref: Ref, depth: int) -> bool:
    """Compare two types that are no aliases."""
    mine, theirs = pair.mine.type(our_ref), pair.theirs.type(native_ref)
    if isinstance(theirs, Record):
        return isinstance(mine, Record) and _same_record(pair, mine, theirs, depth)
    if isinstance(theirs, Enum):
        return pair.mine.size(our_ref) == theirs.size
    if isinstance(mine, Record):
        if len(mine.members) == 1:  # mrustc's arrays and one-member structs
            return _alike(pair, mine.members[0].type, native_ref, depth + 1)
        return isinstance(theirs, Base) and mine.size == theirs.size  # uint128_t is two halves
    return _same_plain(pair, mine, theirs, depth)


def _same_plain(pair: Pair, mine: Type | None, theirs: Type | None, depth: int) -> bool:
    """Compare numbers, pointers and arrays."""
    if isinstance(theirs, Base):
        return isinstance(mine, Base) and _same_base(pair, mine, theirs)
    if isinstance(theirs, Array):
        if not isinstance(mine, Array) or mine.counts != theirs.counts:
            return False
        return _alike(pair, mine.element, theirs.element, depth + 1)
    if isinstance(theirs, Pointer | Signature):
        return isinstance(mine, Pointer | Signature)
    return type(mine) is type(theirs)


def _same_record(pair: Pair, mine: Record, theirs: Record, depth: int) -> bool:
    if theirs.variants or any(member.name == "DATA" for member in mine.members):
        return bool(theirs.variants)
    inner = kept(pair.mine, mine), kept(pair.theirs, theirs)
    return len(inner[0]) == len(inner[1]) and all(
        _alike(pair, one.type, other.type, depth + 1) for one, other in zip(*inner, strict=True)
    )


def _same_base(pair: Pair, mine: Base, theirs: Base) -> bool:
    if (mine.encoding in _INTEGERS) != (theirs.encoding in _INTEGERS):
        return False
    # C has neither Rust's bool nor its char: they are unsigned integers there.
    if (mine.encoding in _SIGNED) != (theirs.encoding in _SIGNED):
        return False
    if theirs.name in {"usize", "isize"}:
        return mine.size == pair.ours.pointer
    return mine.size == theirs.size


def _named(debug: DebugInfo, ref: Ref) -> str:
    _, found = debug.resolved(ref)
    name = getattr(found, "name", "") or type(found).__name__.lower()
    return f"{name} ({debug.size(ref)} bytes)"


def _finding(severity: Severity, path: str, evidence: str, why: str) -> Finding:
    error = severity is Severity.ERROR
    return Finding(
        CHECK,
        severity,
        path,
        f"{evidence}; {why}" if error else f"{evidence}, because {why}",
        "C code that shares the type reads other bytes than Rust writes"
        if error
        else "each machine has its own layout of this type",
        "look for a #[cfg] in the type; else report the wrong layout"
        if error
        else "none is needed",
        SOURCE,
    )
