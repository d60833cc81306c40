# SPDX-License-Identifier: GPL-2.0-only
"""Where a module can panic, stop with BUG(), or sleep: counted and listed, none of it forbidden."""

from __future__ import annotations

import struct
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pipeline.names import readable
from pipeline.validate.calls import calls, goal_of
from pipeline.validate.code_flow import FLOWS
from pipeline.validate.code_lines import source_lines
from pipeline.validate.code_tables import panics, sleeps
from pipeline.validate.elfdata import SHF_EXECINSTR
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.listing import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Relocation
    from pipeline.validate.listing import Listing
    from pipeline.validate.reference import Reference

_PANIC, _SLEEP = "code.panic", "code.sleep"
_BUG = "BUG()"
_KINDS = 40  # findings of one check
_SITES = 12  # sites that a finding lists
_BUGFLAG_WARNING = 1  # include/asm-generic/bug.h


class Site(NamedTuple):
    """A place that calls something: the section's number, the byte there, who, and where.

    ``line`` is ``file:line`` where it is known already.
    """

    section: int
    offset: int
    caller: str
    line: str = ""


def panic(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Count and list the calls of panicking functions and the traps of BUG()."""
    found: dict[str, list[Site]] = defaultdict(list)
    code = listing(obj, reference)
    for site in _bugs(obj, code):
        found[_BUG].append(site)
    reason = _called(obj, reference, panics, found)
    if reason:
        yield Skipped(_PANIC, reason)
    yield from _report(obj, reference, found, _panic_finding)


def _panic_finding(name: str, sites: str) -> Finding:
    """Return what is said of one way to panic."""
    is_bug = name == _BUG
    return Finding(
        _PANIC,
        Severity.NOTE,
        name,
        sites,
        "the task that gets there is stopped, with the locks that it holds"
        + ("" if is_bug else "; in an interrupt the kernel stops"),
        "nothing, if it cannot happen; else return an error"
        + ("" if is_bug else " (get(), checked_…(), ? instead of [], unwrap())"),
        "include/asm-generic/bug.h, struct bug_entry" if is_bug else "Rust's library/core",
    )


def sleep(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Count and list the calls of functions that can sleep."""
    found: dict[str, list[Site]] = defaultdict(list)
    reason = _called(obj, reference, lambda name: name if sleeps(name) else "", found)
    if reason:
        yield Skipped(_SLEEP, reason)
    yield from _report(obj, reference, found, _sleep_finding)


def _sleep_finding(name: str, sites: str) -> Finding:
    """Return what is said of one function that can sleep."""
    return Finding(
        _SLEEP,
        Severity.NOTE,
        name,
        sites,
        "under a spinlock or in an interrupt the kernel reports “scheduling while atomic” or hangs",
        "see that no caller holds a spinlock; allocate with GFP_ATOMIC there",
        sleeps(name),
    )


def _called(
    obj: Object,
    reference: Reference,
    match: Callable[[str], str],
    found: dict[str, list[Site]],
) -> str:
    """Put the calls of what ``match`` gives a name for into ``found``; return why it cannot."""
    code = listing(obj, reference)
    if code.reason:
        return code.reason
    if reference.arch.name not in FLOWS:
        return f"how {reference.arch.name} calls is not known here"
    for call in calls(obj, reference):
        name = match(call.name)
        # Panicking functions call each other: those are no further sites.
        if name and not match(call.caller.name):
            found[name].append(Site(call.caller.section, call.address, call.caller.name))
    return ""


def _bugs(obj: Object, code: Listing) -> Iterator[Site]:
    """Yield the traps of BUG() that the kernel's table of them lists; WARN()'s are left out."""
    for section in obj.sections:
        if section.name != "__bug_table":
            continue
        content = obj.content(section)
        moves = sorted(
            (one for one in obj.relocations if one.section == section.number),
            key=lambda one: one.offset,
        )
        for number, move in enumerate(moves):
            if not _is_code(obj, move):
                continue
            following = moves[number + 1] if number + 1 < len(moves) else None
            width = 4 if obj.bits == 32 else 8
            at, file = move.offset + width, ""
            if following and following.offset - move.offset <= 8 and not _is_code(obj, following):
                at = 2 * following.offset - move.offset
                file = _text(obj, following)
            order = ">" if obj.byte_order == "big" else "<"
            if at + 4 > len(content):
                continue
            line, flags = struct.unpack_from(order + "HH", content, at)
            if (flags if file else line) & _BUGFLAG_WARNING:
                continue
            offset = goal_of(obj, move)
            function = code.function_at(move.symbol.section, offset)
            name = function.name if function else obj.sections[move.symbol.section].name
            yield Site(move.symbol.section, offset, name, f"{file}:{line}" if file else "")


def _is_code(obj: Object, move: Relocation) -> bool:
    """Say whether a relocation is against code of this object."""
    number = move.symbol.section
    return 0 < number < len(obj.sections) and bool(obj.sections[number].flags & SHF_EXECINSTR)


def _text(obj: Object, move: Relocation) -> str:
    """Return the text that a relocation points to."""
    number = move.symbol.section
    if not 0 < number < len(obj.sections):
        return ""
    start = goal_of(obj, move)
    if not 0 <= start < obj.sections[number].size:
        return ""
    content = obj.content(obj.sections[number])
    end = content.find(b"\0", start, start + 300)
    return content[start:end].decode("utf-8", "backslashreplace") if end > start else ""


def _report(
    obj: Object,
    reference: Reference,
    found: Mapping[str, list[Site]],
    finding: Callable[[str, str], Finding],
) -> Iterator[Finding]:
    """Yield one finding for each name, those with most sites first, and one for what is left."""
    if not found:
        return
    ranked = sorted(found, key=lambda name: (-len(found[name]), name))
    shown = [site for name in ranked[:_KINDS] for site in found[name][:_SITES] if not site.line]
    lines, reason = source_lines(obj, reference, (site[:2] for site in shown))
    for name in ranked[:_KINDS]:
        yield finding(name, _sites(obj, found[name], lines, reason))
    if len(ranked) > _KINDS:
        rest = sum(len(found[name]) for name in ranked[_KINDS:])
        yield finding(f"{len(ranked) - _KINDS} more", f"{rest} sites in all")


def _sites(
    obj: Object, sites: list[Site], lines: Mapping[tuple[int, int], str], reason: str
) -> str:
    """Return the number of sites and the first of them, with their lines where known."""
    listed = []
    for site in sites[:_SITES]:
        line = site.line or lines.get(site[:2], "")
        place = line or f"{obj.sections[site.section].name}+{site.offset:#x}"
        listed.append(f"{readable(site.caller)} ({place})")
    more = f" and {len(sites) - _SITES} more" if len(sites) > _SITES else ""
    known = all(site.line or site[:2] in lines for site in sites[:_SITES])
    why = "" if known else f"; no lines: {reason or 'not in the line table'}"
    return f"{len(sites)} {'site' if len(sites) == 1 else 'sites'}: {', '.join(listed)}{more}{why}"


CHECKS = {_PANIC: panic, _SLEEP: sleep}
