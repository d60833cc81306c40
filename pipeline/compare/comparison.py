# SPDX-License-Identifier: GPL-2.0-only
"""All that is compared between our object and one native one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.compare import constants, frames, layouts, log, sizes, symbols
from pipeline.compare.difference import MAX_ROWS, Comparison, Part
from pipeline.compare.reachable import declared_reprs
from pipeline.compare.rules import Rules
from pipeline.compare.rust_targets import target_of
from pipeline.compare.side import Side
from pipeline.errors import FerricError
from pipeline.toolchains.probe import probe
from pipeline.validate.finding import Finding, Skipped
from pipeline.validate.guard import results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pipeline.check.rustc import RustcInfo
    from pipeline.compare.rust_targets import RustTarget
    from pipeline.crate.model import Crate
    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_NATURAL = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16, "f32": 4, "f64": 8}


@dataclass(frozen=True)
class Logs:
    """What a test of the crate wrote in both builds, or why it was not run."""

    ours: str = ""
    native: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Context:
    """What a comparison needs beside the files.

    ``reference`` is for our architecture, ``native_reference`` for the native one (None: not in
    ``toolchains.yaml``, or its tools are not here); ``rules`` and ``native_rules`` lay out C types
    (a text: why ours are not known); ``crate`` is the source, where it is at hand.
    """

    reference: Reference
    rules: Rules | str
    native_reference: Reference | None
    native_rules: Rules
    crate: Crate | None = None
    logs: Logs = Logs(reason="no log was given (--log)")


def compare(
    ours: Object,
    native: Object,
    context: Context,
    *,
    title: str,
    unfolded: Object | None = None,
) -> Comparison:
    """Compare ``ours`` with ``native``, which the tables call ``title``.

    ``unfolded`` is a native object of the crate that was not optimised: constants and types are
    read from it, because an optimiser folds them into the code.
    """
    one, other = Side(ours, "ours"), Side(native, title)
    whole = other if unfolded is None else Side(unfolded, title)
    reprs = None if context.crate is None else declared_reprs(context.crate)
    mine = frames.our_frames(one, context.reference)
    theirs = frames.native_frames(other, context.native_reference)
    logs = context.logs
    families: dict[str, Callable[[], Iterable[Finding | Skipped]]] = {
        symbols.CHECK: lambda: symbols.compare_symbols(one, other),
        layouts.CHECK: lambda: layouts.compare_layouts(
            one, whole, (context.rules, context.native_rules), reprs
        ),
        constants.CHECK: lambda: constants.compare_constants(one, whole),
        sizes.CHECK: lambda: sizes.compare_sizes(one, other),
        frames.CHECK: lambda: frames.compare_frames(one, other, mine, theirs),
        log.CHECK: lambda: (
            log.compare_logs(logs.ours, logs.native, title)
            if not logs.reason
            else [Skipped(log.CHECK, logs.reason)]
        ),
    }
    return judged(one, other, families, (mine, theirs))


def judged(
    one: Side,
    other: Side,
    families: Mapping[str, Callable[[], Iterable[Finding | Skipped]]],
    stacks: tuple[dict[str, int] | str, dict[str, int] | str],
) -> Comparison:
    """Run the checks by name, and return what they found with the table of the functions.

    ``stacks`` are the functions' frames in bytes, or why they are not known.
    """
    found_by = {name: results(name, check) for name, check in families.items()}
    every = [result for found in found_by.values() for result in found]
    mine, theirs = ({} if isinstance(found, str) else found for found in stacks)
    rows = sizes.function_rows(one, other, mine, theirs)
    return Comparison(
        _part(one),
        _part(other),
        tuple(result for result in every if isinstance(result, Finding)),
        tuple(result for result in every if isinstance(result, Skipped)),
        tuple(name for name, found in found_by.items() if not found),
        tuple(rows[:MAX_ROWS]),
    )


def our_rules(arch: Arch, toolchain: Toolchain | None, flags: Sequence[str] | None) -> Rules | str:
    """Return how our GCC lays out the Rust part, measured; or why that is not known."""
    if toolchain is None:
        return f"no GCC for {arch.name} is installed"
    try:
        layout = probe(toolchain, arch.all_flags if flags is None else flags)
    except FerricError as error:
        return str(error).splitlines()[0]
    return Rules(layout.alignments, f"measured with {toolchain.triple}-gcc")


def native_rules(target: RustTarget | None, obj: Object) -> Rules:
    """Return how rustc lays out types for its target; without one, each number by its size."""
    if target is not None:
        return Rules(target.alignments, f"the data layout of {target.name}")
    natural = _NATURAL | {"ptr": obj.bits // 8}
    return Rules(natural, "natural alignment")


def native_target(rustc: RustcInfo | None, arch: Arch | None) -> RustTarget | None:
    """Return rustc's target for the architecture of a native file, None where it is not known."""
    return None if rustc is None or arch is None else target_of(rustc, arch)


def _part(side: Side) -> Part:
    return Part(str(side.obj.path), side.obj.sha256, side.title, side.section_sizes())
