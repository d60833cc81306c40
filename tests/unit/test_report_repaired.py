# SPDX-License-Identifier: GPL-2.0-only
"""The line about mrustc's faults below a build's table."""

from __future__ import annotations

from pathlib import Path

from pipeline.report.repaired import repaired_lines
from pipeline.validate.finding import Guarded, Sizes, Verdict


def verdict(arch: str, name: str, guard: Guarded | None) -> Verdict:
    return Verdict(Path(name), arch, "0" * 64, Sizes(1, 0, 0), (), (), (), guarded=guard)


def guard(index: int, *left: str) -> Guarded:
    sites = {"index": index, "shift": 10}
    return Guarded(
        overflow_checks=False, units=3, functions=9, repaired=sites, absent=("niche",),
        refused=("let-underscore",), open=left, witnessed=7,
    )  # fmt: skip


def test_modules_of_an_architecture_share_a_line() -> None:
    lines = repaired_lines(
        [
            verdict("m68k", "b.ko", guard(990, "float-static")),
            verdict("m68k", "a.ko", guard(1990, "float-static")),
            verdict("alpha", "a.ko", guard(5)),
            verdict("sh", "rustc.ko", None),
        ]
    )
    assert [line.plain for line in lines] == [
        (
            "mrustc's faults (m68k a.ko, b.ko): 1,000 to 2,000 sites of 2 kinds repaired, "
            "1 refused by name, open: float-static"
        ),
        "mrustc's faults (alpha a.ko): 15 sites of 2 kinds repaired, 1 refused by name, open: none",
    ]
    assert [line.style for line in lines] == ["yellow", "dim"]


def test_names_are_printable() -> None:
    (line,) = repaired_lines([verdict("m68k", "x\x1b[31m.ko", guard(1))])
    assert "\x1b" not in line.plain
