# SPDX-License-Identifier: GPL-2.0-only
"""``python -m tests.fuzz.programs``: random Rust programs, by the thousand, in every way.

Each runs as rustc builds it for this machine and as Ferric does for another one, and has to say the
same and end with the same status.  One that does not is made smaller, shown and kept; the same seed
and number make the same program.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.programs.small import PANIC_STATUS
from tests.fuzz.batch import Way, clear, run_native, run_way, source, way
from tests.fuzz.generate.program import BATCH, Program, program
from tests.fuzz.reduce import reduced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.programs.small import Ran
    from pipeline.transpile.choice import Transpiler
    from tests.fuzz.generate.tree import Node

ARCHITECTURES = ("m68k", "parisc", "sh", "alpha")
_ENDS = (0, PANIC_STATUS)


@dataclass(frozen=True)
class Difference:
    """A program that a way does otherwise than rustc for this machine."""

    number: int
    heap: bool
    way: Way
    expected: Ran
    found: Ran

    def __str__(self) -> str:
        """Return the first line that differs, and how the two ended."""
        if self.found.kind != "ran":
            return f"{self.found.kind}: {self.found.why}"
        ours, theirs = self.found.output.splitlines(), self.expected.output.splitlines()
        lines = max(len(ours), len(theirs))
        for index in range(lines):
            pair = (
                [*theirs[index : index + 1], "(no line)"][0],
                [*ours[index : index + 1], "(no line)"][0],
            )
            if pair[0] != pair[1]:
                return f"line {index + 1}: rustc says {pair[0]!r}, it says {pair[1]!r}"
        return f"status {self.found.status} for {self.expected.status}"


@dataclass(frozen=True)
class Outcome:
    """What a batch did: how many ran and panicked, what differed, what no rustc took."""

    count: int
    panics: int
    differences: tuple[Difference, ...]
    invalid: str = ""


def same(expected: Ran, found: Ran) -> bool:
    """Say whether a program did what it does natively: its log and its status."""
    return (found.kind, found.status, found.output) == ("ran", expected.status, expected.output)


def attempt(programs: Sequence[Program], ways: Sequence[Way], folder: Path) -> Outcome:
    """Run programs (all with a heap, or none) natively and in each way, in one crate."""
    texts, heap = [one.tree.text() for one in programs], programs[0].heap
    expected = run_native(texts, folder, heap=heap)
    bad = [one for one in expected if one.kind != "ran" or one.status not in _ENDS]
    if bad:
        return Outcome(len(texts), 0, (), bad[0].why or f"status {bad[0].status}: {bad[0].output}")
    differences: list[Difference] = []
    for one in ways:
        found = run_way(texts, folder, one, heap=heap)
        if found[0].kind in {"refused", "broken"} and len(programs) > 1:
            # One program keeps the others from being built: find it.
            half = len(programs) // 2
            for index, part in enumerate((programs[:half], programs[half:])):
                inner = attempt(part, [one], folder / f"half-{index}")
                differences += inner.differences
            continue
        differences += [
            Difference(made.number, heap, one, wanted, got)
            for made, wanted, got in zip(programs, expected, found, strict=True)
            if not same(wanted, got)
        ]
    panics = sum(one.status == PANIC_STATUS for one in expected)
    return Outcome(len(texts), panics, tuple(differences))


def simplest(tree: Node, difference: Difference, folder: Path) -> Node:
    """Return the smallest program found that still differs in the same way of going wrong."""

    def judge(trees: Sequence[Node]) -> list[bool]:
        texts = [one.text() for one in trees]
        return _differ(texts, difference, folder)

    return reduced(tree, judge)


def _differ(texts: Sequence[str], difference: Difference, folder: Path) -> list[bool]:
    """Say of each program whether rustc takes it and the way still does otherwise."""
    heap = difference.heap
    expected = run_native(texts, folder, heap=heap)
    if expected[0].kind == "broken":
        return _parts(texts, lambda part: _differ(part, difference, folder))
    found = run_way(texts, folder, difference.way, heap=heap)
    if found[0].kind in {"refused", "broken"} and difference.found.kind == "ran":
        return _parts(texts, lambda part: _differ(part, difference, folder))
    if found[0].kind in {"refused", "broken"} and len(texts) > 1:
        return _parts(texts, lambda part: _differ(part, difference, folder))
    return [
        wanted.kind == "ran" and wanted.status in _ENDS and got.kind == difference.found.kind
        and not same(wanted, got)
        for wanted, got in zip(expected, found, strict=True)
    ]  # fmt: skip


def _parts(texts: Sequence[str], judge: Callable[[Sequence[str]], list[bool]]) -> list[bool]:
    """Judge the two halves of what does not build together; one alone that does not is no."""
    if len(texts) == 1:
        return [False]
    half = len(texts) // 2
    return judge(texts[:half]) + judge(texts[half:])


def batches(first: int, count: int) -> Iterator[range]:
    """Yield ranges of numbers whose programs share a crate."""
    at, end = first, first + count
    while at < end:
        stop = min(end, (at // BATCH + 1) * BATCH)
        yield range(at, stop)
        at = stop


def run(
    seed: int, numbers: Sequence[range], ways: Sequence[Way], folder: Path, processes: int
) -> Iterator[Outcome]:
    """Yield the outcome of each batch."""
    jobs = [(seed, one, tuple(ways), folder / f"{one.start}") for one in numbers]
    context = multiprocessing.get_context("fork")
    with context.Pool(processes) as pool:
        yield from pool.imap_unordered(_attempt, jobs)


def _attempt(job: tuple[int, range, tuple[Way, ...], Path]) -> Outcome:
    seed, numbers, ways, folder = job
    outcome = attempt(
        [program(seed, number, atomics=_atomics(ways)) for number in numbers], ways, folder
    )
    clear(folder)
    return outcome


def _atomics(ways: Sequence[Way]) -> bool:
    """Say whether Rust has atomics of the common widths in each way: parisc has none."""
    return all({8, 16, 32} <= set(one.target.layout.atomics) for one in ways)


def keep(seed: int, difference: Difference, folder: Path, *, reduce: bool, atomics: bool) -> str:
    """Write a differing program, made smaller, with what is wrong; return what is to be shown."""
    tree = program(seed, difference.number, atomics=atomics).tree
    work = folder / "reduce"
    if reduce:
        tree = simplest(tree, difference, work)
        clear(work)
    name = f"{seed}-{difference.number}-{difference.way.transpiler}-{difference.way.arch}.rs"
    head = f"{difference.way}, --seed {seed} --first {difference.number} --count 1: {difference}"
    body = "".join(f"// {line}\n" for line in head.splitlines()) + tree.text()
    write_atomic(folder / name, body)
    write_atomic(folder / f"{name}.crate", source([tree.text()], heap=difference.heap))
    return f"{head}\n{tree.text()}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run, with a bar; exit status 1 where a program differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.programs", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first program's number")
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--arch", action="append", help="default: " + " ".join(ARCHITECTURES))
    parser.add_argument("--transpiler", choices=("rustc", "mrustc", "both"), default="rustc")
    parser.add_argument("-j", "--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="the folder for what differs")
    parser.add_argument("--no-reduce", action="store_true", help="keep what differs as it is")
    args = parser.parse_args(argv)
    both: tuple[Transpiler, ...] = ("rustc", "mrustc")
    transpilers = both if args.transpiler == "both" else (args.transpiler,)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="ferric-fuzz-"))
    try:
        ways = [way(arch, one) for arch in args.arch or ARCHITECTURES for one in transpilers]
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    started = time.monotonic()
    count = panics = 0
    differing: list[Difference] = []
    invalid = 0
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=args.count)
        numbers = list(batches(args.first, args.count))
        for outcome in run(args.seed, numbers, ways, folder / "work", args.processes):
            bar.advance(task, outcome.count)
            count, panics = count + outcome.count, panics + outcome.panics
            if outcome.invalid:
                invalid += outcome.count
                bar.console.print(f"not valid: {outcome.invalid}", markup=False)
            for one in outcome.differences:
                differing.append(one)
                shown = keep(
                    args.seed, one, folder, reduce=not args.no_reduce, atomics=_atomics(ways)
                )
                bar.console.print(shown, markup=False, highlight=False)
    clear(folder / "work")
    print(
        f"{count} programs in {time.monotonic() - started:.0f} s, {panics} of them panic, "
        f"each {' and '.join(map(str, ways))}: {len(differing)} differ, {invalid} not valid"
    )
    if differing:
        print(f"kept in {folder}")
    elif not args.keep:
        folder.rmdir()
    return 1 if differing or invalid else 0


if __name__ == "__main__":
    sys.exit(main())
