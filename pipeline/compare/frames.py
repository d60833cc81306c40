# SPDX-License-Identifier: GPL-2.0-only
"""The stack that each function takes: ours from its instructions, rustc's from its own table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.compare.side import plain
from pipeline.names import readable
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.frames import frames, unmeasured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.compare.side import Side
    from pipeline.validate.reference import Reference

CHECK = "compare.frame"
_SECTION = ".stack_sizes"
_SHOWN = 5


def our_frames(side: Side, reference: Reference) -> dict[str, int] | str:
    """Return the bytes of stack by function, from the disassembly; or why they are not known."""
    reason = unmeasured(side.obj, reference)
    if reason:
        return f"{side.title}: {reason}"
    return _by_path(frames(side.obj, reference))


def native_frames(side: Side, reference: Reference | None) -> dict[str, int] | str:
    """Return the same for a native object: LLVM's ``.stack_sizes``, else the disassembly."""
    if side.obj.section(_SECTION) is not None:
        return _stack_sizes(side)
    if reference is None:
        return f"{side.title}: there is no {_SECTION}, and its architecture's tools are not here"
    return our_frames(side, reference)


def compare_frames(
    ours: Side, native: Side, mine: dict[str, int] | str, theirs: dict[str, int] | str
) -> Iterator[Finding | Skipped]:
    """Yield one note with the largest frames of both."""
    for found in (mine, theirs):
        if isinstance(found, str):
            yield Skipped(CHECK, found)
    if isinstance(mine, str) or isinstance(theirs, str):
        return
    yield Finding(
        CHECK,
        Severity.NOTE,
        "the largest frames",
        f"{ours.title}: {_largest(mine)}; {native.title}: {_largest(theirs)}",
        "the deepest stack of one build says nothing of the other's",
        "keep large values off the stack where ours comes near the kernel's limit",
        'the LLVM documentation, "Emitting function stack size information"',
    )


def _largest(found: Mapping[str, int]) -> str:
    largest = sorted(found.items(), key=lambda one: one[1], reverse=True)[:_SHOWN]
    return ", ".join(f"{path[:80]} {size} bytes" for path, size in largest) or "no function"


def _by_path(found: Mapping[str, int | None]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, size in found.items():
        if size is not None:
            path = plain(readable(name))
            sizes[path] = max(sizes.get(path, 0), size)
    return sizes


def _stack_sizes(side: Side) -> dict[str, int] | str:
    """Read ``.stack_sizes``: for each function its address, relocated, and a ULEB128 number."""
    sizes: dict[str, int] = {}
    for section in side.obj.sections:
        if section.name != _SECTION:
            continue
        data, at = side.obj.content(section), 0
        while at + side.pointer < len(data):
            pointed = side.pointed(section.number, at)
            size, at = _leb(data, at + side.pointer)
            if size is None:
                return f"{side.title}: {_SECTION} ends inside a number"
            name = "" if pointed is None else side.functions.get(pointed[:2], "")
            if name:
                sizes[name] = max(sizes.get(name, 0), size)
    return sizes


def _leb(data: bytes, at: int) -> tuple[int | None, int]:
    """Return an unsigned LEB128 number and the offset after it, None for one without an end."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            return None, at
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return None, at
