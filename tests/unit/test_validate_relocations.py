# SPDX-License-Identifier: GPL-2.0-only
"""Each rule on relocations, on hand-made objects: what it finds and what it leaves alone."""

from __future__ import annotations

import dataclasses
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.reference import Kernel, Reference, for_arch
from pipeline.validate.relocation_names import relocation_name, relocation_names
from pipeline.validate.relocations import CHECKS
from tests.unit.elf_writer import Elf, Rel, Sec, Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOLCHAINS = load()
CODE, DATA, ALLOC = 6, 3, 2
MIB = 1 << 20


def elf(name: str, relocations: Sequence[Rel], *more: Sec, size: int = 64) -> Elf:
    """Return an object for architecture ``name``: code, data, debug data; a module with ``mod``."""
    header = TOOLCHAINS[name].elf
    return Elf(
        machine=header.machine,
        bits=header.bits,
        order=header.byte_order,
        flags=header.flags,
        sections=[
            Sec(".text", bytes(size), flags=CODE),
            Sec(".data", bytes(64), flags=DATA),
            Sec(".debug_x", bytes(64)),
            *more,
        ],
        symbols=[
            Sym("here", ".text", 0, bind=0),
            Sym("odd", ".text", 2, bind=0),
            Sym("end", ".text", size - 4, bind=0),
            Sym("data", ".data", 0, bind=0),
            Sym("debug", ".debug_x", 0, bind=0),
            Sym("zero", 0xFFF1, 0, bind=0),
            Sym("large", 0xFFF1, 0x1_0000_0000 if header.bits == 64 else 0x9000_0000, bind=0),
            Sym("printk"),
            Sym("weak", bind=2),
        ],
        relocations=list(relocations),
    )


MODULE = Sec(".gnu.linkonce.this_module", bytes(64), flags=DATA)


def found(
    tmp_path: Path, name: str, made: Elf, reference: Reference | None = None
) -> dict[str, list[Finding]]:
    path = tmp_path / "a.o"
    path.write_bytes(made.build())
    obj = Object.read(path)
    results: dict[str, list[Finding]] = {}
    for check in CHECKS.values():
        for one in check(obj, reference or for_arch(TOOLCHAINS[name], None)):
            assert isinstance(one, Finding)
            results.setdefault(one.check.removeprefix("relocations."), []).append(one)
    return results


def exporting(name: str, **more: str) -> Reference:
    return dataclasses.replace(
        for_arch(TOOLCHAINS[name], None), exports={"printk": "vmlinux", **more}
    )


def with_kernel(name: str, source: Path, **config: str) -> Reference:
    """Return a reference with a kernel tree of which only the source and options matter."""
    tree = type("Tree", (), {"source": source})()
    kernel = Kernel(cast("Any", tree), config, {}, cast("Any", None))
    return dataclasses.replace(exporting(name), kernel=kernel)


