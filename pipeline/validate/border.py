# SPDX-License-Identifier: GPL-2.0-only
"""Types that cross between languages have the layout that the kernel's C gives them.

What crosses are the functions and variables that one unit of the object defines and another one
declares, and the kernel's that a unit declares.  Both sides' debug information says what they take
the bytes for; see :mod:`pipeline.validate.border_types` for how the two are compared.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.debuginfo.information import debug_information
from pipeline.debuginfo.model import (
    LANG_ASSEMBLER,
    LANG_RUST,
    DwarfError,
    Function,
    Signature,
    Variable,
)
from pipeline.errors import FerricError
from pipeline.names import readable
from pipeline.validate.border_kernel import kernel_types
from pipeline.validate.border_records import Side
from pipeline.validate.border_types import MAX_PAIRS, Comparison
from pipeline.validate.elfdata import EM_68K, SHN_UNDEF, STT_FUNC, STT_OBJECT
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.identity import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Place, Ref
    from pipeline.validate.border_types import Difference
    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

CHECK = "border.layout"
# What mrustc 0.12 names functions and statics.
_TRANSPILED = "ZR"

_MEANING = {
    "layout": "one side reads and writes bytes that mean something else to the other: wrong values "
    "and memory overwritten at run time, and nothing says so",
    "parameters": "the two sides do not agree on what is passed: what is left out is read from "
    "whatever register or stack word stands in its place",
    "return": "the one side returns an address and the other takes a number",
    "sign": "the same bits are another number on the other side, and a register's upper bits may "
    "be filled the wrong way",
}
_MEND = {
    "layout": "give the Rust type the C type's members in order, with #[repr(C)] (and packed or "
    "align where the kernel's layout is not natural), or change the declaration",
    "parameters": "declare the function as it is defined",
    "return": "declare a pointer where C has one",
    "sign": "declare the integer with the sign that C gives it",
}
_SOURCE = "DWARF 5, chapter 5, of both sides; C11 6.2.7 (compatible types)"
_SOURCE_RETURN = (
    "GCC, gcc/config/m68k/m68k.cc, m68k_function_value: an address is returned in a0, "
    "a number in d0"
)


@dataclass(frozen=True)
class _Use:
    """One unit's word on a function or variable."""

    side: Side
    what: Function | Variable


@dataclass(frozen=True)
class _Crossing:
    """A symbol that ``use`` declares and the side ``there`` defines: its entry, or its type."""

    symbol: str
    use: _Use
    there: Side
    what: Function | Variable | Ref

    @property
    def between_languages(self) -> bool:
        """Say whether the two sides are of different origin."""
        return self.use.side.foreign != self.there.foreign


