# SPDX-License-Identifier: GPL-2.0-only
"""Relocations of real compilers: their names against readelf's, defects, and no false alarm."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.reference import for_arch
from pipeline.validate.relocation_names import relocation_name, relocation_names
from pipeline.validate.relocation_uses import uses
from pipeline.validate.relocations import CHECKS
from tests.unit.elf_writer import Elf, Rel, Sec, Sym

if TYPE_CHECKING:
    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain

TOOLCHAINS = load()
READELF = shutil.which("readelf")
# What the kernel's headers and binutils call differently.
RENAMED = {
    "R_CSKY_32": "R_CKCORE_ADDR32",
    "R_CSKY_PC32": "R_CKCORE_PCREL32",
    "R_CSKY_PCRELJSR_IMM11BY2": "R_CKCORE_PCREL_JSR_IMM11BY2",
    "R_CSKY_PCRELJSR_IMM26BY2": "R_CKCORE_PCREL_JSR_IMM26BY2",
    "R_CSKY_ADDR_HI16": "R_CKCORE_ADDR_HI16",
    "R_CSKY_ADDR_LO16": "R_CKCORE_ADDR_LO16",
    "R_OR32_32": "R_OR1K_32",
    "R_OR32_CONST": "R_OR1K_LO_16_IN_INSN",
    "R_OR32_CONSTH": "R_OR1K_HI_16_IN_INSN",
    "R_OR32_JUMPTARG": "R_OR1K_INSN_REL_26",
    "R_PARISC_LTOFF21L": "R_PARISC_DLTIND21L",
    "R_PARISC_LTOFF14R": "R_PARISC_DLTIND14R",
}
SOURCE = """
extern int theirs[], f(int);
extern __thread int slot;
static int mine[64];
__thread int own_slot;
int *pointers[] = { theirs, &mine[3] };
int (*function)(int) = f;
static int helper(int x) { mine[x]++; return x * 3; }
int run(int x) { theirs[2] = x; return f(x) + mine[x + 1] + helper(x); }
int thread(int x) { own_slot += x; return slot; }
int choose(int x) {
    switch (x) { case 0: return f(1); case 1: return f(7); case 2: return f(3); case 3: return 9;
    case 4: return f(5); case 5: return f(x); case 6: return 4; default: return f(8); }
}
"""
PLAIN = re.sub(r"(?m)^.*(thread|slot).*$", "", SOURCE)
# What else a GCC needs for -fPIC.
PIC = {"x86_64": ["-mcmodel=small"], "mips": ["-mabicalls"]}
OPTIONS = [["-O2"], ["-O2", "-fPIC"], ["-Os", "-fpic", "-ftls-model=global-dynamic"], ["-O0", "-g"]]


def toolchain_or_skip(name: str) -> Toolchain:
    try:
        return find(TOOLCHAINS.get(name))
    except UserError as error:
        pytest.skip(error.what)


def readelf_names(readelf: str | Path, path: Path) -> list[tuple[int, int, str]]:
    """Return place, number (eight bits are enough for all) and name of each relocation."""
    text = subprocess.run([readelf, "-rW", path], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^([0-9a-f]{8,16})\s+([0-9a-f]+)\s+(R_\w+)", text, re.MULTILINE)
    return [(int(place, 16), int(info, 16) & 0xFF, name) for place, info, name in found]


def findings(path: Path, name: str, exports: dict[str, str] | None = None) -> list[Finding]:
    obj = Object.read(path)
    reference = dataclasses.replace(for_arch(TOOLCHAINS.get(name), None), exports=exports)
    results = [one for check in CHECKS.values() for one in check(obj, reference)]
    assert all(isinstance(one, Finding) for one in results)
    return [one for one in results if isinstance(one, Finding)]


def compiled(folder: Path, name: str, source: str, *flags: str, suffix: str = ".c") -> Path:
    toolchain = toolchain_or_skip(name)
    path, target = folder / f"made{suffix}", folder / "made.o"
    path.write_text(source, encoding="ascii")
    argv: list[str | Path] = [toolchain.gcc, *flags, "-c", path, "-o", target]
    made = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return target


@pytest.mark.skipif(READELF is None, reason="no readelf")
@pytest.mark.parametrize("name", list(TOOLCHAINS))
def test_every_name_is_readelfs(tmp_path: Path, name: str) -> None:
    """The data file holds what readelf says of an object with a relocation of every type."""
    arch = TOOLCHAINS.get(name)
    path = tmp_path / "every.o"
    path.write_bytes(
        Elf(
            machine=arch.elf.machine,
            bits=arch.elf.bits,
            order=arch.elf.byte_order,
            flags=arch.elf.flags,
            sections=[Sec(".text", bytes(1024), flags=6)],
            symbols=[Sym("s", ".text")],
            relocations=[Rel(".text", 4 * kind, "s", 0, kind) for kind in range(256)],
        ).build()
    )
    assert READELF is not None
    names = {place // 4: shown for place, _info, shown in readelf_names(READELF, path)}
    assert dict(relocation_names(arch.elf.machine)) == names
    for ours, number in arch.relocations.items():
        assert names[number] == RENAMED.get(ours, ours)


@pytest.mark.parametrize("name", list(TOOLCHAINS))
def test_real_objects_are_read_as_readelf_reads_them(tmp_path: Path, name: str) -> None:
    toolchain = toolchain_or_skip(name)
    arch = TOOLCHAINS.get(name)
    seen = set()
    # GCC 12 for parisc64 stops with an internal error on thread-local variables.
    source = PLAIN if name == "parisc64" else SOURCE
    for flags in OPTIONS:
        path = compiled(tmp_path, name, source, *arch.abi_flags, *flags, *PIC.get(name, []))
        ours = sorted(
            (one.offset, one.type, relocation_name(arch.elf.machine, one.type))
            for one in Object.read(path).relocations
        )
        assert ours == sorted(readelf_names(toolchain.tool("readelf"), path))
        seen |= {kind for _place, kind, _name in ours}
    assert len(seen) > 3


# Architecture, C or assembly, flags; the word that a finding of relocations.type has.
DEFECTS = [
    ("m68k", ".c", SOURCE, ["-O2", "-fPIC"], "R_68K_GOT"),
    ("m68k", ".c", SOURCE, ["-O2"], "R_68K_TLS"),
    ("m68k", ".s", "bra.w elsewhere\n", [], "R_68K_PC16"),
    ("m68k", ".s", "bra.b elsewhere\n", [], "R_68K_PC8"),
    ("m68k", ".s", "lea %pc@(elsewhere:w),%a0\n", [], "R_68K_PC16"),
    ("m68k", ".s", ".data\n.word elsewhere\n", [], "R_68K_16"),
    ("sh", ".c", SOURCE, ["-O2", "-fPIC"], "R_SH_GOTPC"),
    ("sh", ".c", SOURCE, ["-O2", "-mrelax"], "R_SH_USES"),
    ("sh", ".c", SOURCE, ["-O2"], "R_SH_TLS"),
    ("parisc", ".c", SOURCE, ["-O2", "-fPIC"], "R_PARISC_DLTIND21L"),
    ("parisc", ".c", SOURCE, ["-O2"], "R_PARISC_TPREL"),
    ("alpha", ".c", SOURCE, ["-O2"], "TPREL"),
    ("alpha", ".c", SOURCE, ["-O2", "-fPIC"], "TLSGD"),
    ("arc", ".c", SOURCE, ["-O2", "-mno-long-calls"], "R_ARC_S25"),
    ("arc", ".c", SOURCE, ["-O2", "-fPIC"], "R_ARC_GOTPC32"),
    ("riscv64", ".c", SOURCE, ["-O2", "-mrelax"], "R_RISCV_TLS"),
    ("powerpc", ".c", SOURCE, ["-O2", "-fPIC"], "R_PPC_"),
    ("sparc64", ".c", SOURCE, ["-O2", "-fPIC"], "R_SPARC_GOT"),
    ("x86_64", ".c", SOURCE, ["-O2", "-fPIC", "-mcmodel=small"], "R_X86_64_REX_GOTPCRELX"),
    ("openrisc", ".c", SOURCE, ["-O2"], "R_OR1K_AHI16"),
]


@pytest.mark.parametrize(("name", "suffix", "source", "flags", "word"), DEFECTS)
def test_what_the_loader_does_not_apply(
    tmp_path: Path, name: str, suffix: str, source: str, flags: list[str], word: str
) -> None:
    abi = TOOLCHAINS.get(name).abi_flags
    path = compiled(tmp_path, name, source, *(abi if suffix == ".c" else []), *flags, suffix=suffix)
    found = [one for one in findings(path, name) if one.check == "relocations.type"]
    assert any(word in one.evidence for one in found), [one.evidence for one in found]
    later = TOOLCHAINS.get(name).loader.later
    for one in found:
        newer = any(one.evidence.startswith(kind) for kind in later)
        assert one.severity is (Severity.WARNING if newer else Severity.ERROR), one.evidence
        assert one.mend


@pytest.mark.parametrize(
    "name",
    ["alpha", "arc", "m68k", "parisc", "sh", "mips", "powerpc", "riscv64", "s390x", "sparc64"],
)
def test_no_false_alarm_with_the_kernels_flags(tmp_path: Path, name: str) -> None:
    flags = TOOLCHAINS.get(name).abi_flags
    path = compiled(tmp_path, name, PLAIN, *flags, "-O2", "-g")
    assert uses(Object.read(path), TOOLCHAINS.get(name))
    assert findings(path, name) == []


def test_a_call_too_far_from_the_stubs(tmp_path: Path) -> None:
    """One section of more than 256 KiB on parisc: the last calls reach no stub."""
    source = ".level 1.1\n.text\n.space 0x40100\n b,l elsewhere,%r2\n nop\n"
    path = compiled(tmp_path, "parisc", source, suffix=".s")
    assert findings(path, "parisc") == []
    (one,) = findings(path, "parisc", {"elsewhere": "vmlinux"})
    assert one.check == "relocations.range"
    assert "R_PARISC_PCREL17F" in one.evidence


@pytest.mark.slow
def test_no_false_alarm_on_a_module_of_the_kernel(m68k_tree: KernelTree) -> None:
    path = m68k_tree.probe(toolchain_or_skip("m68k"))
    assert uses(Object.read(path), TOOLCHAINS.get("m68k"))
    assert findings(path, "m68k") == []
