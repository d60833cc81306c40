# SPDX-License-Identifier: GPL-2.0-only
"""The stack that a module takes in a running kernel is what ``validate`` computes.

The crate keeps large arrays in three functions that call each other, and calls nothing through
pointers: what is computed is then all that its own functions take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.machine import Kernel, boot, emulator, modules_result
from pipeline.boot.plan import make_plan
from pipeline.boot.qemu import Limits
from pipeline.boot.stack import contradictions, measuring
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree
from pipeline.stages import Options, build
from pipeline.validate.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.choice import Transpiler

ARCHITECTURES = ("m68k", "alpha", "parisc", "sh", "x86_64", "s390x")
DEEP = """\
#![no_std]
use kernel::prelude::*;
module! { type: Deep }
struct Deep;
impl kernel::Module for Deep {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if first(3) == 1 {
            return Err(EINVAL);
        }
        Ok(Deep)
    }
}
extern "C" {
    fn memchr_inv(start: *const u8, byte: i32, bytes: usize) -> *const u8;
}
fn look(words: &[u32]) -> u32 {
    // SAFETY: a slice of so many bytes, which is only read.
    unsafe { memchr_inv(words.as_ptr().cast(), 0, words.len() * 4) as usize as u32 }
}
#[inline(never)]
fn first(seed: u32) -> u32 {
    let words = [seed; 200];
    look(&words) ^ second(seed) ^ look(&words)
}
#[inline(never)]
fn second(seed: u32) -> u32 {
    let words = [seed; 300];
    look(&words) ^ third(seed) ^ look(&words)
}
#[inline(never)]
fn third(seed: u32) -> u32 {
    let words = [seed; 100];
    look(&words) ^ 5
}
"""
ARRAYS = 4 * (200 + 300 + 100)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_measured_is_what_is_computed(
    toolchain_of: Callable[[str], Toolchain], transpiler: Transpiler, tmp_path: Path, name: str
) -> None:
    board, toolchain = load_boards()[name], toolchain_of(name)
    try:
        emulator(board)
        kernel = Kernel(auto_tree(toolchain.arch, toolchain, build=False), toolchain, board)
    except UserError as error:
        pytest.skip(error.what)
    module = deep(kernel, transpiler, tmp_path)
    contents = {"deep.ko": module.read_bytes()}
    steps, unmeasured = measuring(kernel.tree, toolchain, contents, make_plan(["deep"], {}))
    booted = boot(kernel, contents, steps, tmp_path / "log", Limits(total=400.0))
    result = modules_result(kernel, booted, {"deep": module}, transpiler, unmeasured)
    assert result.stack_unmeasured == ""
    (row,) = result.modules
    assert (row.state, row.reasons) == ("ok", ())
    (init,) = [one for one in row.stack if one.run == "init"]
    assert init.computed is not None
    assert init.open == ""
    # PA-RISC's frames end in areas for the callee that nobody need write to.
    assert ARRAYS <= init.computed <= init.measured + 128
    if init.own is not None:
        # memchr_inv() calls nothing, and may leave its return address in a register: what calls it
        # is not counted then, and GCC may have put third() into second().
        assert 4 * 200 <= init.own <= init.computed + 8
    small = init.model_copy(update={"computed": ARRAYS // 4})
    assert (contradictions([small], toolchain) != []) is (init.own is not None)


def deep(kernel: Kernel, transpiler: Transpiler, work: Path) -> Path:
    """Build the crate, and return its module."""
    crate = work / "deep"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "deep"\nversion = "0.1.0"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nlicense = "GPL"\n'
    )
    (crate / "src/lib.rs").write_text(DEEP)
    tree, arch = str(kernel.tree.build), kernel.board.arch
    options = Options(crate, arch, work / "out", kernel=tree, gate="off", transpiler=transpiler)
    verdict = build(options, lambda _step: None)
    assert verdict.count(Severity.ERROR) == 0
    return verdict.path
