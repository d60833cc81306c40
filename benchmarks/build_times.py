# SPDX-License-Identifier: GPL-2.0-only
"""Wall-clock times of ``scons``: a clean build, a one-line edit, and a run with nothing to do.

A copy of a sample is built through the command that a user types.  The user's cache is warm (one
run before the first that counts fills it), so a clean build is all stages of the crate and none of
the library's.  Medians are printed with the least and the most, and the ratio to the clean build.

    .venv/bin/python benchmarks/build_times.py --arch m68k --sample hello --runs 5
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
KINDS = ("clean", "edit", "null")


def main() -> int:
    """Measure and print; the exit status is SCons's where a run failed."""
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="ferric-bench-") as folder:
        crate = Path(folder) / args.sample
        shutil.copytree(PROJECT / "samples" / args.sample, crate)
        source = crate / "src/lib.rs"
        original = source.read_text(encoding="utf-8")
        scons = [sys.executable, "-m", "SCons", "-s", f"arch={args.arch}", f"module={crate}"]
        scons += [f"kernel={args.kernel}", f"-j{args.jobs}"]
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        _timed(scons)
        for number in range(args.runs):
            _timed([*scons, "-c"])
            times["clean"].append(_timed(scons))
            source.write_text(f"{original}pub static EDITED: u32 = {number};\n", encoding="utf-8")
            times["edit"].append(_timed(scons))
            times["null"].append(_timed(scons))
        _timed([*scons, "-c"])
    _show(args, times)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--arch", default="m68k")
    parser.add_argument("--kernel", default="auto", help="as scons takes it; default: auto")
    parser.add_argument("--sample", default="hello", help="a folder of samples/; default: hello")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _timed(argv: list[str]) -> float:
    """Run a command and return its seconds; one that fails ends the benchmark with its words."""
    begun = time.perf_counter()
    done = subprocess.run(
        argv, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        sys.exit(done.returncode)
    return seconds


def _show(args: argparse.Namespace, times: dict[str, list[float]]) -> None:
    title = f"{args.sample} for {args.arch}, kernel={args.kernel}, -j{args.jobs}, {args.runs} runs"
    table = Table(title=title)
    for heading in ("build", "median s", "least s", "most s", "of clean"):
        table.add_column(heading, justify="left" if heading == "build" else "right")
    clean = statistics.median(times["clean"])
    for kind in KINDS:
        median = statistics.median(times[kind])
        row = [median, min(times[kind]), max(times[kind])]
        table.add_row(kind, *(f"{seconds:.2f}" for seconds in row), f"{median / clean:.2f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
