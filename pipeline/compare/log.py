# SPDX-License-Identifier: GPL-2.0-only
"""The log of a crate's own test: every line of the two builds must be the same."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from pipeline.validate.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = "compare.log"
SOURCE = "KTAP version 1: Documentation/dev-tools/ktap.rst"
_SKIP = re.compile(r"(ok \d+ \S+) # SKIP (.+)")
_SUMMARY = re.compile(r"# passed \d+, failed \d+, skipped \d+")
_MAX_LINES = 20_000
_SHOWN = 200


def compare_logs(ours: str, native: str, title: str, same: str = "") -> Iterator[Finding]:
    """Yield an error for each place where the logs differ, a note for each test that ours skips.

    ``same`` is what ours is called where both are for one machine: then it skips nothing that the
    other does not.  A log without an end in sight is cut after some thousand lines in both.
    """
    mine, theirs = ours.splitlines()[:_MAX_LINES], native.splitlines()[:_MAX_LINES]
    skips = {match[1]: match[2] for line in mine if (match := _SKIP.fullmatch(line))}
    if skips and not same:
        yield _finding(
            Severity.NOTE,
            f"{len(skips)} tests",
            f"ours skips {', '.join(sorted(skips))}: {', '.join(sorted(set(skips.values())))}",
            "the architecture has not what they are about",
        )
        mine = [line for line in mine if not _left_out(line, skips)]
        theirs = [line for line in theirs if not _left_out(line, skips)]
    matcher = difflib.SequenceMatcher(None, mine, theirs, autojunk=False)
    if mine == theirs:
        return
    our_title = same or "ours"
    for kind, first, last, start, end in _differences(mine, theirs, matcher):
        if kind != "equal":
            yield _finding(
                Severity.ERROR,
                f"line {first + 1}",
                f"{our_title} says {_shown(mine[first:last])}, {title} {_shown(theirs[start:end])}",
                "the module computes something else than the source says",
            )


def _differences(
    mine: list[str], theirs: list[str], matcher: difflib.SequenceMatcher[str]
) -> list[tuple[str, int, int, int, int]]:
    """Return the blocks that differ; line by line where there are as many lines in both.

    Aligning costs quadratic time where the lines repeat.
    """
    if len(mine) != len(theirs) and len(mine) + len(theirs) < 2000:
        return list(matcher.get_opcodes())
    return [
        ("replace", at, min(at + 1, len(mine)), at, min(at + 1, len(theirs)))
        for at in range(max(len(mine), len(theirs)))
        if mine[at : at + 1] != theirs[at : at + 1]
    ]


def _left_out(line: str, skips: dict[str, str]) -> bool:
    """Say whether a line is of a skipped test, or counts the tests."""
    head = " ".join(line.split(" ")[:3])
    return head in skips or _SUMMARY.fullmatch(line) is not None


def _shown(lines: list[str]) -> str:
    text = " / ".join(lines[:3])[:_SHOWN]
    return repr(text) if lines else "nothing"


def _finding(severity: Severity, place: str, evidence: str, meaning: str) -> Finding:
    error = severity is Severity.ERROR
    mend = "look into the test that the line names: docs/mrustc-faults.md lists what is known"
    return Finding(
        CHECK, severity, place, evidence, meaning, mend if error else "none is needed", SOURCE
    )
