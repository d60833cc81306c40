# SPDX-License-Identifier: GPL-2.0-only
"""What the two files offer to others, and what they want of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.kernel.kbuild import runtime_symbols
from pipeline.validate.elfdata import STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_PARISC_MILLI
from pipeline.validate.finding import Finding, Severity, some
from pipeline.validate.names import family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.compare.side import Side
    from pipeline.validate.elfdata import Symbol

CHECK = "compare.symbols"
# GCC and LLVM call these on their own (GCC manual, "Standards").
_FREESTANDING = frozenset({"memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen", "abort"})
_KERNEL_SIDE = frozenset({"init_module", "cleanup_module", "__this_module"})
_PARAMETER = "ferric_param_"
_SOURCE = 'the Rust reference, "The no_mangle attribute": it makes an item\'s symbol'


def compare_symbols(ours: Side, native: Side, *, same: bool = False) -> Iterator[Finding]:
    """Yield the differences between exported symbols, and between imported ones.

    ``same``: both are for one machine, so that nothing explains another size of an object.
    """
    from_c = _from_c(ours)
    mine = {name: one for name, one in ours.defined.items() if name not in from_c}
    theirs = {name: one for name, one in native.defined.items() if name not in from_c}
    for name in sorted(theirs.keys() - mine.keys()):
        yield _one_sided(name, theirs[name], native, ours, "missing")
    for name in sorted(mine.keys() - theirs.keys()):
        yield _one_sided(name, mine[name], ours, native, "extra")
    for name in sorted(mine.keys() & theirs.keys()):
        yield from _both(name, mine[name], theirs[name], (ours, native), same=same)
    yield from _imports(ours, native, from_c)


def _from_c(ours: Side) -> frozenset[str]:
    """Return the names that the C part of a module defines: only a ``.ko`` has them."""
    if not ours.obj.is_module:
        return frozenset()
    # Labels without a type are the linker's (__start_…): items of Rust and C have one.
    others = {
        name
        for name, symbol in ours.defined.items()
        if name.startswith(_PARAMETER) or symbol.type == STT_NOTYPE
    }
    return frozenset(_KERNEL_SIDE | others | runtime_symbols())


def _one_sided(name: str, symbol: Symbol, has: Side, has_not: Side, how: str) -> Finding:
    return Finding(
        CHECK,
        Severity.ERROR,
        name,
        f"{how}: {has.title} exports the {kind(symbol)} {name}, {has_not.title} does not",
        "whoever links with it or looks it up finds it in one of the two only",
        "look for a #[cfg] around the item, or report an item that was left out",
        _SOURCE,
    )


def _both(
    name: str, mine: Symbol, theirs: Symbol, sides: tuple[Side, Side], *, same: bool
) -> Iterator[Finding]:
    (ours, native), kinds = sides, (kind(mine), kind(theirs))
    if STT_NOTYPE not in (mine.type, theirs.type) and kinds[0] != kinds[1]:
        yield Finding(
            CHECK,
            Severity.ERROR,
            name,
            f"{ours.title} has a {kinds[0]}, {native.title} a {kinds[1]}",
            "a caller would run data, or read code",
            "look for a #[cfg] that makes different items of one name",
            _SOURCE,
        )
    elif kinds == ("object", "object") and mine.size and theirs.size and mine.size != theirs.size:
        described = not isinstance(ours.debug, str) and not isinstance(native.debug, str)
        explained = Severity.NOTE if described else Severity.WARNING
        yield Finding(
            CHECK,
            Severity.ERROR if same else explained,
            name,
            f"{ours.title} has {mine.size} bytes, {native.title} {theirs.size}",
            "the types of the two are laid out differently, or are different ones",
            "compare.layout and compare.constant say which, where both have debug information",
            _SOURCE,
        )


def _imports(ours: Side, native: Side, from_c: frozenset[str]) -> Iterator[Finding]:
    """Yield one note for each side that wants names which the other does not."""
    for one, other in ((ours, native), (native, ours)):
        names = {
            name
            for name in one.undefined - other.undefined - _FREESTANDING - from_c
            if family(name) is None and name not in other.defined
        }
        if one is native and ours.obj.is_module:
            names = {name for name in names if not name.startswith(_PARAMETER)}
        elif ours.obj.is_module:
            continue  # the C part's own calls of the kernel
        if names:
            yield Finding(
                CHECK,
                Severity.NOTE,
                "the undefined symbols",
                f"only {one.title} wants {some(names)}",
                "the other compiler removed what calls it, or a #[cfg] does",
                "none is needed where the call cannot be reached",
                "",
            )


def kind(symbol: Symbol) -> str:
    """Return what a symbol is, as people say it."""
    names = {STT_FUNC: "function", STT_PARISC_MILLI: "function", STT_OBJECT: "object"}
    return names.get(symbol.type, "label" if symbol.type == STT_NOTYPE else f"type {symbol.type}")
