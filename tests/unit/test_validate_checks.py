# SPDX-License-Identifier: GPL-2.0-only
"""Each check on hand-made objects: what it finds, and that it finds nothing in a good one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load
from pipeline.validate import judge, recorder
from pipeline.validate.checks import FAMILIES
from pipeline.validate.finding import Finding, Severity, Verdict
from pipeline.validate.judge import validate
from pipeline.validate.reference import Declared, Reference, for_arch
from tests.unit.elf_writer import COMMENT, Elf, Sec, Sym, good

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.toolchains.model import Arch

WANTED = "GNU C17 12.2.0 -mcpu=68040 -ffixed-a2"


@pytest.fixture(autouse=True)
def _no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiler and no objdump: they are asked in the integration tests."""
    monkeypatch.setattr(recorder, "recorded", lambda _gcc, flags: " ".join(["GNU C17", *flags]))
    monkeypatch.setattr(recorder, "already_so", lambda _gcc, flag, _others: flag == "-fno-common")
    monkeypatch.setattr("pipeline.validate.listing.disassemble", lambda _obj, _tool: {})
    monkeypatch.setattr(Toolchain, "tool", lambda _self, name: name)


@pytest.fixture(autouse=True)
def _these_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other families have tests of their own."""
    here = {name: FAMILIES[name] for name in ("identity", "provenance", "symbols")}
    monkeypatch.setattr(judge, "FAMILIES", here)


@pytest.fixture(scope="module")
def arch() -> Arch:
    return load().get("m68k")


@pytest.fixture
def reference(arch: Arch) -> Reference:
    toolchain = Toolchain(arch, "m68k-x", "/nowhere/m68k-x-", (12, 2, 0), "gcc 12", COMMENT)
    return dataclasses.replace(
        for_arch(arch, toolchain),
        flags=("-mcpu=68040", "-ffixed-a2"),
        exports={"_printk": "vmlinux"},
        allowed_globals=frozenset({"run"}),
        required_globals=frozenset({"run"}),
    )


def judged(tmp_path: Path, elf: Elf, reference: Reference) -> Verdict:
    path = tmp_path / "a.o"
    path.write_bytes(elf.build())
    return validate(path, reference)


def bad(verdict: Verdict) -> dict[str, Finding]:
    return {one.check: one for one in verdict.findings if one.severity is not Severity.NOTE}


def replaced(elf: Elf, name: str, data: bytes) -> Elf:
    elf.sections = [Sec(name, data) if one.name == name else one for one in elf.sections]
    return elf


def test_a_good_object_has_no_finding(tmp_path: Path, reference: Reference) -> None:
    verdict = judged(tmp_path, good(), reference)
    assert verdict.findings == ()
    assert verdict.worst is None
    assert {"identity.machine", "provenance.flags", "symbols.undefined"} <= set(verdict.passed)
    assert {skip.check for skip in verdict.skipped} == {
        "identity.kernel",
        "provenance.kernel-compiler",
        "provenance.producer",
    }
    assert verdict.sizes.text == 2


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"machine": 62}, "identity.machine"),
        ({"bits": 64}, "identity.class"),
        ({"order": "little"}, "identity.byte-order"),
        ({"kind": 2}, "identity.kind"),
        ({"flags": 0x00810000}, "identity.flags"),
    ],
)
def test_identity(
    tmp_path: Path, reference: Reference, changes: dict[str, object], check: str
) -> None:
    found = bad(judged(tmp_path, good(**changes), reference))
    assert set(found) == {check}
    assert found[check].severity is Severity.ERROR


def test_identity_against_an_object_of_the_kernel(tmp_path: Path, reference: Reference) -> None:
    kernel = tmp_path / "kernel.o"
    kernel.write_bytes(good(flags=1).build())
    compared = dataclasses.replace(reference, kernel_object=kernel)
    assert set(bad(judged(tmp_path, good(), compared))) == {"identity.kernel"}
    kernel.write_bytes(b"not an object")
    verdict = judged(tmp_path, good(), compared)
    assert (
        "cannot be judged" in {one.check: one.reason for one in verdict.skipped}["identity.kernel"]
    )


@pytest.mark.parametrize(
    "comment",
    [b"\0rustc version 1.96.0\0", b"\0Debian clang version 14\0", b"\0GCC: (GNU) 11.1.0\0", b""],
)
def test_another_compiler_or_none(tmp_path: Path, reference: Reference, comment: bytes) -> None:
    found = bad(judged(tmp_path, replaced(good(), ".comment", comment), reference))
    assert found["provenance.compiler"].severity is Severity.ERROR


def test_one_foreign_comment_among_good_ones(tmp_path: Path, reference: Reference) -> None:
    text = f"\0{COMMENT}\0\0LLD 14.0.6\0".encode()
    found = bad(judged(tmp_path, replaced(good(), ".comment", text), reference))
    assert "LLD" in found["provenance.compiler"].evidence


@pytest.mark.parametrize(
    "name", ["_RNvCs1_3foo3bar", "_ZN4core3fmt17h0123456789abcdefE", "x.llvm.123", "__llvm_prf"]
)
def test_foreign_symbols(tmp_path: Path, reference: Reference, name: str) -> None:
    elf = good()
    elf.symbols.append(Sym(name, ".text", bind=0))
    assert set(bad(judged(tmp_path, elf, reference))) == {"provenance.foreign"}


@pytest.mark.parametrize("name", ["_Read", "_raw_lock", "ZRG2cE9core", "__mrustc_bitrev8", "_R"])
def test_names_that_are_not_foreign(tmp_path: Path, reference: Reference, name: str) -> None:
    elf = good()
    elf.symbols.append(Sym(name, ".text", bind=0))
    assert bad(judged(tmp_path, elf, reference)) == {}


@pytest.mark.parametrize("name", [".llvm_addrsig", ".llvmbc", ".note.rustc", ".rustc"])
def test_foreign_sections(tmp_path: Path, reference: Reference, name: str) -> None:
    elf = good()
    elf.sections.append(Sec(name, b"x"))
    assert set(bad(judged(tmp_path, elf, reference))) == {"provenance.foreign"}


def test_a_unit_without_record_is_an_error(tmp_path: Path, reference: Reference) -> None:
    elf = replaced(good(), ".comment", f"\0{COMMENT}\0\0{COMMENT}\0".encode())
    found = bad(judged(tmp_path, elf, reference))
    assert set(found) == {"provenance.flags-unproven"}
    assert found["provenance.flags-unproven"].place == "1 of 2 compilation units"


def test_a_unit_that_left_only_its_file_name(tmp_path: Path, reference: Reference) -> None:
    elf = good()
    elf.symbols.append(Sym("hidden.c", 0xFFF1, bind=0, type=4))
    assert set(bad(judged(tmp_path, elf, reference))) == {"provenance.flags-unproven"}


@pytest.mark.parametrize(
    ("options", "evidence"),
    [
        ("-mcpu=68040", "-ffixed-a2 is missing"),
        ("-mcpu=68020 -ffixed-a2", "-mcpu=68020 instead of -mcpu=68040"),
        ("-mcpu=68040 -mcpu=68020 -ffixed-a2", "-mcpu=68020 instead of -mcpu=68040"),
        ("-mcpu=68040 -ffixed-a2 -fPIC", "-fPIC is not the kernel's"),
        ("-mcpu=68040 -ffixed-a2 -fcall-saved-a2", "-fcall-saved-a2 instead of -ffixed-a2"),
    ],
)
def test_different_flags(tmp_path: Path, reference: Reference, options: str, evidence: str) -> None:
    elf = replaced(good(), ".GCC.command.line", f"GNU C17 12.2.0 {options}\0".encode())
    found = bad(judged(tmp_path, elf, reference))
    assert set(found) == {"provenance.flags"}
    assert evidence in found["provenance.flags"].evidence
    if "a2" in evidence:
        assert "the current task" in found["provenance.flags"].meaning


def test_what_does_not_matter_or_is_so_anyway(tmp_path: Path, reference: Reference) -> None:
    line = f"{WANTED} -O3 -fno-common -mtune=68060 -fno-tree-sra -fmacro-prefix-map=/rustc=/x\0"
    elf = replaced(good(), ".GCC.command.line", line.encode())
    assert judged(tmp_path, elf, reference).findings == ()


def test_a_declared_difference_is_a_note(tmp_path: Path, reference: Reference) -> None:
    elf = replaced(good(), ".GCC.command.line", f"{WANTED} -malign-int\0".encode())
    declared = dataclasses.replace(reference, declared=(Declared("-malign-int", "the reason"),))
    (note,) = judged(tmp_path, elf, declared).findings
    assert (note.severity, note.meaning) == (Severity.NOTE, "the reason")
    undeclared = dataclasses.replace(reference, declared=())
    assert set(bad(judged(tmp_path, elf, undeclared))) == {"provenance.flags"}


def test_kbuild_commands_are_evidence(tmp_path: Path, reference: Reference) -> None:
    elf = replaced(good(), ".GCC.command.line", b"")
    assert set(bad(judged(tmp_path, elf, reference))) == {"provenance.flags-unproven"}
    command = tmp_path / ".a.o.cmd"
    command.write_text("cmd_a.o := gcc -mcpu=68040 -ffixed-a2 -c -o a.o a.c\n\nsource_a.o := a.c\n")
    verdict = judged(tmp_path, elf, reference)
    assert [(one.check, one.severity) for one in verdict.findings] == [
        ("provenance.flags-unproven", Severity.NOTE)
    ]
    command.write_text("cmd_a.o := gcc -mcpu=68040 -c -o a.o a.c\n")
    assert set(bad(judged(tmp_path, elf, reference))) == {"provenance.flags"}


def with_symbol(symbol: Sym) -> Elf:
    elf = good()
    elf.symbols.append(symbol)
    return elf


def test_undefined_names(tmp_path: Path, reference: Reference) -> None:
    assert bad(judged(tmp_path, with_symbol(Sym("_printk")), reference)) == {}
    found = bad(judged(tmp_path, with_symbol(Sym("nowhere")), reference))
    assert "none of the 1 symbols" in found["symbols.undefined"].evidence
    found = bad(judged(tmp_path, with_symbol(Sym("__udivdi3")), reference))
    assert "libgcc" in found["symbols.undefined"].evidence
    assert "compiler_builtins" in found["symbols.undefined"].mend
    weak = bad(judged(tmp_path, with_symbol(Sym("nowhere", bind=2)), reference))
    assert weak["symbols.undefined"].severity is Severity.WARNING


def test_names_that_something_supplies(tmp_path: Path, reference: Reference) -> None:
    elf = with_symbol(Sym("__udivdi3"))
    exported = dataclasses.replace(reference, exports={"__udivdi3": "vmlinux"})
    assert bad(judged(tmp_path, elf, exported)) == {}
    allowed = dataclasses.replace(reference, allowed_undefined=frozenset({"__udivdi3"}))
    assert bad(judged(tmp_path, elf, allowed)) == {}
    own = with_symbol(Sym("__udivdi3", ".text", bind=0, type=2))
    assert bad(judged(tmp_path, own, reference)) == {}


def test_without_a_tree_names_are_not_looked_up(tmp_path: Path, reference: Reference) -> None:
    without = dataclasses.replace(reference, exports=None)
    verdict = judged(tmp_path, with_symbol(Sym("whatever")), without)
    assert verdict.findings == ()
    assert any("whatever" in skip.reason for skip in verdict.skipped)
    assert "symbols.undefined" not in verdict.passed
    found = bad(judged(tmp_path, with_symbol(Sym("cos")), without))
    assert found["symbols.undefined"].severity is Severity.ERROR


def test_common_tls_and_globals(tmp_path: Path, reference: Reference) -> None:
    common = with_symbol(Sym("pool", 0xFFF2, 4, 40))
    allowed = dataclasses.replace(reference, allowed_globals=frozenset({"run", "pool"}))
    assert set(bad(judged(tmp_path, common, allowed))) == {"symbols.common"}
    local = with_symbol(Sym("x", ".text", bind=0, type=6))
    assert set(bad(judged(tmp_path, local, reference))) == {"symbols.tls"}
    extra = bad(judged(tmp_path, with_symbol(Sym("leak", ".text")), reference))
    assert extra["symbols.global"].place == "leak"


@pytest.mark.parametrize(
    "symbol", [Sym("go", ".text", bind=0), Sym("go", 0xFFF2), Sym("x", ".text")]
)
def test_what_it_is_there_for_is_defined(tmp_path: Path, reference: Reference, symbol: Sym) -> None:
    elf = with_symbol(symbol)
    wanted = dataclasses.replace(reference, required_globals=frozenset({"run", "go"}))
    assert bad(judged(tmp_path, elf, wanted))["symbols.required"].place == "go"
    unknown = dataclasses.replace(reference, required_globals=frozenset())
    assert "symbols.required" in {one.check for one in judged(tmp_path, elf, unknown).skipped}


def test_globals_of_a_module(tmp_path: Path, reference: Reference) -> None:
    elf = with_symbol(Sym("init_module", ".text"))
    assert set(bad(judged(tmp_path, elf, reference))) == {"symbols.global"}
    elf.sections.append(Sec(".gnu.linkonce.this_module", b"\0", flags=3))
    assert bad(judged(tmp_path, elf, reference)) == {}
    unknown = dataclasses.replace(reference, allowed_globals=None)
    verdict = judged(tmp_path, elf, unknown)
    assert [one.check for one in verdict.skipped if "run" in one.reason] == ["symbols.global"]