def layout(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Every type that crosses has the same size and members on both sides."""
    info = debug_information(obj)
    if not matches(obj, reference):
        yield Skipped(CHECK, "the object is for another machine")
        return
    if isinstance(info, str):
        yield Skipped(CHECK, f"the layouts of types are not known: {info}")
        return
    try:
        results = list(_judged(obj, info, reference))
    except (DwarfError, RecursionError) as error:
        yield Skipped(CHECK, f"the debug information cannot be read: {error}")
        return
    yield from results


def _judged(obj: Object, info: DebugInfo, reference: Reference) -> Iterator[Finding | Skipped]:
    uses = _uses(info)
    defined, imported = _names(obj)
    known = {one.place for one in info.functions} | {one.place for one in info.variables}
    crossings, dark = _inside(uses, {name for name in defined if defined[name] not in known})
    outside, skipped = _outside({name: uses[name] for name in uses if name in imported}, reference)
    crossings += outside
    # A language's border is what this is about: it comes first, should there be too much.
    crossings.sort(key=lambda one: not one.between_languages)
    comparison = Comparison()
    told = set()
    for at, crossing in enumerate(crossings):
        for difference in _differences(comparison, crossing):
            said = (difference.here, difference.there)
            if said not in told:
                told.add(said)
                yield _finding(obj, crossing, difference)
        if comparison.left <= 0:
            left = f"{len(crossings) - at} of {len(crossings)} functions and variables that cross"
            yield Skipped(CHECK, f"{left}: they have more than {MAX_PAIRS} pairs of types")
            break
    if dark:
        where = "what they are declared as is compared with nothing"
        yield Skipped(CHECK, f"no debug information where {some(dark)} is defined: {where}")
    yield from skipped


def _uses(info: DebugInfo) -> Mapping[str, list[_Use]]:
    """Return what the units that are not assembly say of each external symbol."""
    everything: list[Function | Variable] = [*info.functions, *info.variables]
    foreign = {one.unit for one in everything if one.name.startswith(_TRANSPILED)}
    foreign |= {unit.number for unit in info.units if unit.language == LANG_RUST}
    sides = {
        unit.number: Side(info, unit.name or f"unit {unit.number}", unit.number in foreign)
        for unit in info.units
        if unit.language != LANG_ASSEMBLER
    }
    found: dict[str, list[_Use]] = defaultdict(list)
    for one in everything:
        if one.external and one.symbol and one.unit in sides:
            found[one.symbol].append(_Use(sides[one.unit], one))
    return found


def _names(obj: Object) -> tuple[Mapping[str, Place], set[str]]:
    """Return the functions and objects that the symbol table defines, and the names it imports.

    A symbol in the same place as another of known type is an alias of that (``init_module``).
    """
    imported = {symbol.name for symbol in obj.symbols if symbol.section == SHN_UNDEF}
    return {
        symbol.name: (symbol.section, symbol.value)
        for symbol in obj.symbols
        if symbol.section != SHN_UNDEF and symbol.type in (STT_FUNC, STT_OBJECT)
    }, imported


def _inside(uses: Mapping[str, list[_Use]], untyped: set[str]) -> tuple[list[_Crossing], list[str]]:
    """Return what crosses between units, and what of ``untyped`` names a unit declares."""
    found, dark = [], []
    for symbol, all_uses in uses.items():
        definition = next((use for use in all_uses if not use.what.declaration), None)
        if definition is None:
            # What one Rust unit has of another is no border.
            if symbol in untyped and not symbol.startswith(_TRANSPILED):
                dark.append(symbol)
            continue
        found += [
            _Crossing(symbol, use, definition.side, definition.what)
            for use in all_uses
            if use.what.declaration and use.what.unit != definition.what.unit
        ]
    return found, dark


def _outside(
    uses: Mapping[str, list[_Use]], reference: Reference
) -> tuple[list[_Crossing], list[Skipped]]:
    """Return what the units declare of the kernel's, and why some of it cannot be compared."""
    if not uses:
        return [], []
    if reference.kernel is None or reference.toolchain is None:
        why = "no kernel tree with its GCC at hand"
        return [], [Skipped(CHECK, f"{why}: what the object imports ({some(uses)})")]
    try:
        types = kernel_types(reference.kernel, reference.toolchain)
    except FerricError as error:
        why = str(error).partition("\n")[0]
        return [], [Skipped(CHECK, f"what the object imports: {why}")]
    side = Side(types.info, "the kernel's headers", foreign=False)
    found, unknown = [], []
    for symbol, all_uses in uses.items():
        ref = types.of(symbol)
        if ref is None:
            unknown.append(symbol)
        else:
            found += [_Crossing(symbol, use, side, ref) for use in all_uses if use.what.declaration]
    if not unknown:
        return found, []
    return found, [Skipped(CHECK, f"no header of the tree declares {some(unknown)}")]


def _differences(comparison: Comparison, crossing: _Crossing) -> Iterator[Difference]:
    """Yield where the two sides of a crossing disagree; nothing where one is no function."""
    here, what, there = crossing.use.side, crossing.use.what, crossing.there
    other = crossing.what
    if isinstance(other, int):
        _, type_ = there.info.resolved(other)
        if isinstance(what, Variable):
            yield from comparison.variables(here, what.type, there, other)
        elif isinstance(type_, Signature):
            yield from comparison.functions(here, what.signature, there, type_)
    elif isinstance(what, Function) and isinstance(other, Function):
        yield from comparison.functions(here, what.signature, there, other.signature)
    elif isinstance(what, Variable) and isinstance(other, Variable):
        yield from comparison.variables(here, what.type, there, other.type)


def _finding(obj: Object, crossing: _Crossing, difference: Difference) -> Finding:
    kind = difference.kind
    returned = kind == "return" and obj.machine == EM_68K
    error = kind in ("layout", "parameters") or returned
    place = readable(crossing.symbol)
    return Finding(
        CHECK,
        Severity.ERROR if error else Severity.WARNING,
        f"{place}: {difference.place}" if difference.place else place,
        f"{crossing.use.side.label}: {difference.here}; {crossing.there.label}: {difference.there}",
        _MEANING[kind],
        _MEND[kind],
        _SOURCE_RETURN if returned else _SOURCE,
    )


CHECKS: dict[str, Check] = {CHECK: layout}
