# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of a GCC before anything is compiled: its calling convention, its known faults."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.compile.faults import has_fault
from pipeline.compile.object import RT_SOURCE, compile_c
from pipeline.compile.transparent import needed
from pipeline.link.module import link, self_calling
from pipeline.target import resolve
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import STT_FILE

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


# What the fault's program calls, and what is to be made of `{ 1, 2, 3, 4, 5 }`.
AROUND = """
__attribute__((noipa)) struct step next(struct range *range)
{
	struct step one = { range->from < range->to, range->from };
	range->from++;
	return one;
}
__attribute__((noipa)) void other(void *p) { asm volatile("" : : "r"(p) : "memory"); }
void *memcpy(void *to, const void *from, unsigned long n)
{
	for (char *out = to; n--; )
		*out++ = *(const volatile char *)from++;
	return to;
}
void _start(void)
{
	int of[] = { 1, 2, 3, 4, 5 };
	unsigned at[] = { 3, 0 };
	register int status asm("d1") = use(of, 5, at) || of[0] != 101 || of[3] != 14;
	register int number asm("d0") = 1;
	asm volatile("trap #0" : : "r"(number), "r"(status));
}
"""


def test_two_words_are_moved_right_where_they_overlap(
    toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    toolchain = toolchain_of("m68k")
    if shutil.which("qemu-m68k") is None:
        pytest.skip("qemu-m68k is not installed")
    (fault,) = (one for one in load().compiler_faults if one.arch == "m68k")
    (tmp_path / "overlap.c").write_text(fault.program + AROUND)
    for level in ("-Os", "-O1", "-O2"):
        right = []
        for flags in ([level], [level, fault.flag]):
            command = [str(toolchain.gcc), *flags, "-nostdlib", "-static", "overlap.c"]
            subprocess.run(command, cwd=tmp_path, check=True)
            ran = subprocess.run(["qemu-m68k", "a.out"], cwd=tmp_path, check=False)
            right.append(ran.returncode == 0)
            assert has_fault(toolchain, flags, fault) is not right[-1]
        assert right[1], level
    for transpiler in ("mrustc", "rustc"):
        declared = [one.flag for one in resolve("m68k", "none", transpiler).flags.declared]
        assert has_fault(toolchain, ["-Os"], fault) is (fault.flag in declared)


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


@pytest.mark.parametrize("name", ["m68k", "parisc", "sh"])
@pytest.mark.parametrize("flag", ["-ffunction-sections", "-Os"])
def test_a_file_of_which_nothing_is_kept_leaves_no_mark(
    name: str, flag: str, toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    """Nobody could prove from the object how such a file was compiled, and there is no need."""
    toolchain_of(name)
    target = resolve(name, "none")
    flags = replace(target.flags, kernel=(*target.flags.kernel, flag))
    sources = {
        "kept.c": "int other(int); int root(int a) { return other(a); }",
        "also.c": "int more(void); int other(int a) { return a; } int no(void) { return more(); }",
        # Another object wants it, but nothing that is kept.
        "gone.c": "int more(void) { return 1; }",
    }
    objects = []
    for source, text in sources.items():
        (tmp_path / source).write_text(text)
        objects.append(tmp_path / f"{source}.o")
        compile_c(target.toolchain, flags, tmp_path / source, objects[-1])
    link(target.toolchain, flags, objects, ["root"], tmp_path / "all.o")
    obj = Object.read(tmp_path / "all.o")
    files = [one.name for one in obj.symbols if one.type == STT_FILE and one.name.endswith(".c")]
    assert sorted(files) == ["also.c", "kept.c"]
    assert len(obj.recorded) == len(files)
