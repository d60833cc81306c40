# SPDX-License-Identifier: GPL-2.0-only
"""Frames read from real code are what the same GCC says of them; limits come from a real tree."""

from __future__ import annotations

import dataclasses
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.validate import stack_usage
from pipeline.validate.callgraph import graph, no_calls
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.frames import measured, unmeasured
from pipeline.validate.reference import for_arch, kernel_of
from pipeline.validate.stack import CHECKS
from pipeline.validate.stack_limits import Limits, limits

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from pipeline.validate.reference import Reference

TOOLCHAINS = load()
ARCHES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not installed(TOOLCHAINS.get(name)), reason=f"no compiler for {name}"
        ),
    )
    for name in sorted(TOOLCHAINS)
]
SOURCE = """
int helper(int); void use(void *);
int many(int, int, int, int, int, int, int, int, int, int, int, int);
int leaf(int a) { return a + 1; }
int one(int a) { return helper(a) + 1; }
int tail(int a) { return helper(a); }
int big(int a) { char b[300]; use(b); return helper(a) + b[a]; }
int huge(int a) { char b[40000]; use(b); return helper(a) + b[a]; }
int vast(int a) { char b[400000]; use(b); return helper(a) + b[a]; }
int args(int a, int b) { return many(a, b, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    + many(b, a, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13); }
int dyn(int a) { char *p = __builtin_alloca(a); use(p); return helper(a); }
int lots(int *a, int *b, int *c, int *d, int *e, int *f) { int s = 0;
    for (int i = 0; i < 9; i++) s += helper(*a++) + helper(*b++) + helper(*c++) + helper(*d++)
        + helper(*e++) + helper(*f++); return s; }
long long wide(long long a, long long b) { return a / (b * helper(3)); }
int ind(int (*f)(int), int a) { return f(a) + f(a + 1); }
int fact(int n) { return n < 2 ? 1 : helper(fact(n - 1)) + 1; }
struct s { int a[20]; }; struct s gets(int);
int from(struct s x, int a) { return helper(x.a[a]) + 1; }
int passes(int a) { struct s x = gets(a); return from(x, a) + from(x, a + 1); }
int sw(int x) { switch (x) { case 0: return helper(1); case 1: return helper(2) + 1;
    case 2: return helper(3) * 3; case 3: return 4; case 5: return helper(x) - helper(6);
    case 6: return helper(x * 5); case 7: return 77; case 8: return helper(helper(2)); } return x; }
int early(int a) { if (!a) return 0; if (a > 100) { char b[64]; use(b); helper(b[3]); }
    return helper(a) + helper(a * 2); }
static __attribute__((noinline)) int inner(int a, int b) { char c[500]; use(c);
    return helper(a * b + c[a]) + helper(a); }
int outer(int a) { return inner(a, 3) + inner(a + 2, 3); }
"""


def compiled(folder: Path, name: str, level: str) -> tuple[Object, Reference]:
    """Return SOURCE compiled with the architecture's flags; its .su file is beside."""
    arch = TOOLCHAINS.get(name)
    toolchain = find(arch)
    (folder / "a.c").write_text(SOURCE)
    argv = [str(toolchain.gcc), *arch.abi_flags, level, "-fstack-usage", "-c", "a.c", "-o", "a.o"]
    subprocess.run(argv, cwd=folder, check=True)
    return Object.read(folder / "a.o"), for_arch(arch, toolchain)


@pytest.mark.parametrize("level", ["-Os", "-O2", "-O0"])
@pytest.mark.parametrize("name", ARCHES)
def test_frames_are_what_gcc_says(tmp_path: Path, name: str, level: str) -> None:
    obj, reference = compiled(tmp_path, name, level)
    if unmeasured(obj, reference):
        pytest.skip(unmeasured(obj, reference))
    said = stack_usage.read([tmp_path / "a.su"])
    assert len(said) >= 15
    wrong = {}
    for function, frame in measured(obj, reference).items():
        usages = stack_usage.usages(said, function.name)
        if not usages:
            continue
        (usage,) = usages
        assert frame.dynamic == usage.unbounded, function.name
        assert frame.size is not None, (function.name, frame.reason)
        more = frame.size - usage.size
        # m68k: arguments that stay pushed until a later call are not in GCC's number.
        allowed = range(65) if name == "m68k" else (0,)
        # The area that a leaf does not take, and room for aligning what alloca gives.
        minimum = name in {"sparc64", "powerpc", "x86_64"} and (frame.dynamic or frame.size <= 8)
        if more not in allowed and not (minimum and more < 0):
            wrong[function.name] = (frame.size, usage.size)
    assert wrong == {}


@pytest.mark.parametrize("name", ARCHES)
def test_the_chain_goes_through_a_direct_call(tmp_path: Path, name: str) -> None:
    obj, reference = compiled(tmp_path, name, "-O1")
    if unmeasured(obj, reference):
        pytest.skip(unmeasured(obj, reference))
    if no_calls(reference):
        pytest.skip(no_calls(reference))
    calls = graph(obj, reference)
    outer = next(one for one in calls.deepest if one.name == "outer")
    chain = calls.chain(outer)
    assert [one.name.split(".")[0] for one, _ in chain] == ["outer", "inner"]
    assert 500 < chain[-1][1] < calls.deepest[outer]
    assert "fact" in {one.name for one in calls.recursive}
    assert "ind" in {one.name for one in calls.indirect}


def test_what_stands_beside_an_object_is_used(tmp_path: Path) -> None:
    name = next((one for one in TOOLCHAINS if installed(TOOLCHAINS.get(one))), "")
    if not name:
        pytest.skip("no compiler")
    obj, reference = compiled(tmp_path, name, "-O1")
    (tmp_path / "b.su").write_text("a.c:1:1:leaf\t7777\tstatic\n")
    reference = dataclasses.replace(reference, stack_usage=(tmp_path / "b.su",))
    leaf = next(one for one in measured(obj, reference) if one.name == "leaf")
    assert measured(obj, reference)[leaf].size == 7777


def test_limits_are_the_tree_s(m68k_tree: KernelTree, tmp_path: Path) -> None:
    obj, reference = compiled(tmp_path, "m68k", "-Os")
    toolchain = reference.toolchain
    assert toolchain is not None
    reference = dataclasses.replace(reference, kernel=kernel_of(m68k_tree, toolchain))
    found = limits(reference)
    # arch/m68k/include/asm/thread_info.h: 8192 bytes with a page size of 4096.
    assert found == Limits(8192, int(m68k_tree.config["CONFIG_FRAME_WARN"]))
    results = [one for check in CHECKS.values() for one in check(obj, reference)]
    assert not [one for one in results if isinstance(one, Skipped)]
    errors = {
        one.place.split(" ")[0]
        for one in results
        if isinstance(one, Finding) and one.severity is Severity.ERROR
    }
    assert errors == {"huge", "vast"}