# Architecture, relocation type, symbol, addend, offset; the check that speaks, and a word of it.
DEFECTS: list[tuple[str, Rel, str, str]] = [
    ("m68k", Rel(".text", 2, "printk", 0, 5), "type", "R_68K_PC16"),
    ("m68k", Rel(".text", 2, "printk", 0, 7), "type", "R_68K_GOT32"),
    ("m68k", Rel(".text", 2, "printk", 0, 0), "type", "R_68K_NONE"),
    ("m68k", Rel(".text", 2, "printk", 0, 255), "type", "type 255"),
    ("sh", Rel(".data", 0, "printk", 0, 167), "type", "R_SH_GOTPC"),
    ("parisc", Rel(".text", 0, "printk", 0, 34), "type", "R_PARISC_DLTIND21L"),
    ("alpha", Rel(".text", 0, "printk", 0, 29), "type", "R_ALPHA_TLSGD"),
    ("riscv64", Rel(".text", 0, "here", 2, 43), "type", "R_RISCV_ALIGN"),
    ("openrisc", Rel(".text", 0, "data", 0, 35), "type", "R_OR1K_AHI16"),
    ("mips", Rel(".text", 0, "data", 0, 2), "form", "SHT_RELA"),
    ("alpha", Rel(".data", 0, "data", None, 2), "form", "SHT_REL"),
    ("m68k", Rel(".data", 61, "data", 0, 1), "place", "the section has 0x40"),
    ("m68k", Rel(".data", 0, "debug", 0, 1), "place", ".debug_x"),
    ("alpha", Rel(".text", 2, "here", 0, 4), "place", "multiple of 4"),
    ("powerpc", Rel(".data", 0, "data", 0, 4), "place", "plus 2"),
    ("openrisc", Rel(".data", 2, "data", 0, 1), "place", "multiple of 4"),
    ("parisc", Rel(".data", 0, "zero", 0, 1), "place", "its value is 0"),
    ("parisc", Rel(".data", 0, "weak", 0, 1), "place", "its value is 0"),
    ("alpha", Rel(".text", 0, "", 64, 6), "pair", "second instruction"),
    ("riscv64", Rel(".text", 4, "here", 0, 24), "pair", "no HI20"),
    ("mips", Rel(".text", 0, "data", None, 5), "pair", "no low half"),
    ("alpha", Rel(".text", 0, "odd", 0, 7), "range", "no multiple of 4"),
    ("alpha", Rel(".text", 0, "printk", 0, 7), "range", "KSEG"),
    ("alpha", Rel(".text", 0, "printk", 0, 28), "range", "module itself"),
    ("alpha", Rel(".data", 0, "data", 0, 1), "range", "32 bits"),
    ("alpha", Rel(".data", 0, "large", 0, 1), "range", "0x100000000"),
    ("x86_64", Rel(".data", 0, "data", 0, 10), "range", "top 2 GiB"),
    ("s390x", Rel(".data", 0, "data", 0, 3), "range", "16 bits"),
    ("s390x", Rel(".text", 2, "here", 1, 19), "range", "no multiple of 2"),
    ("sparc64", Rel(".text", 0, "printk", 0, 8), "range", "22 bits"),
    ("riscv64", Rel(".data", 0, "large", 0, 1), "range", "0x100000000"),
    ("riscv64", Rel(".text", 0, "here", 0x2000, 16), "range", "12 bits"),
    ("nios2", Rel(".text", 0, "here", 0x9000, 3), "range", "16 bits"),
    ("nios2", Rel(".text", 0, "odd", 0, 4), "range", "no multiple of 4"),
    ("mips", Rel(".text", 0, "printk", None, 4), "range", "KSEG0"),
    ("openrisc", Rel(".text", 0, "here", 1 << 27, 6), "range", "26 bits"),
    ("xtensa", Rel(".text", 0, "here", 1 << 19, 20), "", ""),  # not a call: left as it is
]


@pytest.mark.parametrize(("name", "relocation", "check", "word"), DEFECTS)
def test_one_defect_one_check(
    tmp_path: Path, name: str, relocation: Rel, check: str, word: str
) -> None:
    results = found(tmp_path, name, elf(name, [relocation]), exporting(name))
    assert set(results) == ({check} if check else set())
    for one in results.get(check, []):
        # A later kernel may apply it, and no tree says which kernel it is.
        newer = word in load().get(name).loader.later
        assert one.severity is (Severity.WARNING if newer else Severity.ERROR)
        assert word in one.evidence
        assert one.place.split("+")[0].removeprefix(".rela").removeprefix(".rel") in {
            ".text",
            ".data",
        }
        assert one.meaning
        assert one.mend
        assert "arch/" in one.source or "kernel/module/" in one.source


GOOD: list[tuple[str, list[Rel]]] = [
    ("m68k", [Rel(".data", 1, "printk", 4, 1), Rel(".text", 2, "here", 0, 4)]),
    ("m68k", [Rel(".data", 0, "printk", None, 1)]),
    ("sh", [Rel(".data", 0, "data", 0, 1), Rel(".data", 0, "here", 0, 2)]),
    ("alpha", [Rel(".text", 0, "", 4, 6), Rel(".text", 8, "printk", 0, 4)]),
    ("alpha", [Rel(".text", 8, "", 3, 5), Rel(".text", 8, "printk", 0, 8)]),
    ("alpha", [Rel(".text", 60, "here", 0, 28), Rel(".data", 3, "printk", 0, 2)]),
    ("riscv64", [Rel(".text", 0, "data", 0, 23), Rel(".text", 4, "here", 0, 24)]),
    ("riscv64", [Rel(".data", 0, "end", 0, 35), Rel(".data", 0, "here", 0, 39)]),
    ("riscv64", [Rel(".text", 0, "printk", 0, 19), Rel(".text", 0, "", 0, 51)]),
    ("mips", [Rel(".text", 0, "data", None, 5), Rel(".text", 8, "data", None, 6)]),
    ("parisc", [Rel(".text", 60, "printk", 0, 12), Rel(".text", 8, "end", 0, 12)]),
    ("powerpc", [Rel(".text", 2, "data", 0, 6), Rel(".text", 8, "printk", 0, 10)]),
    ("s390x", [Rel(".text", 2, "here", 2, 19), Rel(".text", 8, "printk", 2, 26)]),
    ("x86_64", [Rel(".text", 1, "printk", -4, 4), Rel(".data", 0, "large", -5, 10)]),
    ("sparc64", [Rel(".text", 0, "printk", 0, 7), Rel(".text", 4, "printk", 0, 12)]),
    ("openrisc", [Rel(".text", 60, "here", 0, 6), Rel(".data", 0, "zero", 0, 1)]),
    *[(name, [Rel(".debug_x", 63, "debug", 0, 250)]) for name in ("m68k", "alpha", "sh")],
]


