# SPDX-License-Identifier: GPL-2.0-only
"""``python -m tests.coretests``: the tests of Rust's own ``core``, through each transpiler.

A test counts where it passes as rustc builds it for this machine, with the same arithmetic and
without std; then it has to pass in each way.  All that does not pass is named with the reason.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from pipeline.check.rustc import find_rustc
from pipeline.errors import FerricError, UserError
from pipeline.files import write_atomic
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source, open_source
from pipeline.transpile.rustc.emit import own_source
from tests.coretests.build import Place, judge
from tests.coretests.judge import Verdict
from tests.coretests.report import Result, document, show
from tests.coretests.source import Test, listing
from tests.fuzz.batch import way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipeline.transpile.choice import Transpiler
    from tests.fuzz.batch import Way

ARCHITECTURES = ("m68k", "x86_64")
_ABORT = ("-Cpanic=abort", "-Zpanic_abort_tests")
_TOGETHER = 400


@dataclass(frozen=True)
class Suite:
    """The coretests that go with a transpiler's library, and all their tests by now chosen."""

    transpiler: Transpiler
    release: str
    tests: Path
    chosen: tuple[Test, ...]
    aborting: frozenset[Test]


@dataclass(frozen=True)
class Job:
    """Tests that share a crate in a way; None is rustc for this machine."""

    suite: Suite
    way: Way | None
    chosen: tuple[Test, ...]
    folder: Path


def suite(transpiler: Transpiler, modules: Sequence[str]) -> Suite:
    """Return the tests below some modules, all without any.

    Raises :class:`~pipeline.errors.UserError` where a tool or a module is missing.
    """
    rustc = find_rustc(None)
    if transpiler == "rustc":
        library = own_source(rustc)
        release = open_source(library, "rustc's own").release
    else:
        source = find_rust_source(None, find_mrustc(None).releases)
        library, release = source.library, source.release
    tests = library / "coretests" / "tests"
    if not (tests / "lib.rs").is_file():
        raise UserError("this library source is without its tests", where=str(tests))
    chosen = tuple(one for one in listing(rustc, tests) if _below(one, modules))
    if not chosen:
        raise UserError(f"no test is below {' or '.join(modules)}", where=str(tests))
    return Suite(transpiler, release, tests, chosen, frozenset(listing(rustc, tests, _ABORT)))


def _below(test: Test, modules: Sequence[str]) -> bool:
    return not modules or any(f"{test.path}::".startswith(f"{one}::") for one in modules)


def groups(chosen: Sequence[Test]) -> Iterator[tuple[Test, ...]]:
    """Yield tests that share a crate: whole modules, where one is not too large by itself."""
    modules: dict[str, list[Test]] = {}
    for one in chosen:
        modules.setdefault(one.module, []).append(one)
    waiting: list[Test] = []
    for tests in modules.values():
        if waiting and len(waiting) + len(tests) > _TOGETHER:
            yield tuple(waiting)
            waiting = []
        waiting += tests
        while len(waiting) > _TOGETHER:
            yield tuple(waiting[:_TOGETHER])
            waiting = waiting[_TOGETHER:]
    if waiting:
        yield tuple(waiting)


def expected(one: Suite, natively: Mapping[Test, Verdict]) -> dict[Test, Verdict]:
    """Return the verdict of each test that no way is asked for: it is not run, and why."""
    found = {}
    for test in one.chosen:
        if test.ignored:
            found[test] = Verdict("not run", "its authors ignore it")
        elif test not in one.aborting:
            found[test] = Verdict("not run", "it is for panics that unwind")
        elif (verdict := natively.get(test)) and verdict.kind != "passed":
            why = verdict.why if verdict.kind == "not run" else f"natively: {verdict.why}"
            found[test] = Verdict("not run", why)
    return found


def run(
    suites: Sequence[Suite],
    ways: Sequence[Way],
    folder: Path,
    processes: int,
    advance: Callable[[int], None],
) -> Iterator[Result]:
    """Yield the result of each way; ``advance`` is told of tests that are done."""
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, maxtasksperchild=1) as pool:

        def verdicts(one: Suite, of: Way | None, chosen: Sequence[Test]) -> dict[Test, Verdict]:
            found: dict[Test, Verdict] = {}
            name = f"{one.transpiler}-{of.arch if of else 'native'}"
            jobs = [
                Job(one, of, part, folder / f"{name}-{number}")
                for number, part in enumerate(groups(chosen))
            ]
            for part in pool.imap_unordered(_judged, jobs):
                found.update(part)
                advance(len(part))
            return found

        for one in suites:
            natively = verdicts(
                one, None, [test for test in one.chosen if not expected(one, {}).get(test)]
            )
            left = expected(one, natively)
            for of in ways:
                if of.transpiler == one.transpiler:
                    found = verdicts(one, of, [test for test in one.chosen if test not in left])
                    advance(len(left))
                    ordered = {test: {**left, **found}[test] for test in one.chosen}
                    yield Result(of.arch, of.transpiler, one.release, ordered)


def _judged(job: Job) -> dict[Test, Verdict]:
    return judge(Place(job.suite.tests, job.way, job.folder), job.chosen)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, with a bar; exit status 1 where a test fails that passes natively."""
    parser = argparse.ArgumentParser(prog="python -m tests.coretests", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="for example num::floats")
    parser.add_argument("--arch", action="append", help="default: " + " ".join(ARCHITECTURES))
    parser.add_argument("--transpiler", choices=("rustc", "mrustc", "both"), default="both")
    parser.add_argument("-j", "--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a file of JSON for every test's verdict")
    args = parser.parse_args(argv)
    both: tuple[Transpiler, ...] = ("rustc", "mrustc")
    transpilers = both if args.transpiler == "both" else (args.transpiler,)
    architectures = args.arch or ARCHITECTURES
    console = Console()
    with tempfile.TemporaryDirectory(prefix="ferric-coretests-") as name:
        try:
            ways = [way(arch, one) for one in transpilers for arch in architectures]
            suites = [suite(one, args.modules) for one in transpilers]
            total = sum(len(one.chosen) for one in suites) * (len(architectures) + 1)
            columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=Console(stderr=True)) as bar:
                task = bar.add_task("", total=total)
                results = list(
                    run(suites, ways, Path(name), args.processes, lambda n: bar.advance(task, n))
                )
                bar.update(task, completed=total)
        except FerricError as error:
            print(error, file=sys.stderr)
            return 2
    show(results, console)
    if args.out:
        write_atomic(args.out, json.dumps(document(results), indent=1) + "\n")
    return 1 if any(one.count("failed") for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
