# SPDX-License-Identifier: GPL-2.0-only
"""Runs of mrustc in which it writes down what it computes, and the reading of their logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.errors import ToolError, UserError
from pipeline.run import MAX_OUTPUT
from pipeline.transpile.constants.trace import MEND, Audit, raise_all
from pipeline.transpile.constants.within import INSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.transpile.constants.source import Sources
    from pipeline.transpile.constants.witnessed import Compared
    from pipeline.transpile.mrustc import Job

PHASES: Final = (
    "Constant Evaluate",
    "Expand HIR Static Borrow",
    "Constant Evaluate Full",
    "Trans Monomorph",
)
FOLDER: Final = "trace"
# What stands in each line that is read.
_WANTED: Final = (
    b" run_", b" evaluate_constant: ", b" get_lval: ", b") = ", b" known to be ",
    b" MIR_Optimise: >> (", b" do_arith_checked: ", *INSIDE,
)  # fmt: skip


def trace_job(job: Job, folder: Path, phases: Iterable[str]) -> Job:
    """Return the same job with its output in a folder, and each step of these phases in the log."""
    chosen = tuple(phases)
    debug = ("MRUSTC_DEBUG", ":".join(chosen))
    return replace(
        job, output=folder / job.output.name, env=(*job.env, debug), keep=_Steps(chosen).wanted
    )


class _Steps:
    """Tells what is read of the lines that mrustc writes: a large crate's are gigabytes."""

    def __init__(self, phases: Iterable[str]) -> None:
        self.heads = tuple(f"{one}-".encode() for one in phases)
        self.seen: set[bytes] = set()

    def wanted(self, line: bytes) -> bool:
        """Say whether a line is a step, the first of its phase, or none of the trace."""
        if not line.startswith(self.heads):
            return not line[:1].isspace()
        if any(word in line for word in _WANTED):
            return True
        head = line.partition(b"-")[0]
        first = head not in self.seen
        self.seen.add(head)
        return first


def audit(
    log: Path,
    job: Job,
    pointer: int,
    source: Sources,
    phases: Sequence[str],
    compared: Compared | None = None,
    *,
    overflow_checks: bool = False,
) -> None:
    """Read the log of a traced run of these phases; ``compared`` is what rustc says of it.

    ``overflow_checks``: what overflows in a function has to panic there.
    :class:`UserError` for the constants that mrustc gets wrong, :class:`ToolError` where there are
    no steps in the log (mrustc was built without debug output), or more than are kept of it.
    """
    if log.stat().st_size >= MAX_OUTPUT:
        raise ToolError(
            f"mrustc: {job.crate_name}: it computes more than can be read of what it says",
            argv=[f"MRUSTC_DEBUG={phases[0]}", "mrustc"],
            log=log,
            mend="divide the crate, or use transpiler=rustc",
        )
    alike = compared.alike if compared is not None else frozenset()
    steps = Audit(pointer, source, alike, overflow_checks=overflow_checks)
    with log.open(encoding="utf-8", errors="replace") as lines:
        steps.collect(lines)
    wrong = dict(steps.wrong)
    for name, one in compared.differs.items() if compared is not None else ():
        what = f"mrustc computes {name} wrongly: its bytes are {one.ours}, rustc's {one.theirs}"
        wrong.setdefault(name, UserError(what, where=one.where, mend=MEND))
    raise_all(list(wrong.values()))
    with log.open(encoding="utf-8", errors="replace") as lines:
        if not any(line.startswith(f"{phases[0]}-") for line in lines):
            raise ToolError(
                f"mrustc: {job.crate_name}: it does not say how it computes constants",
                argv=[f"MRUSTC_DEBUG={phases[0]}", "mrustc"],
                log=log,
                mend="build mrustc without DISABLE_DEBUG",
            )
