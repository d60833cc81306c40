# SPDX-License-Identifier: GPL-2.0-only
"""What an assertion of Rust's library says when it fails, through mrustc as through rustc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.programs.emulated import emulator
from pipeline.programs.many import one_crate, run_each
from pipeline.programs.small import PANIC_STATUS, emulated, native, write_crate
from pipeline.target import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource

FAILING = (
    "let _n = (0..9).step_by(bb(0)).count();",
    "[1, 2, 3].rotate_left(bb(4));",
    "text.truncate(bb(1));",
    "text.insert(bb(1), 'x');",
    "text.insert_str(bb(2), \"x\");",
    "let _tail = text.split_off(bb(1));",
)  # fmt: skip
PROGRAM = """use core::hint::black_box as bb;
pub fn program() { let mut text = alloc::string::String::from("日本語"); %s }
"""


@pytest.fixture(autouse=True)
def tools(mrustc: Mrustc, rust_source: RustSource, rustc: Path) -> None:
    """Both compilers are needed: rustc's build is the reference."""


def test_an_assertion_says_what_rustcs_does(tmp_path: Path) -> None:
    source = one_crate([PROGRAM % one for one in FAILING], out=False)
    crate = write_crate(tmp_path / "crate", source, heap=True)
    theirs = native(crate, tmp_path / "native", flags=["-Copt-level=0"])
    assert theirs.kind == "ran", theirs.why
    target = resolve("m68k", "none", "mrustc")
    ours = emulated(crate, "m68k", "mrustc", tmp_path / "ours", target=target)
    if ours.kind == "refused" and "not installed" in ours.why:
        pytest.skip(ours.why)
    assert ours.kind == "ran", ours.why
    wanted = run_each([], tmp_path / "native/program", range(len(FAILING)))
    found = run_each(emulator(target), tmp_path / "ours/program", range(len(FAILING)))
    assert found == wanted
    assert all(one.status == PANIC_STATUS for one in wanted)
    assert all("panic: assertion failed: " in one.output for one in wanted)
