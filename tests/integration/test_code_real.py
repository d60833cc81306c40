# SPDX-License-Identifier: GPL-2.0-only
"""The checks of code on what real GCCs make, good and bad, and on damaged objects."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.validate.calls import calls
from pipeline.validate.code import CHECKS
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.listing import listing
from pipeline.validate.reference import for_arch

if TYPE_CHECKING:
    from pathlib import Path

TOOLCHAINS = load()
_ENDS = "code.fall-through"
ARCHES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            not installed(TOOLCHAINS.get(name)), reason=f"no compiler for {name}"
        ),
    )
    for name in (
        "alpha", "arc", "m68k", "mips", "openrisc", "parisc", "powerpc", "riscv64", "s390x", "sh",
        "sparc64", "x86_64",
    )
]  # fmt: skip
GOOD = """
int helper(int); void panic(const char *, ...) __attribute__((noreturn));
void mutex_lock(void *); void mutex_unlock(void *);
int leaf(int a) { return a + 1; }
int tail(int a) { return helper(a); }
int big(int *a) { char b[300]; int s = 0; for (int i = 0; i < 300; i++) s += helper(b[i] = a[i]);
    return s + b[*a]; }
void stop(int a) { if (a) panic("%d", a); panic("none"); }
__attribute__((noinline)) static void own(int a) { panic("own %d", a); }
void stops(int a) { if (helper(a)) own(a); own(a + 1); }
int trap(int a) { if (a < 3) __builtin_trap(); return helper(a); }
void forever(void) { for (;;) helper(1); }
int locked(void *m) { mutex_lock(m); int r = helper(3); mutex_unlock(m); return r; }
int sw(int x) { switch (x) { case 0: return helper(1); case 1: return helper(2) + 1;
    case 2: return helper(3) * 3; case 3: return 4; case 5: return helper(x) - helper(6);
    case 6: return helper(x * 5); case 7: return 77; case 8: return helper(helper(2)); } return x; }