@pytest.mark.parametrize(("name", "relocations"), GOOD)
def test_no_false_alarm(tmp_path: Path, name: str, relocations: list[Rel]) -> None:
    assert found(tmp_path, name, elf(name, relocations), exporting(name)) == {}


def test_same_types_of_a_section_are_one_finding(tmp_path: Path) -> None:
    made = elf("m68k", [Rel(".text", 2 * n, "printk", 0, 5) for n in range(20)])
    made.relocations += [Rel(".data", 0, "printk", 0, 5)]
    first, second = found(tmp_path, "m68k", made)["type"]
    assert (first.place, second.place) == (".text+0x0", ".data+0x0")
    assert "the first of 20" in first.evidence
    assert "R_68K_32, R_68K_PC32" in first.evidence


def test_what_openrisc_ignores_is_said(tmp_path: Path) -> None:
    made = elf("openrisc", [Rel(".text", 0, "data", 0, 35), Rel(".text", 4, "data", 0, 0)])
    wrong, harmless = found(tmp_path, "openrisc", made)["type"]
    assert "loads the module all the same" in wrong.meaning
    assert harmless.severity is Severity.NOTE


def test_a_type_of_later_kernels_is_an_error_where_the_trees_loader_lacks_it(
    tmp_path: Path,
) -> None:
    made = elf("openrisc", [Rel(".text", 0, "data", 0, 35)])
    (one,) = found(tmp_path, "openrisc", made, with_kernel("openrisc", tmp_path))["type"]
    assert one.severity is Severity.ERROR


def test_what_the_trees_own_loader_has_learnt_is_no_finding(tmp_path: Path) -> None:
    source = tmp_path / "arch/openrisc/kernel/module.c"
    source.parent.mkdir(parents=True)
    source.write_text("switch (type) {\n\tcase R_OR1K_AHI16:\n")
    made = elf("openrisc", [Rel(".text", 0, "data", 0, 35)])
    assert "type" not in found(tmp_path, "openrisc", made, with_kernel("openrisc", tmp_path))
    made = elf("openrisc", [Rel(".text", 0, "data", 0, 39)])
    assert "type" in found(tmp_path, "openrisc", made, with_kernel("openrisc", tmp_path))


def test_what_the_source_names_to_refuse_it_stays_refused(tmp_path: Path) -> None:
    source = tmp_path / "arch/s390/kernel/module.c"
    source.parent.mkdir(parents=True)
    source.write_text("case R_390_COPY:\n")
    made = elf("s390x", [Rel(".text", 0, "data", 0, 9)])
    assert "type" in found(tmp_path, "s390x", made, with_kernel("s390x", tmp_path))


def test_options_of_the_kernel(tmp_path: Path) -> None:
    made = elf("riscv64", [Rel(".text", 0, "printk", 0, 20), Rel(".text", 4, "data", 0, 26)])
    assert found(tmp_path, "riscv64", made) == {}
    without = with_kernel("riscv64", tmp_path, CONFIG_CMODEL_MEDLOW="y")
    texts = [one.evidence for one in found(tmp_path, "riscv64", made, without)["type"]]
    assert "has not CONFIG_MODULE_SECTIONS" in texts[0]
    assert "has CONFIG_CMODEL_MEDLOW" in texts[1]


@pytest.mark.parametrize("name", ["alpha", "powerpc", "riscv64"])
def test_tables_of_the_loader(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, name, elf(name, [])) == {}
    wanted = TOOLCHAINS[name].loader.sections
    missing = found(tmp_path, name, elf(name, [], MODULE))["tables"]
    assert [one.place for one in missing] == list(wanted)
    there = [Sec(one, bytes(1), flags=DATA) for one in wanted]
    assert found(tmp_path, name, elf(name, [], MODULE, *there)) == {}


