# SPDX-License-Identifier: GPL-2.0-only
"""One crate through mrustc: its constants proved, then its C repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.files import scratch, write_atomic
from pipeline.transpile.constants import folding
from pipeline.transpile.constants.trace import FOLDER as TRACE
from pipeline.transpile.constants.trace import PHASES, audit, trace_job
from pipeline.transpile.constants.twin import (
    FOLDER,
    Twins,
    is_big_endian,
    little_endian,
    pointer_bytes,
    twin_job,
)
from pipeline.transpile.mrustc import transpile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.transpile.constants.source import Sources
    from pipeline.transpile.mrustc import Job, Mrustc
    from pipeline.transpile.repair.marks import Site
    from pipeline.transpile.repair.unit import Guard
    from pipeline.witness.marks import Place
    from pipeline.witness.rustc import Witness


@dataclass(frozen=True)
class Tools:
    """mrustc, what is done to its C, and the rustc that tells of the source, where there is one."""

    mrustc: Mrustc
    guard: Guard
    witness: Witness | None = None


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
    c_file = transpile(mrustc, job, log)
    if tools.guard.raw:
        return c_file, frozenset()
    target = job.target.read_text(encoding="utf-8")
    constants, right_order = 0, job
    if is_big_endian(target):
        twin = right_order = twin_job(job)
        twin.target.parent.mkdir(exist_ok=True)
        write_atomic(twin.target, little_endian(target))
        theirs = transpile(mrustc, twin, log.with_name(f"{FOLDER}.{log.name}"))
        twins = Twins(_text(c_file), _text(theirs), target, source)
        right = twins.mend()
        constants = twins.counts["constant"]
        write_atomic(c_file, right.encode("utf-8", "surrogateescape"))
        theirs.unlink()
    if source is not None:
        _audit(mrustc, right_order, pointer_bytes(target), source)
    return c_file, tools.guard.apply(c_file, places, constants=constants)


def _audit(mrustc: Mrustc, job: Job, pointer: int, source: Sources) -> None:
    """Have mrustc say how it computes the constants of a crate, and check what it says."""
    # Both together are more than is kept of a log.
    for phases in (PHASES, folding.PHASES):
        with scratch(job.output.parent, TRACE) as folder:
            traced = trace_job(job, folder, phases)
            log = folder / "mrustc.log"
            transpile(mrustc, traced, log)
            audit(log, traced, pointer, source, phases)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")
