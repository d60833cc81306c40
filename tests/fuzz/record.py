# SPDX-License-Identifier: GPL-2.0-only
"""What the batches of a long run did, kept line by line: a run that was stopped goes on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A batch: its programs' numbers, and how many of them did what.

    ``differing`` are the texts that say so, ``refused`` counts why programs do not go through
    mrustc, ``seconds`` are of the processor.
    """

    seed: int
    ways: tuple[str, ...]
    first: int
    count: int
    panics: int = 0
    invalid: int = 0
    differing: tuple[str, ...] = ()
    refused: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def numbers(self) -> range:
        """Return the numbers of the programs."""
        return range(self.first, self.first + self.count)


class Record:
    """The entries of a run, in a file that a later run reads, or in none."""

    def __init__(self, path: Path | None, seed: int, ways: Sequence[str]) -> None:
        self._path, self._seed, self._ways = path, seed, tuple(ways)
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.is_file() else []
        found = [_read(line) for line in lines]
        self.entries = [one for one in found if (one.seed, one.ways) == (seed, self._ways)]

    def add(self, entry: Entry) -> None:
        """Take up what a batch did."""
        self.entries.append(entry)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(entry)) + "\n")

    def left(self, numbers: Sequence[range]) -> list[range]:
        """Return the batches of which a program has not run yet."""
        done = {number for entry in self.entries for number in entry.numbers}
        return [one for one in numbers if not done.issuperset(one)]

    def summary(self) -> str:
        """Return the figures of all entries, and why programs were refused."""
        entries = self.entries
        refused: Counter[str] = Counter()
        for one in entries:
            refused.update(one.refused)
        differing = sum(len(one.differing) for one in entries)
        figures = (
            f"{sum(one.count for one in entries)} programs in "
            f"{sum(one.seconds for one in entries):.0f} s of processor time, "
            f"{sum(one.panics for one in entries)} of them panic, each "
            f"{' and '.join(self._ways)}: {differing} differ, {refused.total()} refused, "
            f"{sum(one.invalid for one in entries)} not valid"
        )
        whys = [f"  refused {count:4}: {why}" for why, count in refused.most_common()]
        return "\n".join([figures, *whys])


def _read(line: str) -> Entry:
    data = json.loads(line)
    data |= {"ways": tuple(data["ways"]), "differing": tuple(data["differing"])}
    return Entry(**data)
