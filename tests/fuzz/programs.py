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
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.programs.small import PANIC_STATUS
from tests.fuzz.batch import NOT_BUILT, Way, clear, run_apart, run_native, run_way, source, way
from tests.fuzz.generate.program import BATCH, Program, program
from tests.fuzz.record import Entry, Record
from tests.fuzz.reduce import reduced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.programs.small import Ran
    from pipeline.transpile.choice import Transpiler
    from tests.fuzz.generate.tree import Node

ARCHITECTURES = ("m68k", "parisc", "sh", "alpha")
_ENDS = (0, PANIC_STATUS)
_STOPS = re.compile(r"\b(?:ERROR|BUG|TODO|ASSERT|error:\d|Assertion)\b")
_SAYS = re.compile(r"^\w.*\bmrustc\b")
_PLACE = re.compile(r"^\S*:\d[\d, ]*: ")
_LONGEST = 160


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
    """What a batch did: how many ran and panicked, what differed, what no rustc took.

    ``refused`` are why programs do not go through mrustc, ``seconds`` the processor time that all
    of it took.
    """

    numbers: range
    panics: int
    differences: tuple[Difference, ...]
    invalid: str = ""
    refused: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Return the number of programs."""
        return len(self.numbers)


def same(expected: Ran, found: Ran) -> bool:
    """Say whether a program did what it does natively: its log and its status."""
    return (found.kind, found.status, found.output) == ("ran", expected.status, expected.output)


def why_not(one: Way, found: Ran) -> str:
    """Return why a program does not go through mrustc, empty where that is no legal end.

    mrustc takes less than rustc: that it stops, or that Ferric refuses a form, is said aloud.
    """
    stops = found.kind == "broken" and found.why.startswith("mrustc: ")
    if one.transpiler != "mrustc" or not (found.kind == "refused" or stops):
        return ""
    lines = [_PLACE.sub("", line) for line in found.why.splitlines()]
    said = [line for line in lines if (_STOPS if stops else _SAYS).search(line)]
    return (said or lines)[0][:_LONGEST]


def attempt(programs: Sequence[Program], ways: Sequence[Way], folder: Path) -> Outcome:
    """Run programs natively and in each way, in one crate."""
    texts, heap = [one.tree.text() for one in programs], any(one.heap for one in programs)
    numbers = range(programs[0].number, programs[-1].number + 1)
    expected = run_native(texts, folder, heap=heap)
    bad = [one for one in expected if one.kind != "ran" or one.status not in _ENDS]
    if bad:
        return Outcome(numbers, 0, (), bad[0].why or f"status {bad[0].status}: {bad[0].output}")
    differences: list[Difference] = []
    refused: list[str] = []
    for one in ways:
        found = run_apart(texts, folder, one, heap=heap)
        for made, wanted, got in zip(programs, expected, found, strict=True):
            if reason := why_not(one, got):
                refused.append(reason)
            elif not same(wanted, got):
                differences.append(Difference(made.number, made.heap, one, wanted, got))
    panics = sum(one.status == PANIC_STATUS for one in expected)
    return Outcome(numbers, panics, tuple(differences), refused=tuple(refused))


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
    if found[0].kind in NOT_BUILT and difference.found.kind == "ran":
        return _parts(texts, lambda part: _differ(part, difference, folder))
    if found[0].kind in NOT_BUILT and len(texts) > 1:
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
    before = _processor_time()
    outcome = attempt([_program(seed, number, ways) for number in numbers], ways, folder)
    clear(folder)
    return replace(outcome, seconds=_processor_time() - before)


def _processor_time() -> float:
    """Return the seconds that this process and its ended children have computed."""
    return sum(os.times()[:4])


def _program(seed: int, number: int, ways: Sequence[Way]) -> Program:
    guarded = any(one.transpiler == "mrustc" for one in ways)
    return program(seed, number, atomics=_atomics(ways), guarded=guarded)


def _atomics(ways: Sequence[Way]) -> bool:
    """Say whether Rust has atomics of the common widths in each way: parisc has none."""
    return all({8, 16, 32} <= set(one.target.layout.atomics) for one in ways)


def keep(
    seed: int, difference: Difference, ways: Sequence[Way], folder: Path, *, reduce: bool
) -> str:
    """Write a differing program, made smaller, with what is wrong; return what is to be shown."""
    tree = _program(seed, difference.number, ways).tree
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
    parser.add_argument("--log", type=Path, help="a file of what is done, which is not done again")
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
    record = Record(args.log, args.seed, [str(one) for one in ways])
    every = list(batches(args.first, args.count))
    numbers = record.left(every)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        done = args.count - sum(map(len, numbers))
        task = bar.add_task("", total=args.count, completed=done)
        for outcome in run(args.seed, numbers, ways, folder / "work", args.processes):
            bar.advance(task, outcome.count)
            if outcome.invalid:
                bar.console.print(f"not valid: {outcome.invalid}", markup=False)
            for one in outcome.differences:
                shown = keep(args.seed, one, ways, folder, reduce=not args.no_reduce)
                bar.console.print(shown, markup=False, highlight=False)
            record.add(_entry(outcome, args.seed, ways))
    clear(folder / "work")
    print(record.summary())
    differing = any(one.differing for one in record.entries)
    if differing:
        print(f"kept in {folder}")
    elif not args.keep:
        folder.rmdir()
    return 1 if differing or any(one.invalid for one in record.entries) else 0


def _entry(outcome: Outcome, seed: int, ways: Sequence[Way]) -> Entry:
    return Entry(
        seed, tuple(map(str, ways)), outcome.numbers.start, outcome.count, outcome.panics,
        outcome.count if outcome.invalid else 0,
        tuple(f"{one.number}, {one.way}: {one}" for one in outcome.differences),
        dict(Counter(outcome.refused)), round(outcome.seconds, 1),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
