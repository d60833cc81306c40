# SPDX-License-Identifier: GPL-2.0-only
"""What every function and every chain of calls takes of the kernel's stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.names import readable
from pipeline.validate.callgraph import Graph, graph, no_calls
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.frames import measured, unmeasured
from pipeline.validate.stack_limits import Limits, limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function
    from pipeline.validate.reference import Reference

_FRAME, _CHAIN, _UNKNOWN = "stack.frame", "stack.chain", "stack.unknown"
_STACK_SOURCE = "THREAD_SIZE of the kernel's asm/thread_info.h; kernel/fork.c, dup_task_struct()"
_FRAME_SOURCE = "CONFIG_FRAME_WARN: lib/Kconfig.debug; Makefile, -Wframe-larger-than"
_OVERFLOW = (
    "the stack runs over into whatever lies beside it: memory of another task is corrupted, or the "
    "machine stops"
)
_SHOWN = 12


def frame(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """No function's frame is larger than the kernel allows, or than its whole stack."""
    reason = unmeasured(obj, reference)
    bounds = reason or limits(reference)
    if isinstance(bounds, str):
        yield Skipped(_FRAME, bounds)
        return
    known = [(one.size, function) for function, one in measured(obj, reference).items() if one.size]
    for size, function in sorted(known, reverse=True):
        if size > bounds.stack:
            yield Finding(
                _FRAME,
                Severity.ERROR,
                _place(obj, function),
                f"{size} bytes of frame; the kernel's stack has {bounds.stack}",
                _OVERFLOW,
                "allocate large objects (KBox, kmalloc) instead of keeping them on the stack",
                _STACK_SOURCE,
            )
        elif 0 < bounds.frame < size:
            yield Finding(
                _FRAME,
                Severity.WARNING,
                _place(obj, function),
                f"{size} bytes of frame; CONFIG_FRAME_WARN is {bounds.frame}",
                f"with what calls it and what it calls it may not fit into {bounds.stack} bytes",
                "allocate large objects (KBox, kmalloc) instead of keeping them on the stack",
                _FRAME_SOURCE,
            )


def chain(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """No chain of calls inside the module takes more than the kernel's stack has."""
    reason = unmeasured(obj, reference) or no_calls(reference)
    if reason:
        yield Skipped(_CHAIN, reason)
        return
    bounds = limits(reference)
    if isinstance(bounds, str):
        yield Skipped(_CHAIN, f"the chains are compared with no limit: {bounds}")
    calls = graph(obj, reference)
    by_severity: dict[Severity, list[Function]] = {}
    for root in calls.roots:
        by_severity.setdefault(_severity(calls, root, bounds), []).append(root)
    if len(by_severity) > 1:
        by_severity.pop(Severity.NOTE, None)
    for severity, roots in by_severity.items():
        yield _chain_finding(obj, calls, roots, severity, bounds)


def _chain_finding(
    obj: Object, calls: Graph, roots: Sequence[Function], severity: Severity, bounds: Limits | str
) -> Finding:
    """Return the finding on chains that are as bad as each other: the deepest is listed."""
    root = roots[0]
    evidence = f"{calls.deepest[root]} bytes of stack: {_listed(calls, root)}"
    if isinstance(bounds, Limits):
        evidence += f"; the kernel's stack has {bounds.stack}"
    if severity is Severity.NOTE:
        meaning, mend = "so much is taken at least, beside what the kernel's own functions take", ""
    else:
        meaning, mend = _OVERFLOW, "call less deep, keep less on the stack"
        evidence += f"; so do {len(roots) - 1} more" if len(roots) > 1 else ""
    if severity is Severity.WARNING:
        meaning = f"if a run comes this way, {meaning}"
    return Finding(
        _CHAIN, severity, _place(obj, root), evidence, meaning, mend or "nothing", _STACK_SOURCE
    )


def unknown(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Where the stack that is taken cannot be known from the bytes is told."""
    reason = unmeasured(obj, reference) or no_calls(reference)
    if reason:
        yield Skipped(_UNKNOWN, reason)
        return
    frames, calls = measured(obj, reference), graph(obj, reference)
    count = sum(calls.indirect.values())
    kinds = (
        (
            [function for function in frames if function in calls.indirect],
            f"{count} calls through pointers",
            "what they call takes stack that no chain counts",
        ),
        (
            [function for function in frames if function in calls.recursive],
            "can come to call themselves",
            "each time takes stack that no chain counts",
        ),
        (
            [function for function, one in frames.items() if one.dynamic],
            "take an amount of stack that only the run decides (alloca)",
            "that amount is in no frame and in no chain",
        ),
    )
    for functions, evidence, meaning in kinds:
        if functions:
            yield _note(obj, functions, evidence, meaning)
    lost = {function: one for function, one in frames.items() if one.size is None}
    if lost:
        reasons = some((one.reason for one in lost.values()), 4)
        meaning = "their frames count as nothing in the chains"
        yield _note(obj, list(lost), f"the frame is not known: {reasons}", meaning)


def _severity(calls: Graph, root: Function, bounds: Limits | str) -> Severity:
    """An error is what every run takes; the deepest chain may need data that never comes."""
    if isinstance(bounds, str) or calls.deepest[root] * 2 <= bounds.stack:
        return Severity.NOTE
    return Severity.ERROR if calls.certain[root] > bounds.stack else Severity.WARNING


def _note(obj: Object, functions: Sequence[Function], evidence: str, meaning: str) -> Finding:
    """Return the note on some functions."""
    place = _place(obj, functions[0])
    names = some(readable(function.name)[:120] for function in functions)
    if len(functions) > 1:
        place = f"{len(functions)} functions"
    return Finding(
        _UNKNOWN,
        Severity.NOTE,
        place,
        f"{evidence}: {names}",
        meaning,
        "see that the depth there is bounded",
        "GCC manual, -fstack-usage; Documentation/process/deprecated.rst (variable length arrays)",
    )


def _listed(calls: Graph, root: Function) -> str:
    """Return a chain as text: each function and the bytes that it adds."""
    links = [f"{readable(one.name)[:120]} {size}" for one, size in calls.chain(root)]
    left = len(links) - _SHOWN
    shown = links if left <= 0 else [*links[: _SHOWN - 1], f"({left} more)", links[-1]]
    return " > ".join(shown)


def _place(obj: Object, function: Function) -> str:
    section = obj.sections[function.section].name
    return f"{readable(function.name)} ({section}+{function.start:#x})"


CHECKS: dict[str, Check] = {_FRAME: frame, _CHAIN: chain, _UNKNOWN: unknown}
