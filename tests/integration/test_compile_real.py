# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of a GCC before anything is compiled: its calling convention, its known faults."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.compile.faults import has_fault
from pipeline.compile.object import RT_SOURCE, compile_c
from pipeline.compile.transparent import needed
from pipeline.link.module import self_calling
from pipeline.target import resolve
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain


@pytest.mark.parametrize(
    ("name", "expected"),
    [("openrisc", True), ("powerpc", True), ("m68k", False), ("alpha", False), ("sh", False)],
)
def test_how_a_struct_of_one_pointer_is_passed(
    name: str, expected: bool, toolchain_of: Callable[[str], Toolchain]
) -> None:
    toolchain = toolchain_of(name)
    assert needed(toolchain, [*toolchain.arch.abi_flags, "-Os"]) is expected


def test_a_fault_is_found_where_gcc_has_it_and_not_without_optimisation(
    toolchain_of: Callable[[str], Toolchain],
) -> None:
    toolchain = toolchain_of("sh")
    (fault,) = (one for one in load().compiler_faults if one.arch == "sh")
    assert not has_fault(toolchain, [*toolchain.arch.abi_flags, "-O0"], fault)
    if not has_fault(toolchain, [*toolchain.arch.abi_flags, "-Os"], fault):
        pytest.skip(f"{toolchain.banner} does not have the fault")
    assert fault.flag in [one.flag for one in resolve("sh", "none").flags.declared]


@pytest.mark.parametrize("name", ["alpha", "arc", "m68k", "openrisc", "parisc", "sh"])
def test_no_helper_of_the_runtime_calls_itself(
    name: str, toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    toolchain_of(name)
    target = resolve(name, "none")
    compile_c(target.toolchain, target.flags, RT_SOURCE, tmp_path / "rt.o")
    assert self_calling(tmp_path / "rt.o") == set()


def test_a_helper_that_calls_itself_is_found(
    toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    toolchain = toolchain_of("m68k")
    source = "long long __divdi3(long long a, long long b) { return a / b; }\n"
    (tmp_path / "loop.c").write_text(source)
    command = [str(toolchain.gcc), "-O0", "-c", "loop.c", "-o", "loop.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert self_calling(tmp_path / "loop.o") == {"__divdi3"}
