# SPDX-License-Identifier: GPL-2.0-only
"""What two builds for one machine show to C: parameter lists, and types with C's layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.compare.rules import actual, by_rules, fitting, kept
from pipeline.compare.side import undescribed
from pipeline.debuginfo.model import (
    VOID,
    Array,
    Base,
    DwarfError,
    Encoding,
    Enum,
    Pointer,
    Record,
)
from pipeline.validate.finding import Finding, Severity, Skipped, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.compare.rules import Rules, Shape
    from pipeline.compare.side import Side
    from pipeline.compare.statics import Reprs
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref, Signature

SIGNATURE = "compare.signature"
LAYOUT = "compare.layout"
_ABI = "the processor's ABI supplement: how a function gets its arguments"
_LAYOUTS = 'the Rust reference, "Type layout", "The C representation"'
_SIGNED = frozenset({Encoding.SIGNED, Encoding.SIGNED_CHAR})
_MAX_DEPTH = 16


@dataclass(frozen=True)
class Passed:
    """How a value is handed over: its ``kind``, its bytes, and whether a number has a sign."""

    kind: str
    size: int
    signed: bool = False
    wrapped: bool = False

    def __str__(self) -> str:
        if self.kind == "nothing":
            return "nothing"
        sign = "signed " if self.signed else ""
        struct = "a struct of " if self.wrapped else ""
        return f"{struct}{sign}{self.kind} of {self.size} bytes"


def compare_signatures(one: Side, other: Side) -> Iterator[Finding | Skipped]:
    """Yield each exported function that C would have to call in two ways."""
    if isinstance(one.debug, str) or isinstance(other.debug, str):
        yield from undescribed(SIGNATURE, one, other)
        return
    mine, theirs = _signatures(one, one.debug), _signatures(other, other.debug)
    unseen = sorted((one.defined.keys() & other.defined.keys()) & (mine.keys() ^ theirs.keys()))
    if unseen:
        yield Skipped(SIGNATURE, f"only one of the two describes {some(unseen)}")
    for name in sorted(mine.keys() & theirs.keys()):
        try:
            yield from compare_lists(name, (one, handed_over(one.debug, mine[name])),
                                (other, handed_over(other.debug, theirs[name])))  # fmt: skip
        except DwarfError as error:
            yield Skipped(SIGNATURE, f"{name}: the debug information makes no sense: {error}")


def _signatures(side: Side, debug: DebugInfo) -> dict[str, Signature]:
    return {
        function.symbol: function.signature
        for function in debug.functions
        if function.symbol in side.defined and function.place is not None
    }


def handed_over(debug: DebugInfo, signature: Signature) -> list[Passed]:
    """Return how the result and then each parameter is passed; what has no bytes is not."""
    result = passed(debug, signature.returns)
    each = (passed(debug, parameter.type) for parameter in signature.parameters)
    return [result, *(one for one in each if one.size)]


def passed(debug: DebugInfo, ref: Ref, depth: int = 0) -> Passed:
    """Return how a value of a type is passed; a struct of one member is that, in a struct."""
    if ref == VOID:
        return Passed("nothing", 0)
    _, kind = debug.resolved(ref)
    size = debug.size(ref) or 0
    if size == 0 or kind is None:
        return Passed("nothing", 0)
    if isinstance(kind, Pointer):
        return Passed("pointer", size)
    if isinstance(kind, Base | Enum):
        encoding = kind.encoding if isinstance(kind, Base) else Encoding.UNSIGNED
        name = "float" if encoding == Encoding.FLOAT else "integer"
        return Passed(name, size, signed=encoding in _SIGNED)
    if isinstance(kind, Record) and kind.kind == "struct" and depth < _MAX_DEPTH:
        members = kept(debug, kind)
        if len(members) == 1 and debug.size(members[0].type) == size:
            inner = passed(debug, members[0].type, depth + 1)
            return Passed(inner.kind, size, inner.signed, wrapped=True)
    return Passed("array" if isinstance(kind, Array) else "struct", size)


def compare_lists(
    name: str, one: tuple[Side, list[Passed]], other: tuple[Side, list[Passed]]
) -> Iterator[Finding]:
    """Compare two lists that begin with the result."""
    (mine, ours), (their, theirs) = one, other
    if len(ours) != len(theirs):
        text = f"{mine.title} takes {len(ours) - 1} parameters, {their.title} {len(theirs) - 1}"
        yield _odd(name, text, Severity.ERROR)
        return
    for index, pair in enumerate(zip(ours, theirs, strict=True)):
        if pair[0] != pair[1]:
            place = f"parameter {index}" if index else "the result"
            text = f"{place} is {pair[0]} by {mine.title}, and {pair[1]} by {their.title}"
            yield _odd(name, text, _severity(*pair))


def _severity(mine: Passed, theirs: Passed) -> Severity:
    """Another size, or a number of another kind, never works; the rest does on most machines."""
    numbers = {"integer", "pointer"}
    alike = mine.kind == theirs.kind or {mine.kind, theirs.kind} == numbers
    return Severity.WARNING if alike and mine.size == theirs.size else Severity.ERROR


def _odd(name: str, evidence: str, severity: Severity) -> Finding:
    return Finding(
        SIGNATURE,
        severity,
        name,
        evidence,
        "C that calls it hands over something else in one of the two modules"
        if severity is Severity.ERROR
        else "some processors hand this over elsewhere, or extend it otherwise",
        "pass plain integers and pointers across the border",
        _ABI,
    )


def compare_border(
    mrustc: Side, rustc: Side, reprs: Reprs, rules: tuple[Rules, Rules]
) -> Iterator[Finding | Skipped]:
    """Yield types with C's layout that the two compilers lay out in two ways.

    mrustc's layout is read; rustc's follows from C's rules with the alignments of its target file
    (the second of ``rules``), because its representation names no types: that is said, too.
    """
    if isinstance(mrustc.debug, str):
        yield from undescribed(LAYOUT, mrustc)
        return
    worked_out: list[str] = []
    for path, ref in sorted(mrustc.types.items()):
        crate, name = path.partition("::")[0], path.rpartition("::")[2].partition("<")[0]
        _, record = mrustc.debug.resolved(ref)
        if (crate, name) not in reprs or not isinstance(record, Record) or not record.size:
            continue
        if any(member.name in {"DATA", "TAG"} for member in record.members):
            yield Skipped(LAYOUT, f"{path}: rustc's C has no type to read an enum's layout from")
            continue
        said = reprs[crate, name]
        found = list(different_layout(mrustc.debug, path, record, rules, said))
        yield from found
        if not found:
            worked_out.append(path)
    if worked_out:
        yield Skipped(
            LAYOUT,
            f"{rustc.title}'s C names no types: its layout of {some(worked_out)} follows from C's "
            f"rules and the alignments of its target, and was not read",
        )


def different_layout(
    debug: DebugInfo, path: str, record: Record, rules: tuple[Rules, Rules], said: str
) -> Iterator[Finding]:
    """Compare the layout that mrustc gave with the one that rustc's alignments give.

    ``said`` is the type's ``repr`` in the source: ``repr(C, packed(2))``.
    """
    mine = actual(debug, record)
    ways = {way for way in fitting(debug, record, rules[0]) if _says(said, *way)}
    if not ways:
        text = f"mrustc has {_described(mine)}; {said} does not give this by {rules[0].source}"
        yield _laid_out(path, text)
        return
    expected = [by_rules(debug, record, rules[1], pack, least) for pack, least in sorted(
        ways, key=lambda way: (way[0] is not None, way))]  # fmt: skip
    if mine not in expected:
        text = f"mrustc has {_described(mine)}, rustc {_described(expected[0])}"
        yield _laid_out(path, f"{text} ({rules[0].source}; {rules[1].source})")


def _says(said: str, pack: int | None, least: int) -> bool:
    """Say whether a ``repr`` can be one with these ``packed`` and ``align``."""
    return ("packed" in said) == (pack is not None) and ("align" in said or least == 1)


def _described(shape: Shape) -> str:
    return f"{shape.size} bytes with members at {', '.join(map(str, shape.offsets[:8]))}"


def _laid_out(path: str, evidence: str) -> Finding:
    return Finding(
        LAYOUT,
        Severity.ERROR,
        path,
        evidence,
        "C code that shares the type reads other bytes than Rust writes in one of the two modules",
        "say how the kernel packs it: #[repr(C, packed(N))], as the generated bindings do",
        _LAYOUTS,
    )
