# SPDX-License-Identifier: GPL-2.0-only
"""``python -m tests.fuzz.judge``: spoiled modules, by the ten thousand, before the judge.

Each has to end in a verdict or in a UserError, in the time and the memory that a file of its size
may cost, and nothing of it may reach a terminal raw.  What fails is kept, with its number: the same
seed and number make the same bytes.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pipeline.errors import UserError
from pipeline.report.summary import print_summary, print_verdict
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import to_json
from pipeline.validate.guard import STOPPED
from pipeline.validate.judge import judge
from pipeline.validate.verb import against, architecture
from tests.fuzz.mutation import mutated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.validate.reference import Reference

SECONDS = 2.0  # of processor time for a file of up to a megabyte, and in proportion above
MEGABYTES = 500
_MEGABYTE = 1 << 20
_ALLOWED = {"\n"}


@dataclass(frozen=True)
class Base:
    """A good module that is spoiled, and what it is held against."""

    obj: Object
    reference: Reference


@dataclass(frozen=True)
class Outcome:
    """What one spoiled file did: ``fault`` is empty where all was well, costs are CPU and RSS."""

    number: int
    fault: str
    seconds: float
    megabytes: float
    judged: bool


def base(path: Path, kernel: Path | None) -> Base:
    """Read a module, and what it is judged against (:class:`UserError` where that fails)."""
    obj = Object.read(path)
    return Base(obj, against(architecture(obj, None, load()), kernel))


def spoiled(one: Base, seed: int, number: int) -> bytes:
    """Return the bytes of file ``number`` of the run ``seed``."""
    return mutated(one.obj, random.Random(f"{seed} {number}"))  # noqa: S311 - for tests only


def attempt(one: Base, seed: int, number: int, folder: Path) -> Outcome:
    """Judge one spoiled file, look at all that is printed, and measure."""
    path = folder / f"{seed}-{number}.ko"
    path.write_bytes(spoiled(one, seed, number))
    start = _processor_time()
    judged, fault = False, ""
    try:
        judged = _judge(path, one.reference)
    except UserError as error:
        fault = _raw(str(error))
    except Exception:  # noqa: BLE001 - whatever gets out of the judge is what is looked for
        fault = traceback.format_exc()
    seconds, megabytes = _processor_time() - start, _peak()
    limit = SECONDS * max(1.0, path.stat().st_size / _MEGABYTE)
    if not fault and seconds > limit:
        fault = f"{seconds:.1f} s of processor time, more than {limit:.1f}"
    if not fault and megabytes > MEGABYTES:
        fault = f"{megabytes:.0f} MB, more than {MEGABYTES}"
    if not fault:
        path.unlink()
    return Outcome(number, fault, seconds, megabytes, judged)


def _judge(path: Path, reference: Reference) -> bool:
    """Judge and print in all ways; raise AssertionError where raw bytes get through."""
    verdict = judge(Object.read(path), reference)
    stopped = [one for one in verdict.findings if one.evidence.startswith(STOPPED)]
    if stopped:
        raise AssertionError(f"{stopped[0].check}: {stopped[0].evidence}")
    stream = io.StringIO()
    console = Console(file=stream, width=200, color_system=None)
    print_verdict(verdict, console)
    print_summary([verdict], console)
    document = to_json(verdict)
    if not document.isascii() or _raw(stream.getvalue()) or _raw(document):
        raise AssertionError(_raw(stream.getvalue()) or "JSON that is not plain ASCII")
    return True


def _raw(text: str) -> str:
    """Return what of ``text`` a terminal might obey, or nothing."""
    found = {char for char in text if not char.isprintable() and char not in _ALLOWED}
    return f"raw {sorted(map(ascii, found))} in what is printed" if found else ""


def _processor_time() -> float:
    """Return the seconds that this process and its ended children have computed."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _peak() -> float:
    """Return the most megabytes that this process or a child of it ever had.

    Of the process itself ``VmHWM``, as ``ru_maxrss`` counts what the process that started it had
    before ``execve`` too (exec_mmap() in the kernel's fs/exec.c).
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / 1024


def run(
    bases: Sequence[Base], seed: int, count: int, folder: Path, processes: int
) -> Iterator[Outcome]:
    """Yield the outcome of ``count`` files; each process judges a share of them."""
    jobs = [(bases[number % len(bases)], seed, number, folder) for number in range(count)]
    context = multiprocessing.get_context("fork")
    # A process that grew says nothing of the next file: a new one after some hundreds.
    with context.Pool(processes, maxtasksperchild=20) as pool:
        yield from pool.imap_unordered(_attempt, jobs, chunksize=16)


def _attempt(job: tuple[Base, int, int, Path]) -> Outcome:
    return attempt(*job)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, with a bar; exit status 1 where a file was not borne with."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.judge", description=__doc__)
    parser.add_argument("modules", type=Path, nargs="+", help="good modules that are spoiled")
    parser.add_argument("--kernel", type=Path, help="the built tree that the modules are for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("-j", "--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="ferric-fuzz-"))
    bases = [base(path, args.kernel) for path in args.modules]
    started, outcomes = time.monotonic(), []
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=args.count)
        for outcome in run(bases, args.seed, args.count, folder, args.processes):
            outcomes.append(outcome)
            bar.advance(task)
            if outcome.fault:
                bar.console.print(f"{args.seed}-{outcome.number}: {outcome.fault}", markup=False)
    faults = sum(bool(outcome.fault) for outcome in outcomes)
    print(
        f"{len(outcomes)} files in {time.monotonic() - started:.0f} s: "
        f"{sum(outcome.judged for outcome in outcomes)} judged, the others refused; "
        f"at most {max(outcome.seconds for outcome in outcomes):.2f} s of processor time and "
        f"{max(outcome.megabytes for outcome in outcomes):.0f} MB; {faults} not borne with"
    )
    if faults:
        print(f"kept in {folder}")
    else:
        folder.rmdir()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
