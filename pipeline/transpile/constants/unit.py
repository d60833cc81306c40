# SPDX-License-Identifier: GPL-2.0-only
"""One crate through mrustc: its constants proved, then its C repaired."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.errors import FerricError
from pipeline.files import scratch, write_atomic
from pipeline.transpile.constants import folding
from pipeline.transpile.constants.traced import FOLDER as TRACE
from pipeline.transpile.constants.traced import PHASES, audit, traced
from pipeline.transpile.constants.twin import (
    FOLDER,
    Twins,
    is_big_endian,
    little_endian,
    pointer_bytes,
    twin_job,
)
from pipeline.transpile.constants.witnessed import Compared, Witnessed
from pipeline.transpile.mrustc import transpile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.transpile.constants.source import Sources
    from pipeline.transpile.constants.traced import Steps
    from pipeline.transpile.mrustc import Job, Mrustc
    from pipeline.transpile.repair.marks import Site
    from pipeline.transpile.repair.unit import Guard
    from pipeline.witness.marks import Place
    from pipeline.witness.rustc import Witness
    from pipeline.witness.values import Value


@dataclass(frozen=True)
class Tools:
    """mrustc, what is done to its C, and the rustc that tells of the source, where there is one.

    ``values`` are what that rustc computes for constants of the crate, by their last names.
    ``taken`` says that it took the crate, for the target's own layout: so it has computed each
    constant that depends on no type parameter, and none of them panicked.
    """

    mrustc: Mrustc
    guard: Guard
    witness: Witness | None = None
    values: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    taken: bool = False


def transpile_right(
    tools: Tools,
    job: Job,
    log: Path,
    source: Sources | None = None,
    places: Mapping[str, Sequence[Place]] | None = None,
) -> tuple[Path, frozenset[Site]]:
    """Transpile one crate and return its C, constants right and the rest repaired.

    Beside it are the checks that mrustc lost, of those whose ``places`` are known.

    For a big-endian target the crate goes through mrustc twice, and what is of the twin stays
    beside the output for the crates that are built on it.  ``source`` is what the constants may
    come from, None for Rust's own library.  Raises what :func:`transpile` does, and
    :class:`~pipeline.errors.UserError` for a constant that cannot be proved right.
    """
    mrustc = tools.mrustc
    if tools.guard.raw:
        return transpile(mrustc, job, log), frozenset()
    if not is_big_endian(job.target.read_text(encoding="utf-8")):
        with _transpiled(mrustc, job, log, source) as steps:
            witnessed = _audit(tools, job, job, source, steps)
        return job.c_file, tools.guard.apply(job.c_file, places, witnessed=witnessed)
    c_file = transpile(mrustc, job, log)
    twin = _twin(job)
    with _transpiled(mrustc, twin, log.with_name(f"{FOLDER}.{log.name}"), source) as steps:
        constants = _mended(job, twin, source)
        witnessed = _audit(tools, job, twin, source, steps)
    lost = tools.guard.apply(c_file, places, constants=constants, witnessed=witnessed)
    return c_file, lost


def _twin(job: Job) -> Job:
    """Return the job for the little-endian twin, whose target file is written."""
    twin = twin_job(job)
    twin.target.parent.mkdir(exist_ok=True)
    write_atomic(twin.target, little_endian(job.target.read_text(encoding="utf-8")))
    return twin


def _mended(job: Job, twin: Job, source: Sources | None) -> int:
    """Put the constants of a crate's C right by the twin's, and return how many they were."""
    twins = Twins(
        _text(job.c_file), _text(twin.c_file), job.target.read_text(encoding="utf-8"), source
    )
    write_atomic(job.c_file, twins.mend().encode("utf-8", "surrogateescape"))
    twin.c_file.unlink()
    return twins.counts["constant"]


@contextlib.contextmanager
def _transpiled(
    mrustc: Mrustc, job: Job, log: Path, source: Sources | None
) -> Iterator[Sequence[Steps]]:
    """Transpile a crate, and yield how mrustc says that it computes; nothing of Rust's library.

    Its steps are gone when the block ends.
    """
    if source is None:
        transpile(mrustc, job, log)
        yield ()
        return
    with scratch(job.output.parent, TRACE) as folder:
        try:
            with traced(job, folder, PHASES, folding.PHASES) as (told, steps):
                transpile(mrustc, told, log)
        except FerricError:
            # What it stops at can be read in the log of a run in which it tells of nothing else.
            transpile(mrustc, job, log)
            raise
        yield steps


def _audit(
    tools: Tools, job: Job, right_order: Job, source: Sources | None, steps: Sequence[Steps]
) -> int:
    """Check what mrustc says of how it computes, and return how many constants rustc has alike."""
    pointer = pointer_bytes(job.target.read_text(encoding="utf-8"))
    compared = Compared()
    for one in steps:
        assert source is not None, "Rust's own library is not traced"  # noqa: S101 - see above
        if one.phases == PHASES and (tools.values or tools.taken):
            compared = _compared(tools, job, right_order, source, one.log)
        checks = tools.guard.overflow_checks
        audit(one, right_order, pointer, source, compared, overflow_checks=checks)
    return len(compared.alike)


def _compared(tools: Tools, job: Job, right_order: Job, source: Sources, log: Path) -> Compared:
    """Compare the results in a log with what rustc has.

    Where the source asks for byte order, what is in the C may be the target's own value: that of
    the twin has to be rustc's only where it is used.
    """
    pointer = pointer_bytes(job.target.read_text(encoding="utf-8"))
    direct = Witnessed(job.crate_name, tools.values, pointer, "little", taken=tools.taken)
    if right_order is job:
        return direct.compare(log)
    big = Witnessed(job.crate_name, tools.values, pointer, "big", taken=tools.taken)
    mirrored = big.compare(log)
    if not (source.depends and tools.values):
        return mirrored
    folder = log.parent / "target"
    again = replace(job, output=folder / job.output.name)
    with traced(again, folder, PHASES) as (told, (steps,)):
        transpile(tools.mrustc, told, folder / "mrustc.log")
    own = direct.compare(steps.log)
    return mirrored.unless(own) if source.faulty else own


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")
