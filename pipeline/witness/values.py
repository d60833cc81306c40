# SPDX-License-Identifier: GPL-2.0-only
"""What rustc computes for the constants and statics of a crate that mrustc translates."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.crate.document import read_text
from pipeline.crate.sources import MAX_BYTES, sources
from pipeline.transpile.instrument import Instrumentation
from pipeline.witness.constants import ROOT, probes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.crate.model import Crate
    from pipeline.transpile.mrustc import Job
    from pipeline.witness.constants import Probe
    from pipeline.witness.memory import Cell, Memory
    from pipeline.witness.rustc import Witness

_MAX_RUNS: Final = 4


@dataclass(frozen=True)
class Value:
    """A constant or static as rustc has it: its type as written, its bytes, its place.

    ``path`` is ``a::b::NAME``, where ``b`` may be the function that it stands in; for an item of an
    ``impl`` it is ``a::<S as T>::NAME``, the types as written.
    """

    type: str
    cells: tuple[Cell, ...]
    where: str
    path: str

    @property
    def is_associated(self) -> bool:
        """Whether it is an item of an ``impl``."""
        return self.path.rpartition("::")[0].endswith(">")


def values_of(
    witness: Witness, crate: Crate, job: Job, before: Sequence[Path]
) -> Mapping[str, Sequence[Value]]:
    """Return the values of a crate's constants and statics by their last names.

    Each name has all of its definitions, or is left out: what a macro writes, what depends on type
    parameters, and what rustc does not take as a static.
    """
    found = sources(crate)
    if not (found.within(crate.root) and witness.library.measured):
        return {}
    texts = {file: read_text(file, MAX_BYTES) for file in found.rust}
    asked = probes(texts)
    files = tuple(file for file in found.files if file.is_file())
    for _ in range(_MAX_RUNS):
        if not asked:
            break
        changed = Instrumentation(crate, files, _with_probes(crate, texts, asked), ())
        with tempfile.TemporaryDirectory(dir=job.output.parent, prefix="values-") as name:
            changed.write(Path(name))
            answer = witness.values(replace(job, cwd=Path(name)), before)
        if isinstance(answer, dict):
            return _by_name(asked, answer)
        refused = {one.name for one in asked if _place(crate, one) in answer}
        if not refused:
            break
        asked = [one for one in asked if one.name not in refused]
    return {}


def _with_probes(
    crate: Crate, texts: Mapping[Path, str], asked: Sequence[Probe]
) -> dict[Path, str]:
    """Return the text of each file with its probes in it."""
    changed = {}
    for file, text in texts.items():
        parts, done = [], 0
        here = (one.edit for one in asked if one.path == file)
        for edit in sorted(here, key=lambda one: one.start):
            parts += [text[done : edit.start], edit.text]
            done = edit.end
        root = ROOT if file == crate.lib_path else ""
        changed[file] = "".join([*parts, text[done:], root])
    return changed


def _place(crate: Crate, probe: Probe) -> tuple[str, int]:
    """Return the file and line that rustc names where it refuses a probe."""
    return str(probe.path.relative_to(crate.root)), probe.line_of_edit


def _by_name(asked: Sequence[Probe], answer: Mapping[int, Memory]) -> dict[str, list[Value]]:
    """Return the values by name, of names of which all were answered."""
    found: dict[str, list[Value]] = defaultdict(list)
    unknown = {one.name for one in asked if one.number not in answer}
    for one in asked:
        if one.name not in unknown:
            where = f"{one.path}:{one.line}"
            within, cells = answer[one.number]
            path = "::".join(part for part in (one.owner, one.name) if part)
            found[one.name].append(Value(one.type, cells, where, f"{within}{path}"))
    return dict(found)