def test_an_empty_section_of_relocations_is_refused_too(tmp_path: Path) -> None:
    made = elf("alpha", [], Sec(".rel.text", b"", 9, info=1))
    (one,) = found(tmp_path, "alpha", made)["form"]
    assert one.place == ".rel.text"


def test_places_that_two_write(tmp_path: Path) -> None:
    made = elf("m68k", [Rel(".data", 4, "data", 0, 1), Rel(".data", 2, "data", 0, 1)])
    (one,) = found(tmp_path, "m68k", made)["place"]
    assert one.place == ".data+0x4"
    made = elf("m68k", [Rel(".data", 4, "data", 0, 1), Rel(".text", 4, "data", 0, 1)])
    assert found(tmp_path, "m68k", made) == {}


def test_zeros_on_x86(tmp_path: Path) -> None:
    made = elf("x86_64", [Rel(".data", 0, "data", 0, 1)])
    made.sections[1].data = b"\x01" * 64
    (one,) = found(tmp_path, "x86_64", made)["place"]
    assert "0x101010101010101 stands there" in one.evidence


def test_bss_modinfo_and_empty_sections(tmp_path: Path) -> None:
    more = [Sec(".bss", b"", 8, DATA), Sec(".modinfo", bytes(4), flags=ALLOC), Sec(".none")]
    made = elf("m68k", [Rel(".data", 0, "info", 0, 1), Rel(".data", 4, "none", 0, 1)], *more)
    made.symbols += [Sym("info", ".modinfo"), Sym("none", ".none")]
    (one,) = found(tmp_path, "m68k", made)["place"]
    assert ".modinfo" in one.evidence


def test_per_cpu_pointers(tmp_path: Path) -> None:
    percpu = Sec(".data..percpu", bytes(8), flags=DATA)
    made = elf("sh", [Rel(".data..percpu", 0, "data", 0, 1)], percpu, MODULE)
    (one,) = found(tmp_path, "sh", made)["place"]
    assert one.severity is Severity.WARNING
    assert found(tmp_path, "sh", made, with_kernel("sh", tmp_path)) == {}


def test_parisc_stubs_lie_in_front_of_the_section(tmp_path: Path) -> None:
    far = 0x40000
    made = elf("parisc", [Rel(".text", far - 20, "printk", 0, 12)], size=far + 64)
    assert found(tmp_path, "parisc", made, exporting("parisc")) == {}
    made = elf("parisc", [Rel(".text", far, "printk", 0, 12)], size=far + 64)
    (one,) = found(tmp_path, "parisc", made, exporting("parisc"))["range"]
    assert one.severity is Severity.ERROR
    # Without a kernel tree a module's symbol may be another module's, which may be near.
    made.sections.append(MODULE)
    (one,) = found(tmp_path, "parisc", made)["range"]
    assert one.severity is Severity.WARNING
    made = elf("parisc", [Rel(".text", far + 60, "here", 0, 12)], size=far + 128)
    assert "nearest stub" in found(tmp_path, "parisc", made)["range"][0].evidence
    made = elf("parisc", [Rel(".text", 0, "end", 0, 12)], size=far + 128)
    assert found(tmp_path, "parisc", made) == {}


def test_alpha_branches_that_the_loader_lets_through(tmp_path: Path) -> None:
    size = 10 * MIB
    made = elf("alpha", [Rel(".text", 0, "there", 0, 7)], size=size)
    for at, words in ((4 * MIB, ""), (4 * MIB + 4, "own test"), (8 * MIB + 8, "refuses")):
        made.symbols = [*made.symbols[:7], Sym("there", ".text", at, bind=0)]
        results = found(tmp_path, "alpha", made)
        assert bool(results) == bool(words)
        assert all(words in one.meaning for one in results.get("range", []))
    # The entry of a function that loads its own global pointer is two instructions later.
    made.relocations = [Rel(".text", 0, "there", -4, 28)]
    made.symbols = [*made.symbols[:7], Sym("there", ".text", 4 * MIB, bind=0)]
    assert found(tmp_path, "alpha", made) == {}


def test_alpha_tables_and_global_pointer(tmp_path: Path) -> None:
    most = 0x10000 // 8
    made = elf("alpha", [Rel(".text", 4 * n, "printk", n, 4) for n in range(most)], size=4 * most)
    assert found(tmp_path, "alpha", made) == {}
    made.relocations.append(Rel(".text", 0, "printk", most, 4))
    assert "entry 8193" in found(tmp_path, "alpha", made)["range"][0].evidence
    near = [Rel(".text", 0, "data", 0, 19), Rel(".text", 4, "data", 0xFFFF, 19)]
    assert found(tmp_path, "alpha", elf("alpha", near)) == {}
    near[1].addend = 0x10000
    assert "16 bits" in found(tmp_path, "alpha", elf("alpha", near))["range"][0].evidence