long long wide(long long a, int b) { return a << b; }
int ind(int (*f)(int), int a) { return f(a) + f(a + 1); }
"""
BAD = """
int helper(int);
void last(int a) { helper(a); if (a) helper(2); __builtin_unreachable(); }
int first(int a) { return a; }
"""


def compiled(tmp_path: Path, arch: str, text: str, *flags: str) -> Object:
    path = tmp_path / "a.c"
    path.write_text(text)
    toolchain = find(TOOLCHAINS.get(arch))
    argv = [
        str(toolchain.gcc),
        *TOOLCHAINS.get(arch).abi_flags,
        "-O2",
        "-fno-pic",
        "-ffreestanding",
    ]
    subprocess.run([*argv, *flags, "-c", path, "-o", tmp_path / "a.o"], check=True)
    return Object.read(tmp_path / "a.o")


def judged(obj: Object, arch: str, check: str) -> list[Finding]:
    known = TOOLCHAINS.get(arch)
    results = CHECKS[check](obj, for_arch(known, find(known)))
    return [one for one in results if isinstance(one, Finding)]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("level", ["-O2", "-Os", "-O1"])
def test_good_code(tmp_path: Path, arch: str, level: str) -> None:
    obj = compiled(tmp_path, arch, GOOD, level)
    for name in CHECKS:
        wrong = [one for one in judged(obj, arch, name) if one.severity is not Severity.NOTE]
        assert wrong == []


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("cases", [5, 40, 300])
def test_tables_of_switch_are_no_code(tmp_path: Path, arch: str, cases: int) -> None:
    """Entries of one, two and four bytes; an odd number of them; cases that name data and calls."""
    code = [f'case {at}: show("case {at}"); return {at * at};' for at in range(cases)]
    text = (
        "void show(const char *); int helper(int);\n"
        f"int sw(int x) {{ switch (x) {{ {' '.join(code)} }} return helper(x); }}\n"
        "int after(int x) { return helper(x + 1) * 3; }\n"
    )
    obj = compiled(tmp_path, arch, text, "-fno-tree-switch-conversion")
    for name in CHECKS:
        wrong = [one for one in judged(obj, arch, name) if one.severity is not Severity.NOTE]
        assert wrong == []
    known = TOOLCHAINS.get(arch)
    found = [(one.caller.name, one.name) for one in calls(obj, for_arch(known, find(known)))]
    assert found.count(("after", "helper")) == 1
    assert ("sw", "show") in found


@pytest.mark.skipif(not installed(TOOLCHAINS.get("arc")), reason="no compiler for arc")
@pytest.mark.parametrize("level", ["-Os", "-O2"])
@pytest.mark.parametrize("cases", [5, 6, 7, 40, 300])
def test_objdump_is_in_step_behind_a_table_of_arc(tmp_path: Path, cases: int, level: str) -> None:
    code = [f'case {at}: show("case {at}"); return {at * at};' for at in range(cases)]
    text = (
        "void show(const char *); int helper(int);\n"
        f"int sw(int x) {{ switch (x) {{ {' '.join(code)} }} return helper(x); }}\n"
    )
    obj = compiled(tmp_path, "arc", text, level, "-fno-tree-switch-conversion")
    known = TOOLCHAINS.get("arc")
    code_of = listing(obj, for_arch(known, find(known))).instructions
    starts = {(one.section, one.address) for part in code_of.values() for one in part}
    # R_ARC_32_ME: a constant of four bytes behind the instruction that it belongs to.
    constants = {
        (one.section, one.offset)
        for one in obj.relocations
        if one.type == 27 and one.section in code_of
    }
    assert constants
    assert not constants & starts


@pytest.mark.parametrize("arch", ARCHES)
def test_calls_are_seen(tmp_path: Path, arch: str) -> None:
    obj = compiled(tmp_path, arch, GOOD, "-g")
    known = TOOLCHAINS.get(arch)
    by_name = {(one.caller.name, one.name) for one in calls(obj, for_arch(known, find(known)))}
    assert {("tail", "helper"), ("locked", "mutex_lock"), ("stop", "panic")} <= by_name
    (note,) = judged(obj, arch, "code.sleep")
    assert note.place == "mutex_lock"
    line = GOOD[: GOOD.index("mutex_lock(m)")].count("\n") + 1
    assert f"a.c:{line})" in note.evidence


@pytest.mark.parametrize("arch", ARCHES)
def test_an_end_that_is_open(tmp_path: Path, arch: str) -> None:
    obj = compiled(tmp_path, arch, BAD, "-fno-reorder-functions")
    found = judged(obj, arch, _ENDS)
    assert [one.place for one in found] == ["last"]


@pytest.mark.parametrize("arch", ARCHES)
def test_a_function_without_an_instruction(tmp_path: Path, arch: str) -> None:
    text = "void never(void) { __builtin_unreachable(); }\nint next(int a) { return a; }"
    found = judged(compiled(tmp_path, arch, text, "-fno-reorder-functions"), arch, _ENDS)
    assert [one.place for one in found] == ["never"]
    assert found[0].severity is Severity.ERROR


@pytest.mark.parametrize("arch", ARCHES)
def test_constant_addresses(tmp_path: Path, arch: str) -> None:
    if arch in {"mips", "powerpc", "riscv64", "s390x", "sparc64"}:
        pytest.skip("how these make an address is not known to the check")
    text = """
    int f(void) { return *(volatile int *)0x40001234; }
    void g(void) { ((void (*)(void))0x40001234)(); }
    void value(int *p) { *p = 0x40001234; }
    void null(void) { *(volatile int *)0x10 = 1; }
    """
    obj = compiled(tmp_path, arch, text)
    found = judged(obj, arch, "code.user-address")
    places = {one.evidence.split(" in ")[1].split()[0]: one.severity for one in found}
    through_register = {} if arch == "x86_64" else {"g": Severity.ERROR}  # not followed there
    assert places == {"f": Severity.WARNING, **through_register}
    assert all("0x40001234" in one.evidence for one in found)
