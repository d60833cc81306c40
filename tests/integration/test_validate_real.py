# SPDX-License-Identifier: GPL-2.0-only
"""The checks on objects of real compilers: right ones pass, each kind of wrong one is refused."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.validate import verb
from pipeline.validate.elf import Object
from pipeline.validate.finding import Severity, Verdict
from pipeline.validate.judge import validate
from pipeline.validate.reference import Reference, for_arch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.kernel.tree import KernelTree

TOOLCHAINS = load()
C = """
int helper(int);
int run(int x, int *p)
{
    int s = 0;
    for (int i = 0; i < x; i++) s += p[i] * helper(i) + p[s];
    switch (x) {
    case 0: return helper(1); case 1: return helper(2) + 1; case 2: return helper(3) * 3;
    case 3: return 4; case 4: return s; case 5: return helper(s) - helper(6);
    case 6: return helper(x * 5); case 7: return 77; case 8: return helper(helper(2));
    }
    return s;
}
"""
# Six values that live across a call need more registers than GCC saves without a2.
PRESSURE = """
int helper(int);
int run(int *a, int *b, int *c, int *d)
{
    int s = 0;
    for (int i = 0; i < 9; i++) s += helper(*a++) + helper(*b++) + helper(*c++) + helper(*d++);
    return s;
}
"""
needs_m68k = pytest.mark.skipif(
    not installed(TOOLCHAINS.get("m68k")), reason="no m68k-linux-gnu-gcc"
)


def run(argv: Sequence[str | Path], **environment: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, env={**os.environ, **environment})


@pytest.fixture
def reference() -> Reference:
    arch = TOOLCHAINS.get("m68k")
    return dataclasses.replace(
        for_arch(arch, find(arch)),
        allowed_undefined=frozenset({"helper"}),
        allowed_globals=frozenset({"run"}),
    )


def gcc(
    folder: Path,
    reference: Reference,
    *extra: str,
    without: str = "",
    record: bool = True,
    source: str = C,
) -> Path:
    """Compile with the reference's flags, without one of them and with others."""
    assert reference.toolchain is not None
    path = folder / "object.o"
    (folder / "source.c").write_text(source)
    flags = [flag for flag in reference.flags if flag != without]
    recorded = ["-frecord-gcc-switches"] if record else []
    options = ["-O2", *flags, *recorded, *extra]
    run([reference.toolchain.gcc, *options, "-c", folder / "source.c", "-o", path])
    return path


def errors(verdict: Verdict) -> set[str]:
    return {one.check for one in verdict.findings if one.severity is Severity.ERROR}


@needs_m68k
@pytest.mark.parametrize("extra", [(), ("-O3",), ("-Os", "-g"), ("-mlong-jump-table-offsets",)])
def test_gcc_with_the_kernels_flags(
    tmp_path: Path, reference: Reference, extra: tuple[str, ...]
) -> None:
    verdict = validate(gcc(tmp_path, reference, *extra), reference)
    long_tables = extra == ("-mlong-jump-table-offsets",)
    assert errors(verdict) == ({"provenance.flags"} if long_tables else set())
    assert "provenance.fixed-register" in verdict.passed


@needs_m68k
def test_debug_information_alone_is_evidence(tmp_path: Path, reference: Reference) -> None:
    path = gcc(tmp_path, reference, "-g", record=False)
    assert errors(validate(path, reference)) == set()
    path = gcc(tmp_path, reference, "-g", without="-ffixed-a2", record=False)
    assert "provenance.flags" in errors(validate(path, reference))


@needs_m68k
@pytest.mark.parametrize("record", [True, False])
def test_gcc_without_the_fixed_register(tmp_path: Path, reference: Reference, record: bool) -> None:
    path = gcc(tmp_path, reference, without="-ffixed-a2", record=record, source=PRESSURE)
    verdict = validate(path, reference)
    flags = "provenance.flags" if record else "provenance.flags-unproven"
    assert errors(verdict) == {flags, "provenance.fixed-register"}
    written = [one for one in verdict.findings if one.check == "provenance.fixed-register"]
    assert all(re.fullmatch(r"\.text\S*\+0x[0-9a-f]+", one.place) for one in written)
    assert "the current task" in written[0].meaning


@needs_m68k
def test_a_right_object_whose_flags_nothing_shows(tmp_path: Path, reference: Reference) -> None:
    verdict = validate(gcc(tmp_path, reference, record=False), reference)
    assert errors(verdict) == {"provenance.flags-unproven"}


