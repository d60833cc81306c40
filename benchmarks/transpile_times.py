# SPDX-License-Identifier: GPL-2.0-only
"""Wall-clock times from Rust to an object: what each transpiler and GCC take for a sample.

Every run begins with an empty cache of its own, so that the first transpiling has Rust's library in
it and the second has not.  GCC's times are for the sample's own C, and with mrustc for the C of the
whole of ``core``, which the sample's object is linked with.  Medians are printed with the least and
the most, and the processor's time beside them, which a busy machine hardly changes; ratios are to
GCC's time for the C that rustc's front end makes of the sample.

    .venv/bin/python -m benchmarks.transpile_times --arch m68k --sample hello --runs 3
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rich.console import Console
from rich.table import Table

from pipeline import stages
from pipeline.compile.object import compile_c
from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError
from pipeline.target import resolve
from pipeline.transpile.choice import Transpiler
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.target import Target
    from pipeline.transpile.crates import Units

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
BASE = "rustc: GCC, the sample's C"

Times = dict[str, list[tuple[float, float]]]
"""By step, the seconds that passed and those of the processor, for each run."""


def main() -> int:
    """Measure and print; 1 where a tool failed."""
    args = _arguments()
    transpilers: list[Transpiler] = args.transpiler or ["rustc", "mrustc"]
    times: Times = defaultdict(list)
    try:
        for _ in range(args.runs):
            for transpiler in transpilers:
                _measure(args, transpiler, times)
    except FerricError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _show(args, times)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--arch", default="m68k")
    parser.add_argument("--sample", default="hello", help="a folder of samples/; default: hello")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--transpiler", action="append", choices=get_args(Transpiler), help="default: both"
    )
    parser.add_argument("--rust-src", default="", help="the library's source for mrustc")
    return parser.parse_args()


def _measure(args: argparse.Namespace, transpiler: Transpiler, times: Times) -> None:
    """Add one run's times, with a cache that nobody has used."""
    with tempfile.TemporaryDirectory(prefix="ferric-bench-") as name:
        folder = Path(name)
        os.environ["FERRIC_CACHE"] = str(folder / "cache")
        rust_src = args.rust_src if transpiler == "mrustc" else ""
        if transpiler == "mrustc":
            # Unpacking an archive is no part of transpiling.
            find_rust_source(rust_src or None, find_mrustc(None).releases)
        target = resolve(args.arch, "none", transpiler)
        crate = load_crate(SAMPLES / args.sample)

        def transpile(out: Path) -> Units:
            options = stages.Options(
                crate.root, args.arch, out, kernel="none", transpiler=transpiler, rust_src=rust_src
            )
            return stages.run_transpile(options, target, crate, stages.Outputs(out, crate.name))

        for kind in ("with the library", "the sample"):
            out = folder / kind.replace(" ", "-")
            with _timed(times[f"{transpiler}: to C, {kind}"]):
                units = transpile(out)
        _compile(target, out, units, times)


def _compile(target: Target, out: Path, units: Units, times: Times) -> None:
    """Add GCC's times for the sample's own C, and for the C of ``core`` where there is such."""
    mrustc = target.transpiler == "mrustc"
    sources = [("the sample's C", out / units.crate.c_file)]
    sources += [("core's C", Path(one.c_file)) for one in units.library if one.name == "core"]
    for what, source in sources:
        output = out / f"{source.stem}.o"
        with _timed(times[f"{target.transpiler}: GCC, {what}"]):
            compile_c(target.toolchain, target.flags, source, output, mrustc=mrustc)


@contextlib.contextmanager
def _timed(times: list[tuple[float, float]]) -> Iterator[None]:
    """Add what the block takes."""
    begun, used = time.perf_counter(), _processor()
    yield
    times.append((time.perf_counter() - begun, _processor() - used))


def _processor() -> float:
    """Return the processor's seconds of this process and of the commands that it ran."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def _show(args: argparse.Namespace, times: Times) -> None:
    table = Table(title=f"{args.sample} for {args.arch}, {args.runs} runs, an empty cache each")
    headings = ("step", "median s", "least s", "most s", "ratio", "processor s", "ratio")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    medians = {step: [statistics.median(one) for one in zip(*rows, strict=True)]
               for step, rows in times.items()}  # fmt: skip
    base = medians.get(BASE)
    for step, (passed, used) in medians.items():
        walls = [wall for wall, _ in times[step]]
        ratios = [f"{passed / base[0]:.1f}", f"{used / base[1]:.1f}"] if base else ["", ""]
        row = [f"{one:.2f}" for one in (passed, min(walls), max(walls))]
        table.add_row(step, *row, ratios[0], f"{used:.2f}", ratios[1])
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    sys.exit(main())
