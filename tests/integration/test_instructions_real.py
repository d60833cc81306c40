# SPDX-License-Identifier: GPL-2.0-only
"""Floating-point code of real compilers is found in each function, and integer code is not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.instructions import no_float
from pipeline.validate.listing import functions
from pipeline.validate.reference import Reference, for_arch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.kernel.tree import KernelTree

TOOLCHAINS = load()
# Each function needs the unit: arithmetic, comparison, conversion, memory.
FLOAT = """
float multiply(float *a, float *b) { return *a * *b; }
float divide(float *a, float *b) { return *a / *b + 1.5f; }
int less(float *a, float *b) { return *a < *b; }
int to_int(float *a) { return (int)*a; }
void from_int(float *p, int a) { *p = a; }
float sum(float *p, int n) { float s = 0; while (n--) s += *p++; return s; }
"""
DOUBLE = FLOAT.replace("float", "double")
INTEGER = """
int helper(int); void die(void) __attribute__((noreturn));
long long mul(long long a, long long b) { return a * b; }
int run(int x, int s)
{
    switch (x) {
    case 0: return helper(1); case 1: return helper(2) + 1; case 2: return helper(3) * 3;
    case 3: return 4; case 4: return s; case 5: return helper(s) - helper(6);
    case 6: return helper(x * 5); case 7: return 77; case 8: return helper(helper(2));
    case 9: s *= 70000; helper(s); break;
    case 10: s -= 0xfffe1234; break;
    }
    if (s == -70002) die();
    return s + 0xfffefffe;
}
void pools(volatile unsigned *p)
{
    p[0] = 0xf00ff123; p[1] = 0xfffefffe; p[2] = 0xf0f0f0f0; p[3] = 0xf7fdf26e; p[4] = -2;
    if (p[5] == 0xf12df13d) __builtin_trap();
    p[6] = 0xfaaaf555;
}
"""
# The options that give GCC the unit back, by architecture.
HARD = {
    "alpha": [["-mfp-regs"], ["-mfp-regs", "-mcpu=ev67"]],
    "arc": [["-mfpu=fpud_all"]],
    "m68k": [["-m68040", "-mhard-float"]],
    "mips": [["-mhard-float"], ["-mhard-float", "-mfp64"]],
    "openrisc": [["-mhard-float", "-mdouble-float"]],
    "parisc": [["-mno-disable-fpregs"]],
    "parisc64": [["-mno-disable-fpregs"]],
    "powerpc": [["-mhard-float"], ["-mhard-float", "-mcpu=power8", "-mvsx"]],
    "riscv64": [["-march=rv64imafdc", "-mabi=lp64d"]],
    "s390x": [["-mhard-float"], ["-mhard-float", "-march=z13"]],
    "sh": [["-m4"]],
    "sparc64": [["-mfpu"]],
    "x86_64": [["-msse2", "-m80387"], ["-mavx2", "-mfpmath=sse"], ["-m80387", "-mfpmath=387"]],
}
OPPOSITE = {
    "-mno-fp-regs",
    "-mdisable-fpregs",
    "-m4-nofpu",
    "-msoft-float",
    "-mno-fpu",
    "-mpacked-stack",
}


def reference(name: str) -> Reference:
    arch = TOOLCHAINS.get(name)
    if not installed(arch):
        pytest.skip(f"no GCC for {name}")
    return for_arch(arch, find(arch))


def compiled(folder: Path, base: Reference, source: str, *options: str, hard: bool) -> Object:
    assert base.toolchain is not None
    written, path = folder / "source.c", folder / "object.o"
    written.write_text(source)
    flags = [
        flag
        for flag in base.arch.abi_flags
        if not hard or (flag not in OPPOSITE and not flag.startswith(("-mno-", "-Wa,-isa")))
    ]
    argv: list[str | Path] = [base.toolchain.gcc, *flags, *options, "-c", written, "-o", path]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode and hard:
        pytest.skip(f"this GCC does not take {' '.join(options)}")
    assert done.returncode == 0, done.stderr
    return Object.read(path)


def found(obj: Object, base: Reference) -> list[Finding]:
    results = list(no_float(obj, base))
    assert all(isinstance(one, Finding) for one in results), results
    return [one for one in results if isinstance(one, Finding)]


@pytest.mark.parametrize("source", [FLOAT, DOUBLE], ids=["float", "double"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param(name, one, id=f"{name}{''.join(one)}")
        for name, several in HARD.items()
        for one in several
    ],
)
def test_each_function_with_floating_point(
    tmp_path: Path, name: str, options: list[str], source: str
) -> None:
    base = reference(name)
    obj = compiled(tmp_path, base, source, "-O2", *options, hard=True)
    findings = found(obj, base)
    assert {one.severity for one in findings} == {Severity.ERROR}
    named = {re.sub(r".*\((\w+)\)", r"\1", one.place) for one in findings}
    defined = {function.name.removeprefix(".") for function in functions(obj)}
    assert {"multiply", "divide", "less", "to_int", "from_int", "sum"} <= defined
    assert named == defined


@pytest.mark.parametrize("level", ["-O2", "-Os", "-O0"])
@pytest.mark.parametrize("name", TOOLCHAINS.names())
def test_integers_are_no_alarm(tmp_path: Path, name: str, level: str) -> None:
    base = reference(name)
    assert found(compiled(tmp_path, base, INTEGER, level, hard=False), base) == []


def test_each_instruction_is_reported_once_with_its_place(tmp_path: Path) -> None:
    base = reference("m68k")
    source = 'void run(void) { __asm__ volatile("nop\\n fsqrtx %fp1\\n fnop"); }'
    (finding,) = found(compiled(tmp_path, base, source, "-O2", hard=False), base)
    assert re.fullmatch(r"\.text\+0x[0-9a-f]+ \(run\)", finding.place)
    assert finding.evidence == "fsqrtx %fp1,%fp1 and 1 more in this function"


def test_what_objdump_was_not_told_to_know(tmp_path: Path) -> None:
    """The object says that it has no such instructions, so objdump prints data."""
    base = reference("riscv64")
    source = 'void run(void) { __asm__ volatile(".4byte 0x02c5f553"); }'  # fadd.d fa0, fa1, fa2
    (finding,) = found(compiled(tmp_path, base, source, "-O2", hard=False), base)
    assert "(run)" in finding.place


REGIONS = """
void kernel_fpu_begin(void); void kernel_fpu_end(void);
#define CALLED static __attribute__((noinline))
CALLED void only(float *p) { p[6] = p[1] * p[2]; }
CALLED void both(float *p) { p[0] = p[1] / p[2]; }
CALLED void pointed(float *p) { p[0] = p[1] - p[2]; }
void (*pointer)(float *) = pointed;
void between(float *p)
{
    kernel_fpu_begin(); p[4] += p[5]; only(p); both(p); pointed(p); kernel_fpu_end();
}
void without(float *p) { both(p); }
void behind(float *p) { kernel_fpu_begin(); p[1] *= p[2]; kernel_fpu_end(); p[2] *= p[3]; }
"""


def test_the_kernels_own_regions(tmp_path: Path) -> None:
    base = reference("x86_64")
    options = ("-O2", "-msse2", "-mcmodel=kernel", "-fno-pic")
    findings = found(compiled(tmp_path, base, REGIONS, *options, hard=True), base)
    severity = {re.sub(r".*\((\w+)\)", r"\1", one.place): one.severity for one in findings}
    assert severity == {
        "between": Severity.NOTE,
        "only": Severity.NOTE,
        "both": Severity.ERROR,
        "pointed": Severity.ERROR,
        "behind": Severity.ERROR,
    }


@pytest.mark.slow
def test_a_kernels_own_objects(m68k_tree: KernelTree) -> None:
    """Nothing of the kernel's C uses the unit but what saves it and what emulates it."""
    base = reference("m68k")
    own = {"process.o", "signal.o", "traps.o", "setup.o", "setup_mm.o", "entry.o"}
    alarms = {
        path.relative_to(m68k_tree.build)
        for path in sorted(m68k_tree.build.glob("[adfiklms]*/**/*.o"))
        if not {"fpsp040", "ifpsp060", "math-emu", "scripts"} & set(path.parts)
        and path.name not in own
        and found(Object.read(path), base)
    }
    assert alarms == set()


@pytest.mark.slow
def test_pools_of_a_kernels_objects(corpus_tree: Callable[[str], KernelTree]) -> None:
    """SuperH has constants between the instructions; one in sixteen looks like this unit's."""
    base = reference("sh")
    modules = corpus_tree("sh").build.glob("**/*.ko")
    assert [finding for path in modules for finding in found(Object.read(path), base)] == []
