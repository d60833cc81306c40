# SPDX-License-Identifier: GPL-2.0-only
"""Runs of mrustc in which it writes down what it computes, and the reading of their logs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Final

from pipeline.errors import ToolError, UserError
from pipeline.run import MAX_OUTPUT
from pipeline.transpile.constants.trace import MEND, Audit, raise_all
from pipeline.transpile.constants.within import INSIDE
from pipeline.transpile.constants.witnessed import Compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipeline.transpile.constants.source import Sources
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


@dataclass(frozen=True)
class Steps:
    """What mrustc writes of the steps of some phases, in a log of their own."""

    phases: tuple[str, ...]
    log: Path


@contextlib.contextmanager
def traced(job: Job, folder: Path, *groups: Sequence[str]) -> Iterator[tuple[Job, list[Steps]]]:
    """Yield the same job with the steps of some phases written down, each group in a log.

    What is written is the same; the logs are whole when the block ends.
    """
    steps = [Steps(tuple(group), folder / f"steps-{n}.log") for n, group in enumerate(groups)]
    folder.mkdir(parents=True, exist_ok=True)
    debug = ("MRUSTC_DEBUG", ":".join(phase for one in steps for phase in one.phases))
    with contextlib.ExitStack() as stack:
        sorters = [_Sorter(one.phases, stack.enter_context(one.log.open("wb"))) for one in steps]

        def keep(line: bytes) -> bool:
            if any(one.takes(line) for one in sorters):
                return False
            return not line[:1].isspace()

        yield replace(job, env=(*job.env, debug), keep=keep), steps


class _Sorter:
    """Writes down what is read of the lines of some phases: a large crate's are gigabytes."""

    def __init__(self, phases: Iterable[str], log: IO[bytes]) -> None:
        self.heads = tuple(f"{one}-".encode() for one in phases)
        self.seen: set[bytes] = set()
        self.log = log
        self.left = MAX_OUTPUT

    def takes(self, line: bytes) -> bool:
        """Say whether a line is of these phases; a step, and the first of each, is written."""
        if not line.startswith(self.heads):
            return False
        head = line.partition(b"-")[0]
        if self.left > 0 and (head not in self.seen or any(word in line for word in _WANTED)):
            self.seen.add(head)
            self.left -= self.log.write(line)
        return True


def audit(
    steps: Steps,
    job: Job,
    pointer: int,
    source: Sources,
    compared: Compared | None = None,
    *,
    overflow_checks: bool = False,
) -> None:
    """Read the log of some phases of a traced run; ``compared`` is what rustc says of it.

    ``overflow_checks``: what overflows in a function has to panic there.
    :class:`UserError` for the constants that mrustc gets wrong, :class:`ToolError` where there are
    no steps in the log (mrustc was built without debug output), or more than are kept of it.
    """
    log, phases = steps.log, steps.phases
    if log.stat().st_size >= MAX_OUTPUT:
        raise ToolError(
            f"mrustc: {job.crate_name}: it computes more than can be read of what it says",
            argv=[f"MRUSTC_DEBUG={phases[0]}", "mrustc"],
            log=log,
            mend="divide the crate, or use transpiler=rustc",
        )
    compared = compared or Compared()
    read = Audit(pointer, source, compared.alike, overflow_checks=overflow_checks)
    with log.open(encoding="utf-8", errors="replace") as lines:
        read.collect(lines)
    wrong = dict(read.wrong)
    for name, where in compared.places.items():
        if name in wrong:
            wrong[name].where = where
    for name, one in compared.differs.items():
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