@needs_m68k
def test_a_unit_without_record_in_a_linked_object(tmp_path: Path, reference: Reference) -> None:
    assert reference.toolchain is not None
    parts = []
    for number, record in enumerate((True, False, True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = f"static int a(void) {{ return 1; }} int f{number}(void) {{ return a(); }}"
        parts.append(gcc(folder, reference, record=record, source=source))
    whole = tmp_path / "whole.o"
    run([reference.toolchain.tool("ld"), "-r", "-o", whole, *parts])
    found = {one.check: one for one in validate(whole, reference).findings}
    assert found["provenance.flags-unproven"].place == "1 of 3 compilation units"
    run([reference.toolchain.tool("ld"), "-r", "-o", whole, parts[0], parts[2]])
    assert errors(validate(whole, reference)) == {"symbols.global"}


@needs_m68k
@pytest.mark.parametrize(
    ("extra", "without", "evidence"),
    [
        (("-fPIC",), "", "-fPIC"),
        (("-m68020",), "", "-mcpu=68020"),
        (("-malign-int",), "", ""),
        (("-msoft-float",), "", "-msoft-float"),
        (("-fcommon",), "", "-fcommon"),
        (("-funsigned-char",), "", "-funsigned-char"),
        ((), "-fshort-wchar", "-fshort-wchar is missing"),
        ((), "-fno-common", ""),
    ],
)
def test_each_different_flag(
    tmp_path: Path, reference: Reference, extra: tuple[str, ...], without: str, evidence: str
) -> None:
    verdict = validate(gcc(tmp_path, reference, *extra, without=without), reference)
    found = [
        one.evidence
        for one in verdict.findings
        if one.check == "provenance.flags" and one.severity is Severity.ERROR
    ]
    assert any(evidence in one for one in found) if evidence else not found
    if extra == ("-malign-int",):
        by_flags = [one.check for one in verdict.findings if one.check.startswith("provenance.")]
        assert by_flags == ["provenance.declared"]


@needs_m68k
def test_rustc(tmp_path: Path, reference: Reference) -> None:
    source, target = tmp_path / "r.rs", tmp_path / "r.o"
    source.write_text(
        "#![feature(no_core, lang_items)]\n#![no_core]\n"
        '#[lang = "pointee_sized"] trait P {}\n#[lang = "meta_sized"] trait M: P {}\n'
        '#[lang = "sized"] trait S: M {}\n#[lang = "copy"] trait C {}\nimpl C for i32 {}\n'
        '#[no_mangle] pub extern "C" fn run(x: i32) -> i32 { x }\n'
    )
    argv = ["rustc", "--target", "m68k-unknown-linux-gnu", "--crate-type", "lib", "--emit", "obj"]
    for compiler in ("/usr/bin/rustc", "rustc"):
        try:
            run([compiler, *argv[1:], "-o", target, source], RUSTC_BOOTSTRAP="1")
        except (OSError, subprocess.CalledProcessError):
            continue
        verdict = validate(target, reference)
        assert {"provenance.compiler", "provenance.flags-unproven"} <= errors(verdict)
        return
    pytest.skip("no rustc here makes m68k code")


@needs_m68k
def test_clang(tmp_path: Path, reference: Reference) -> None:
    if shutil.which("clang") is None:
        pytest.skip("no clang")
    source, target = tmp_path / "c.c", tmp_path / "c.o"
    source.write_text("int run(int x) { return x + 1; }\n")
    try:
        run(["clang", "--target=m68k-linux-gnu", "-c", source, "-o", target])
    except subprocess.CalledProcessError:
        pytest.skip("this clang makes no m68k code")
    found = errors(validate(target, reference))
    assert {"provenance.compiler", "provenance.foreign", "provenance.flags-unproven"} <= found


@needs_m68k
def test_a_clang_object_linked_into_a_good_one(tmp_path: Path, reference: Reference) -> None:
    assert reference.toolchain is not None
    if shutil.which("clang") is None:
        pytest.skip("no clang")
    source, target, whole = tmp_path / "c.c", tmp_path / "c.o", tmp_path / "w.o"
    source.write_text("int helper(int x) { return x + 1; }\n")
    try:
        run(["clang", "--target=m68k-linux-gnu", "-c", source, "-o", target])
    except subprocess.CalledProcessError:
        pytest.skip("this clang makes no m68k code")
    run([reference.toolchain.tool("ld"), "-r", "-o", whole, gcc(tmp_path, reference), target])
    assert "provenance.compiler" in errors(validate(whole, reference))


@needs_m68k
def test_another_machine_under_this_name(tmp_path: Path, reference: Reference) -> None:
    compiler = shutil.which("x86_64-linux-gnu-gcc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no other gcc")
    source, target = tmp_path / "x.c", tmp_path / "m68k.o"
    source.write_text("int run(int x) { return x + 1; }\n")
    run([compiler, "-c", source, "-o", target])
    found = errors(validate(target, reference))
    assert {"identity.machine", "provenance.flags-unproven"} <= found


@needs_m68k
def test_truncated(tmp_path: Path, reference: Reference) -> None:
    path = gcc(tmp_path, reference)
    data = path.read_bytes()
    for length in (len(data) - 1, len(data) // 2, 60, 10):
        path.write_bytes(data[:length])
        with pytest.raises(UserError, match="cannot be judged"):
            validate(path, reference)


@needs_m68k
def test_libgcc_and_common(tmp_path: Path, reference: Reference) -> None:
    source = "unsigned long long run(unsigned long long a, unsigned long long b) { return a / b; }"
    looked_up = dataclasses.replace(reference, exports={"_printk": "vmlinux"})
    verdict = validate(gcc(tmp_path, reference, source=source), looked_up)
    assert errors(verdict) == {"symbols.undefined"}
    source = "int pool[10]; int run(void) { return pool[3]; }"
    path = gcc(tmp_path, reference, "-fcommon", source=source)
    assert {"symbols.common", "provenance.flags"} <= errors(validate(path, looked_up))


@pytest.mark.parametrize(
    "name", ["alpha", "arc", "mips", "openrisc", "parisc", "riscv64", "s390x", "sh", "sparc64"]
)
def test_producers_agree_with_readelf(tmp_path: Path, name: str) -> None:
    """Two linked units, with each architecture's own relocations; readelf is the oracle."""
    arch = TOOLCHAINS.get(name)
    if not installed(arch):
        pytest.skip(f"no GCC for {name}")
    toolchain = find(arch)
    parts = []
    for number, flag in enumerate(("-O1", "-fno-common")):
        source, part = tmp_path / f"{number}.c", tmp_path / f"{number}.o"
        source.write_text(f"int f{number}(int x) {{ return x + {number}; }}\n")
        run([toolchain.gcc, *arch.abi_flags, "-g", flag, "-c", source, "-o", part])
        parts.append(part)
    whole = tmp_path / "whole.o"
    run([toolchain.tool("ld"), "-r", "-o", whole, *parts])
    listing = subprocess.run(
        [toolchain.tool("readelf"), "--debug-dump=info", whole],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    wanted = re.findall(r"DW_AT_producer\s*:.*?(GNU C.*)", listing)
    obj = Object.read(whole)
    assert len(wanted) == 2
    assert [unit.text for unit in obj.producers or ()] == [one.strip() for one in wanted]


@pytest.mark.parametrize("name", ["alpha", "openrisc", "riscv64", "sparc64"])
def test_fixed_registers_elsewhere(tmp_path: Path, name: str) -> None:
    arch = TOOLCHAINS.get(name)
    if not installed(arch):
        pytest.skip(f"no GCC for {name}")
    base = dataclasses.replace(
        for_arch(arch, find(arch)),
        allowed_undefined=frozenset({"helper"}),
        allowed_globals=frozenset({"run"}),
    )
    verdict = validate(gcc(tmp_path, base, source=PRESSURE), base)
    assert errors(verdict) == set()
    assert "provenance.fixed-register" in verdict.passed
    register = arch.fixed_registers[0].register_
    asm = {
        "alpha": "addq $1,$2,$8",
        "openrisc": "l.addi r10,r10,4",
        "riscv64": "mv tp, a0",
        "sparc64": "mov %g1, %g4",
    }[name]
    source = f'void run(void) {{ __asm__ volatile("{asm}"); }}'
    (found,) = (
        one
        for one in validate(gcc(tmp_path, base, source=source), base).findings
        if one.check == "provenance.fixed-register"
    )
    assert f"writes {register}" in found.evidence


@pytest.mark.slow
def test_a_c_module_of_a_kernel_tree(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    m68k_tree: KernelTree,
) -> None:
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "cache"))
    module = tmp_path / "module"
    module.mkdir()
    (module / "Kbuild").write_text("obj-m := both.o\nboth-y := one.o two.o\n")
    (module / "one.c").write_text(
        "#include <linux/module.h>\nint two(void);\n"
        'static int __init start(void) { pr_info("%d\\n", two()); return 0; }\n'
        "static void __exit stop(void) {}\n"
        'module_init(start);\nmodule_exit(stop);\nMODULE_LICENSE("GPL");\n'
    )
    (module / "two.c").write_text("int two(void);\nint two(void) { return 2; }\n")
    cross = ["ARCH=m68k", "CROSS_COMPILE=m68k-linux-gnu-"]
    run(["make", "-C", m68k_tree.build, *cross, f"M={module}", "modules"])
    argv = [str(module / "both.ko"), "--kernel", str(m68k_tree.build), "--strict"]
    assert main(*argv) == 0, capsys.readouterr().out
    assert "0 errors, 0 warnings" in capsys.readouterr().out
    assert main(*argv, "--allow-global", "two") == 0
    assert main(*argv, "--allow-global", "other") == 2
    for command in module.glob(".*.cmd"):
        command.unlink()
    assert main(*argv) == 2
    assert "3 of 3 compilation units" in capsys.readouterr().out


@needs_m68k
def test_the_verb(tmp_path: Path, reference: Reference, capsys: pytest.CaptureFixture[str]) -> None:
    path = gcc(tmp_path, reference)
    assert main(str(path)) == 0
    assert "m68k" in capsys.readouterr().out
    assert main(str(path), "--json", "--arch", "m68k") == 0
    assert '"schema": 1' in capsys.readouterr().out
    assert main(str(path), "--arch", "alpha") == 2
    path.write_bytes(b"")
    assert main(str(path)) == 3
    assert "cannot be judged" in capsys.readouterr().err


def main(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    return verb.main(parser.parse_args(["validate", *argv]))
