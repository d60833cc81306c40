# SPDX-License-Identifier: GPL-2.0-only
"""The verdicts of a long run, kept line by line: a run that was stopped goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.coretests.judge import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from tests.coretests.source import Test


class Record:
    """The verdicts of a run, in a file that a later run reads, or in none.

    A line has some of a way's.  Several processes may add to it: a line is one write at the end.
    """

    def __init__(self, path: Path | None, again: Collection[str] = ()) -> None:
        """Read what there is, without verdicts of the kinds ``again``."""
        self._path = path
        self._known: dict[tuple[str, str], dict[str, Verdict]] = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.is_file() else []
        for line in lines:
            data = json.loads(line)
            of = self._known.setdefault((data["release"], data["way"]), {})
            of.update({name: Verdict(kind, why) for name, (kind, why) in data["tests"].items()})
        for of in self._known.values():
            for name in [name for name, verdict in of.items() if verdict.kind in again]:
                del of[name]

    def known(self, release: str, way: str, tests: Iterable[Test]) -> dict[Test, Verdict]:
        """Return what earlier runs found of these tests in a way."""
        of = self._known.get((release, way), {})
        return {one: of[one.path] for one in tests if one.path in of}

    def add(self, release: str, way: str, verdicts: Mapping[Test, Verdict]) -> None:
        """Keep verdicts for later runs."""
        if self._path is None or not verdicts:
            return
        tests = {test.path: (verdict.kind, verdict.why) for test, verdict in verdicts.items()}
        line = json.dumps({"release": release, "way": way, "tests": tests})
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
