# SPDX-License-Identifier: GPL-2.0-only
"""What coretests did in each way: a table, each test that did not pass, and a document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from tests.coretests.judge import Verdict
    from tests.coretests.source import Test

_KINDS = ("passed", "failed", "refused", "not built", "not run")


@dataclass(frozen=True)
class Result:
    """The verdicts of a way; ``release`` is the library's whose tests they are."""

    arch: str
    transpiler: str
    release: str
    verdicts: Mapping[Test, Verdict]

    def count(self, kind: str) -> int:
        """Return how many tests ended so."""
        return sum(one.kind == kind for one in self.verdicts.values())

    def reasons(self, kind: str) -> list[tuple[str, list[str]]]:
        """Return each reason of a kind with its tests, the most frequent first."""
        found: dict[str, list[str]] = {}
        for test, verdict in self.verdicts.items():
            if verdict.kind == kind:
                found.setdefault(verdict.why, []).append(test.path)
        return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table, and below it each test that did not pass, with its reason."""
    table = Table()
    for column in ("arch", "transpiler", "Rust"):
        table.add_column(column)
    for kind in _KINDS:
        table.add_column(kind, justify="right")
    for one in results:
        counts = [str(one.count(kind)) for kind in _KINDS]
        table.add_row(one.arch, one.transpiler, one.release, *counts)
    console.print(table)
    for one in results:
        for kind in _KINDS[1:]:
            for why, paths in one.reasons(kind):
                line = f"{one.transpiler} on {one.arch}: {len(paths)} {kind}: {why}"
                console.print(Text(line), soft_wrap=True)
                for path in paths:
                    console.print(Text(f"    {path}"), soft_wrap=True)


def document(results: Sequence[Result]) -> list[dict[str, object]]:
    """Return what ``show`` says as data for JSON."""
    return [
        {
            "arch": one.arch,
            "transpiler": one.transpiler,
            "release": one.release,
            "counts": dict(Counter(verdict.kind for verdict in one.verdicts.values())),
            "tests": {
                test.path: {"kind": verdict.kind, "why": verdict.why}
                for test, verdict in one.verdicts.items()
            },
        }
        for one in results
    ]
