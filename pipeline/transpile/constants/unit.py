# SPDX-License-Identifier: GPL-2.0-only
"""One crate through mrustc: its constants proved, then its C repaired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.files import scratch, write_atomic
from pipeline.transpile.constants import folding
from pipeline.transpile.constants.traced import FOLDER as TRACE
from pipeline.transpile.constants.traced import PHASES, audit, trace_job
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
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.transpile.constants.source import Sources
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
    witnessed = 0
    if source is not None:
        witnessed = _audit(tools, job, right_order, source)
    lost = tools.guard.apply(c_file, places, constants=constants, witnessed=witnessed)
    return c_file, lost


def _audit(tools: Tools, job: Job, right_order: Job, source: Sources) -> int:
    """Have mrustc say how it computes the constants of a crate, and check what it says.

    Return how many of them rustc has alike.
    """
    pointer = pointer_bytes(job.target.read_text(encoding="utf-8"))
    compared = Compared()
    # Both together are more than is kept of a log.
    for phases in (PHASES, folding.PHASES):
        with scratch(right_order.output.parent, TRACE) as folder:
            traced = trace_job(right_order, folder, phases)
            log = folder / "mrustc.log"
            transpile(tools.mrustc, traced, log)
            if phases is PHASES and (tools.values or tools.taken):
                compared = _compared(tools, job, right_order, source, log)
            audit(
                log, traced, pointer, source, phases, compared,
                overflow_checks=tools.guard.overflow_checks,
            )  # fmt: skip
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
    own_log = log.with_name("target.log")
    transpile(tools.mrustc, trace_job(job, log.parent / "target", PHASES), own_log)
    own = direct.compare(own_log)
    return mirrored.unless(own) if source.faulty else own


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")
