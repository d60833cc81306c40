# SPDX-License-Identifier: GPL-2.0-only
"""A module that validates also loads: a real m68k kernel under QEMU says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.boot import machine
from pipeline.boot.boards import load_boards
from pipeline.boot.machine import Kernel
from pipeline.boot.plan import MOUNTS, Step
from pipeline.boot.qemu import Limits
from pipeline.errors import UserError
from pipeline.stages import Options, build
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate.finding import Severity

if TYPE_CHECKING:
    from pipeline.boot.machine import Booted
    from pipeline.kernel.tree import KernelTree
    from pipeline.transpile.choice import Transpiler

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TIMES = 3


def boot(tree: KernelTree, module: Path, arguments: str, work: Path) -> Booted:
    """Boot the tree's kernel; load and unload the module three times."""
    name = module.stem
    loads = Step(f"load {name} {arguments}".strip(), (name,)), Step(f"unload {name}", (name,))
    board = load_boards()["m68k"]
    try:
        machine.emulator(board)
    except UserError as error:
        pytest.skip(error.what)
    return machine.boot(
        Kernel(tree, find(load()["m68k"]), board),
        {f"{name}.ko": module.read_bytes()},
        [*MOUNTS, *loads * TIMES],
        work / "console.log",
        Limits(total=180.0),
    )


def assert_each_step_went_well(booted: Booted) -> None:
    """Every load and unload returned 0, and the machine went off by itself."""
    assert [one.ok for one in booted.judge.outcomes] == [True] * (len(MOUNTS) + 2 * TIMES)
    assert booted.judge.ended
    assert booted.run.stopped == ""


def built_and_booted(
    tree: KernelTree, crate: Path, arguments: str, work: Path, transpiler: Transpiler
) -> Booted:
    """Build a crate, see that nothing is found against it, and boot it."""
    options = Options(
        crate, "m68k", work / "out", kernel=str(tree.build), gate="off", transpiler=transpiler
    )
    verdict = build(options, lambda _step: None)
    assert verdict.count(Severity.ERROR) == 0
    # The self-test keeps more on the stack than the kernel likes to see.
    warned = {one.check for one in verdict.findings if one.severity is Severity.WARNING}
    assert warned <= {"stack.frame", "stack.chain"}
    return boot(tree, verdict.path, arguments, work)


@pytest.mark.parametrize(
    ("sample", "arguments", "said"),
    [
        (
            "hello",
            "greetings=2 name=QEMU",
            ["hello: Hello, QEMU! (1 of 2)", "hello: Goodbye after 2 greetings"],
        ),
        ("journal", "entries=3", ["journal: keeps 3 of 3 entries", "journal: entry   2:    75"]),
        ("selftest", "", ["selftest: KTAP version 1", "selftest: ok 1 "]),
    ],
)
def test_a_sample_is_loaded_and_unloaded_three_times(
    m68k_tree: KernelTree,
    transpiler: Transpiler,
    tmp_path: Path,
    sample: str,
    arguments: str,
    said: list[str],
) -> None:
    booted = built_and_booted(m68k_tree, SAMPLES / sample, arguments, tmp_path, transpiler)
    assert_each_step_went_well(booted)
    lines = booted.judge.lines
    console = "\n".join(lines)
    for text in said:
        assert sum(line.startswith(text) for line in lines) == 3, console
    for bad in ("Oops", "BUG:", "WARNING:", "Unknown symbol", "not ok", "Invalid module"):
        assert bad not in console


PANICKER = """\
#![no_std]
use kernel::prelude::*;
module! { type: Panicker }
struct Panicker;
impl kernel::Module for Panicker {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let values = [1u32, 2, 3];
        let value = values.get(module_parameters::at.value() as usize);
        pr_info!("got {}\\n", value.expect("no such element"));
        Ok(Panicker)
    }
}
"""


def test_a_panic_prints_its_message_and_ends_as_bug_does(
    m68k_tree: KernelTree, transpiler: Transpiler, tmp_path: Path
) -> None:
    crate = tmp_path / "panicker"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "panicker"\nversion = "0.1.0"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nlicense = "GPL"\n'
        'parameters.at = { type = "u32", default = 1, description = "Which element" }\n'
    )
    (crate / "src/lib.rs").write_text(PANICKER)
    booted = built_and_booted(m68k_tree, crate, "at=9", tmp_path, transpiler)
    console = "\n".join(booted.judge.lines)
    message = console.index("panicker: panicked at src/lib.rs:9:36: no such element")
    bug = console.index("kernel BUG at ferric_kernel.c:")
    assert message < bug
    assert "ferric_bug+0x" in console[bug:], "the call trace names the module's functions"
