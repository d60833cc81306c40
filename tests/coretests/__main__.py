# SPDX-License-Identifier: GPL-2.0-only
"""``python -m tests.coretests``: the tests of Rust's own ``core``, through each transpiler.

A test counts where it passes as rustc builds it for this machine, with the same arithmetic and
without std; then it has to pass in each way.  All that does not pass is named with the reason.
What is being done is said line by line; with ``--log`` a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from pipeline.check.rustc import find_rustc
from pipeline.errors import FerricError, UserError
from pipeline.files import write_atomic
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source, open_source
from pipeline.transpile.rustc.emit import own_source
from tests.coretests.build import Judging, Place
from tests.coretests.floating import with_floats
from tests.coretests.judge import SECONDS, Verdict
from tests.coretests.record import Record
from tests.coretests.report import Result, document, show
from tests.coretests.source import Test, listing
from tests.fuzz.batch import way

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.transpile.choice import Transpiler
    from tests.fuzz.batch import Way

ARCHITECTURES = ("m68k", "x86_64")
BAD = ("failed", "not built")
_ABORT = ("-Cpanic=abort", "-Zpanic_abort_tests")
_TOGETHER = 150


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
    record: Record
    seconds: int

    @property
    def name(self) -> str:
        """How the record and what is said name the way."""
        return way_name(self.suite, self.way)


def way_name(one: Suite, of: Way | None) -> str:
    """Return the name of a way."""
    return str(of) if of else f"{one.transpiler}'s natively"


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


def groups(chosen: Sequence[Test], most: int = _TOGETHER) -> Iterator[tuple[Test, ...]]:
    """Yield tests that share a crate: whole modules, where one has not more than ``most``.

    What a macro makes for the compiler to compute is apart from what it makes of it to run.
    """
    modules: dict[tuple[str, bool], list[Test]] = {}
    for one in chosen:
        modules.setdefault((one.module, one.constant), []).append(one)
    waiting: list[Test] = []
    for tests in modules.values():
        apart = waiting and waiting[0].constant != tests[0].constant
        if waiting and (apart or len(waiting) + len(tests) > most):
            yield tuple(waiting)
            waiting = []
        waiting += tests
        while len(waiting) > most:
            yield tuple(waiting[:most])
            waiting = waiting[most:]
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
    record: Record,
    seconds: int = SECONDS,
    together: int = _TOGETHER,
) -> Iterator[Result]:
    """Yield the result of each way; what ``record`` has is not run again."""
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, maxtasksperchild=1) as pool:

        def verdicts(one: Suite, of: Way | None, chosen: Sequence[Test]) -> dict[Test, Verdict]:
            name = way_name(one, of)
            found = record.known(one.release, name, chosen)
            left = [test for test in chosen if test not in found]
            _say(name, f"{len(chosen)} tests, {len(left)} of them still to run")
            jobs = [
                Job(one, of, part, folder / f"{name}-{number}".replace(" ", "-"), record, seconds)
                for number, part in enumerate(groups(left, together))
            ]
            for part in pool.imap_unordered(_judged, jobs):
                found.update(part)
                kinds = Counter(verdict.kind for verdict in found.values())
                done = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
                _say(name, f"{len(found)} of {len(chosen)} tests: {done}")
            return found

        for one in suites:
            natively = verdicts(
                one, None, [test for test in one.chosen if not expected(one, {}).get(test)]
            )
            left = expected(one, natively)
            for of in ways:
                if of.transpiler == one.transpiler:
                    found = verdicts(one, of, [test for test in one.chosen if test not in left])
                    ordered = {test: {**left, **found}[test] for test in one.chosen}
                    yield Result(of.arch, of.transpiler, one.release, ordered)


def _judged(job: Job) -> dict[Test, Verdict]:
    # Only here: between processes a way has its name alone.
    there = job.way and replace(job.way, target=with_floats(job.way.target))
    place = Place(job.suite.tests, there, job.folder, job.seconds)

    def keep(some: Mapping[Test, Verdict]) -> None:
        job.record.add(job.suite.release, job.name, some)
        for test, verdict in some.items():
            if verdict.kind not in ("passed", "not run"):
                _say(job.name, f"{test.path} {verdict.kind}: {' '.join(verdict.why.split())}")

    return Judging(place, keep, lambda what: _say(job.name, what)).judge(job.chosen)


def _say(name: str, what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {name}: {what}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run; exit status 1 where a test fails, or is not built, that passes natively."""
    parser = argparse.ArgumentParser(prog="python -m tests.coretests", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="for example num::floats")
    parser.add_argument("--arch", action="append", help="default: " + " ".join(ARCHITECTURES))
    parser.add_argument("--transpiler", choices=("rustc", "mrustc", "both"), default="both")
    parser.add_argument("-j", "--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="a file of JSON for every test's verdict")
    parser.add_argument("--log", type=Path, help="keep each verdict, and go on where a run stopped")
    parser.add_argument(
        "--again", action="store_true", help="run what failed or was not built in --log again"
    )
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of processor time for a test")
    parser.add_argument("--together", type=int, default=_TOGETHER, help="tests that share a crate")
    args = parser.parse_args(argv)
    both: tuple[Transpiler, ...] = ("rustc", "mrustc")
    transpilers = both if args.transpiler == "both" else (args.transpiler,)
    architectures = args.arch or ARCHITECTURES
    console = Console()
    with tempfile.TemporaryDirectory(prefix="ferric-coretests-") as name:
        try:
            ways = [way(arch, one) for one in transpilers for arch in architectures]
            suites = [suite(one, args.modules) for one in transpilers]
            record = Record(args.log, again=BAD if args.again else ())
            limits = (args.processes, record, args.seconds, args.together)
            results = list(run(suites, ways, Path(name), *limits))
        except FerricError as error:
            print(error, file=sys.stderr)
            return 2
    show(results, console)
    if args.out:
        write_atomic(args.out, json.dumps(document(results), indent=1) + "\n")
    return 1 if any(one.count(kind) for one in results for kind in BAD) else 0


if __name__ == "__main__":
    sys.exit(main())
