# SPDX-License-Identifier: GPL-2.0-only
"""Each benchmark runs, and what it counts is right; how large the figures are is not judged."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def front() -> None:
    """Skip where there is no rustc with its library's source."""
    try:
        library = find_rustc(None).library
    except UserError as error:
        pytest.skip(error.what)
    if library is None:
        pytest.skip("no rustc has its library's source")


def benchmark(name: str, *arguments: str) -> str:
    """Run a benchmark for transpiler=rustc, and return what it prints."""
    argv = [sys.executable, "-m", f"benchmarks.{name}", "--transpiler", "rustc", *arguments]
    done = subprocess.run(
        argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def require(arch: str) -> None:
    if not installed(load().get(arch)):
        pytest.skip(f"no GCC for {arch} is installed")


def rows(table: str) -> list[list[str]]:
    """Return the cells of a printed table's rows."""
    lines = (line.strip("│ ") for line in table.splitlines() if line.startswith("│"))
    return [[cell.strip() for cell in line.split("│")] for line in lines]


def test_instructions_are_counted_and_compared() -> None:
    require("x86_64")
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    cells = rows(benchmark("instructions", "--kernel", "crc"))
    counts, ratios = cells[: len(cells) // 2], cells[len(cells) // 2 :]
    assert [row[0] for row in counts] == [row[0] for row in ratios]
    assert len(counts) == 5
    # 8 rounds over 16 KiB, and at least two instructions for each byte.
    numbers = [int(row[1].replace(",", "")) for row in counts]
    assert min(numbers) > 8 * 16384 * 2
    assert [row[1] for row in ratios] == [f"{one / numbers[0]:.2f}" for one in numbers]


def test_transpile_times_are_measured() -> None:
    require("m68k")
    cells = rows(benchmark("transpile_times", "--runs", "1"))
    assert [row[0] for row in cells] == [
        "rustc: to C, with the library",
        "rustc: to C, the sample",
        "rustc: GCC, the sample's C",
    ]
    assert all(re.fullmatch(r"\d+\.\d\d", cell) for row in cells for cell in row[1:4])
    # With the library is more than without it.
    assert float(cells[0][1]) > float(cells[1][1])