def test_s390_short_table(tmp_path: Path) -> None:
    made = elf("s390x", [], size=4096)
    made.symbols = [Sym(f"f{n}") for n in range(513)]
    made.relocations = [Rel(".text", 2 * n, f"f{n}", 0, 6) for n in range(512)]
    assert found(tmp_path, "s390x", made) == {}
    made.relocations.append(Rel(".text", 1024, "f512", 0, 6))
    assert "entry 513" in found(tmp_path, "s390x", made)["range"][0].evidence


def test_xtensa_calls(tmp_path: Path) -> None:
    for code, addend, wrong in (
        (0x05, (1 << 19), False),  # the base is the next word: 4 bytes less
        (0x05, (1 << 19) + 4, True),
        (0x05, 2, True),
        (0x01, -4, False),
        (0x01, 4, True),  # a literal is in front of its user
    ):
        made = elf("xtensa", [Rel(".text", 0, "here", addend, 20)])
        made.sections[0].data = bytes([code]).ljust(64, b"\0")
        assert bool(found(tmp_path, "xtensa", made)) is wrong, (code, addend)


def test_mips_addend_in_the_field(tmp_path: Path) -> None:
    made = elf("mips", [Rel(".text", 0, "end", None, 10)], size=0x20000)
    made.sections[0].data = struct.pack(">I", 0x1000FFFF).ljust(0x20000, b"\0")
    assert found(tmp_path, "mips", made) == {}
    made.symbols[2] = Sym("end", ".text", 0x20004, bind=0)
    assert "16 bits" in found(tmp_path, "mips", made)["range"][0].evidence


def test_mips_halves_of_two_symbols(tmp_path: Path) -> None:
    pair = [Rel(".text", 0, "data", None, 5), Rel(".text", 8, "end", None, 6)]
    assert "next low half" in found(tmp_path, "mips", elf("mips", pair))["pair"][0].evidence


def test_sparc_second_addend(tmp_path: Path) -> None:
    made = elf("sparc64", [Rel(".text", 0, "data", 0, 33 | 0xFFF << 8)])
    assert found(tmp_path, "sparc64", made) == {}
    made = elf("sparc64", [Rel(".text", 0, "data", 0, 33 | 0x1000 << 8)])
    assert "0x1000" in found(tmp_path, "sparc64", made)["range"][0].evidence


def test_another_architecture_and_a_linked_file_are_skipped(tmp_path: Path) -> None:
    made = elf("m68k", [Rel(".text", 2, "printk", 0, 5)])
    path = tmp_path / "a.o"
    path.write_bytes(made.build())
    other = for_arch(TOOLCHAINS["sh"], None)
    results = [one for check in CHECKS.values() for one in check(Object.read(path), other)]
    assert len(results) == len(CHECKS)
    assert all(isinstance(one, Skipped) for one in results)
    made.kind = 2
    path.write_bytes(made.build())
    ours = for_arch(TOOLCHAINS["m68k"], None)
    results = [one for check in CHECKS.values() for one in check(Object.read(path), ours)]
    assert all(isinstance(one, Skipped) for one in results)


def test_a_megabyte_of_relocations(tmp_path: Path) -> None:
    """All relocations, of every kind of rule: each check comes to an end."""
    for name, kinds in (("alpha", (4, 6, 7, 19, 1)), ("mips", (5, 6, 10)), ("riscv64", (23, 24))):
        addend = None if name == "mips" else 0
        count = 130_000 if name == "mips" else 43_000
        made = elf(
            name, [Rel(".text", n % 64, "odd", addend, kinds[n % len(kinds)]) for n in range(99)]
        )
        made.relocations *= count // 99
        path = tmp_path / "a.o"
        path.write_bytes(made.build())
        obj = Object.read(path)
        results = [one for check in CHECKS.values() for one in check(obj, exporting(name))]
        assert results, name


def test_names() -> None:
    assert relocation_name(4, 5) == "R_68K_PC16"
    assert relocation_name(4, 200) == "type 200"
    assert relocation_name(0x7777, 1) == "type 1"
    for name in TOOLCHAINS:
        arch = TOOLCHAINS[name]
        table = relocation_names(arch.elf.machine)
        assert len(table) >= 30
        assert all(re.fullmatch(r"R_\w+", one) for one in table.values())
        assert set(arch.relocations.values()) <= set(table)
