# SPDX-License-Identifier: GPL-2.0-only
"""One crate's source through mrustc and the repair pass, from a changed copy where needed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import console
from pipeline.crate.document import read_text
from pipeline.crate.sources import MAX_BYTES, sources
from pipeline.errors import FerricError, ToolError, UserError
from pipeline.files import write_atomic
from pipeline.transpile.constants.source import Sources
from pipeline.transpile.constants.unit import Tools, transpile_right
from pipeline.transpile.instrument import add_aliases, instrument
from pipeline.transpile.rewrite.crate import rewrites
from pipeline.witness.marks import Marks, Place, mark, refuse
from pipeline.witness.unused import refuse_unused
from pipeline.witness.values import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from pipeline.crate.model import Crate
    from pipeline.transpile.mrustc import Job
    from pipeline.transpile.repair.marks import Site
    from pipeline.witness.mir import Check
    from pipeline.witness.values import Value

_PLACES = "places.json"


def transpile_source(
    tools: Tools, crate: Crate, job: Job, log: Path, before: Sequence[Path]
) -> Path:
    """Transpile a crate and repair its C; ``before`` are the folders of what it depends on.

    Raises :class:`~pipeline.errors.UserError` where mrustc removes a check that cannot be kept.
    """
    checks = _checks(tools, job, before)
    marks = _marks(tools, crate, checks)
    taken = checks is not None and tools.witness is not None and tools.witness.library.measured
    tools = replace(tools, values=_values(tools, crate, job, before), taken=taken)
    if not marks.places and not marks.hidden:
        return _marked(tools, crate, job, log, before, marks)
    first: FerricError | None = None
    # mrustc takes less than rustc, and may stop at a mark where it takes the crate without.
    for some in (marks, replace(marks, hidden=())):
        try:
            return _marked(tools, crate, job, log, before, some)
        except _NotTranspiledError as error:
            first = first or error.why
            if not isinstance(error.why, ToolError):
                break
    try:
        c_file = _marked(tools, crate, job, log, before, Marks())
    except FerricError as error:
        # Without marks there is more to refuse; where mrustc stops all the same, that is why.
        raise (error if _stops(error) else first or error) from error
    console.note(f"{crate.name}: its panics name no places: {str(first).partition(chr(10))[0]}")
    refuse(marks.removable, crate.root)
    return c_file


def _stops(error: FerricError) -> bool:
    """Say whether mrustc itself did not take a crate."""
    return isinstance(error, ToolError | UserError) and error.what.startswith("mrustc: ")


class _NotTranspiledError(Exception):
    """mrustc, or the repair pass, does not take a crate with marks: ``why`` says their error."""

    def __init__(self, why: FerricError) -> None:
        super().__init__(str(why))
        self.why = why


def _marked(
    tools: Tools, crate: Crate, job: Job, log: Path, before: Sequence[Path], marks: Marks
) -> Path:
    """Transpile a crate with these marks, until no check is missing in its C."""
    places = places_of(before)
    places[crate.crate_name] = marks.places
    _write_places(job.output.parent, crate.crate_name, marks.places)
    keep: AbstractSet[int] = marks.unused
    while True:
        c_file, lost = _once(tools, crate, job, log, marks, keep, places)
        if not lost:
            return c_file
        again = {site.number for site in lost if site.crate == crate.crate_name} - keep
        gone = [
            places[site.crate][site.number - 1]
            for site in sorted(lost)
            if site.crate != crate.crate_name or site.number in keep
        ]
        refuse(gone, crate.root)
        refuse((marks.places[one - 1] for one in again if not marks.can_keep(one)), crate.root)
        keep = keep | again


def _checks(tools: Tools, job: Job, before: Sequence[Path]) -> Sequence[Check] | None:
    """Return the checks that rustc tells of in a crate; None where there is none to ask."""
    if tools.guard.raw or tools.witness is None:
        return None
    return tools.witness.checks(job, before)


def _marks(tools: Tools, crate: Crate, checks: Sequence[Check] | None) -> Marks:
    """Return the marks of a crate; none where no rustc tells of it."""
    if tools.guard.raw:
        return Marks()
    if checks is None:
        refuse_unused(crate, overflow_checks=tools.guard.overflow_checks)
        return Marks()
    found = sources(crate)
    if not found.within(crate.root):
        texts = {}
    else:
        texts = {file: read_text(file, MAX_BYTES) for file in found.rust}
    marks, left = mark(checks, texts, crate.root, crate.lib_path)
    refuse((place for check, place in left if not check.used), crate.root)
    refuse((marks.places[one - 1] for one in marks.unused if not marks.can_keep(one)), crate.root)
    return marks


def _values(
    tools: Tools, crate: Crate, job: Job, before: Sequence[Path]
) -> Mapping[str, Sequence[Value]]:
    """Return what rustc computes for the crate's constants; nothing where there is none to ask."""
    if tools.guard.raw or tools.witness is None:
        return {}
    return values_of(tools.witness, crate, job, before)


def _once(
    tools: Tools,
    crate: Crate,
    job: Job,
    log: Path,
    marks: Marks,
    keep: AbstractSet[int],
    places: dict[str, tuple[Place, ...]],
) -> tuple[Path, frozenset[Site]]:
    """Transpile a crate with some elements kept; return its C, and the checks missing in it."""
    rewritten = {} if tools.guard.raw else rewrites(crate)
    changes, source = instrument(crate, marks.insertions(keep), rewritten), Sources.of(crate)
    if changes is None:
        return transpile_right(tools, job, log, source, places)
    try:
        with tempfile.TemporaryDirectory(dir=job.target.parent, prefix="source-") as name:
            copy = Path(name)
            changes.write(copy)
            job = replace(job, cwd=copy, original=crate.root)
            c_file, lost = transpile_right(tools, job, log, source, places)
    except FerricError as error:
        if marks.places or marks.hidden:
            raise _NotTranspiledError(error) from error
        raise
    if not lost:
        add_aliases(c_file, changes.exports)
    return c_file, lost


def _write_places(folder: Path, name: str, places: Iterable[Place]) -> None:
    """Write a crate's places: its generic functions are compiled with whoever calls them."""
    content = {"crate": name, "places": [asdict(one) for one in places]}
    write_atomic(folder / _PLACES, json.dumps(content) + "\n")


def places_of(folders: Iterable[Path]) -> dict[str, tuple[Place, ...]]:
    """Return the places of the crates in these folders."""
    found = {}
    for folder in folders:
        content = json.loads((folder / _PLACES).read_text(encoding="utf-8"))
        found[content["crate"]] = tuple(Place(**one) for one in content["places"])
    return found
