# SPDX-License-Identifier: GPL-2.0-only
"""The checks of sections on hand-made objects and modules."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pipeline.kernel.tree import Export
from pipeline.toolchains.find import Toolchain
from pipeline.validate import modinfo, sections
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from tests.unit.elf_writer import Elf, Rel, Sec, Sym, good
from tests.unit.module_writer import (
    ARCH,
    EXIT,
    EXPORTS,
    INIT,
    SIZE,
    changed,
    judged,
    module,
    one,
    reference,
    struct_module,
    without,
    without_kernel,
)

CHECKS = {**sections.CHECKS, **modinfo.CHECKS}
THIS = ".gnu.linkonce.this_module"


def _read(folder: Path, elf: Elf) -> Object:
    path = folder / "other.ko"
    path.write_bytes(elf.build())
    return Object.read(path)


def test_a_good_module_and_a_good_object(tmp_path: Path) -> None:
    against = reference(tmp_path)
    for name, check in CHECKS.items():
        assert judged(tmp_path, module(), against, check) == [], name
        for result in judged(tmp_path, good(), against, check, "a.o"):
            assert result == Skipped(name, "not a module: the final link and modpost add this")


def test_the_part_that_modpost_writes_is_no_module(tmp_path: Path) -> None:
    part = without(module(), ".modinfo")
    results = judged(tmp_path, part, reference(tmp_path), CHECKS["sections.modinfo"], "a.mod.o")
    assert [type(result) for result in results] == [Skipped]


@pytest.mark.parametrize(
    ("section", "check", "severity"),
    [
        (Sec(".tdata", b"1234", flags=0x403), "sections.tls", "error"),
        (Sec(".tbss.x", flags=3), "sections.tls", "error"),
        (Sec(".own", b"1234", flags=0x402), "sections.tls", "error"),
        (Sec(".ctors", b"1234", flags=3), "sections.constructors", "error"),
        (Sec(".init_array.00100", b"1234", flags=3), "sections.constructors", "error"),
        (Sec(".first", b"1234", type=14, flags=3), "sections.constructors", "error"),
        (Sec(".fini_array", b"1234", flags=3), "sections.constructors", "error"),
        (Sec(".dtors.1", b"1234", flags=3), "sections.constructors", "error"),
        (Sec(".init", b"1234", flags=6), "sections.constructors", "error"),
        (Sec(".both", b"1234", flags=7), "sections.write-execute", "error"),
        (Sec(".unloaded", b"1234", flags=5), "sections.write-execute", "error"),
        (Sec(".odd", b"1234", flags=2, align=12), "sections.alignment", "error"),
        (Sec(".far", b"1234", flags=2, align=1 << 17), "sections.alignment", "error"),
        (Sec(".data..percpu", b"1234", flags=3), "sections.per-cpu", "warning"),
        (Sec(".lost", b"1234", flags=0x202), "sections.group", "warning"),
        (Sec(".modinfo", b"a=b\0", flags=2), "sections.names", "error"),
        (Sec(".modinfo", b"", flags=0), "sections.names", "error"),
        (Sec(".text", b"1234", flags=6), "sections.names", "warning"),
    ],
)
def test_one_section_too_many(tmp_path: Path, section: Sec, check: str, severity: str) -> None:
    elf = module()
    before = [other.name for other in elf.sections].count(section.name)
    elf.sections.append(section)
    elf.symbols = [symbol for symbol in elf.symbols if symbol.section != ".text"]
    elf.relocations = []
    found = one(judged(tmp_path, elf, reference(tmp_path), CHECKS[check]))
    assert found.severity == severity
    assert section.name in found.place
    assert found.meaning
    assert found.mend
    assert found.source
    assert before == (check == "sections.names")


@pytest.mark.parametrize(
    ("section", "check"),
    [
        (Sec(".ctors", flags=3), "sections.constructors"),
        (Sec(".init.text", b"1234", flags=6), "sections.constructors"),
        (Sec(".eh_frame", b"1234", flags=0), "sections.eh-frame"),
        (Sec(".fixup", b"1234", flags=6, align=1), "sections.alignment"),
        (Sec(".comment", b"1234", flags=0, align=3), "sections.alignment"),
    ],
)
def test_what_only_looks_wrong(tmp_path: Path, section: Sec, check: str) -> None:
    elf = module()
    elf.sections.append(section)
    assert judged(tmp_path, elf, reference(tmp_path), CHECKS[check]) == []


def test_a_kernel_that_runs_constructors(tmp_path: Path) -> None:
    against = reference(tmp_path, CONFIG_CONSTRUCTORS="y")
    check = CHECKS["sections.constructors"]
    elf = module()
    elf.sections.append(Sec(".ctors", b"1234", flags=3))
    assert judged(tmp_path, elf, against, check) == []
    elf.sections.append(Sec(".fini_array", b"1234", flags=3))
    assert one(judged(tmp_path, elf, against, check)).severity is Severity.NOTE
    elf.sections[-1].name = ".init_array"
    assert "EINVAL" in one(judged(tmp_path, elf, against, check)).meaning


@pytest.mark.parametrize(("config", "says"), [("y", "this kernel refuses"), ("n", "loads it")])
def test_writable_code(tmp_path: Path, config: str, says: str) -> None:
    against = reference(tmp_path, CONFIG_STRICT_MODULE_RWX=config)
    elf = changed(module(), ".text", flags=7)
    assert says in one(judged(tmp_path, elf, against, CHECKS["sections.write-execute"])).meaning


def test_tables_for_unwinding(tmp_path: Path) -> None:
    check = CHECKS["sections.eh-frame"]
    elf = module()
    elf.sections.append(Sec(".eh_frame", b"1234", flags=2))
    against = reference(tmp_path)
    assert one(judged(tmp_path, elf, against, check)).severity is Severity.WARNING
    (skipped,) = judged(tmp_path, elf, without_kernel(), check)
    assert isinstance(skipped, Skipped)
    # A kernel whose own modules have them.
    assert against.kernel is not None
    usual = dataclasses.replace(against.kernel, probe=_read(tmp_path, elf))
    against = dataclasses.replace(against, kernel=usual)
    assert judged(tmp_path, elf, against, check) == []
    elf.sections.append(Sec(".gcc_except_table", b"1234", flags=2))
    assert ".gcc_except_table" in one(judged(tmp_path, elf, against, check)).place


@pytest.mark.parametrize("makes", [True, False])
def test_tables_for_unwinding_by_the_compiler(
    tmp_path: Path, makes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "_makes_tables", lambda _gcc, _flags: makes)
    toolchain = Toolchain(ARCH, "m68k-x", "/nowhere/m68k-x-", (12, 2, 0), "gcc 12", "")
    against = dataclasses.replace(without_kernel(), toolchain=toolchain)
    elf = good()
    elf.sections.append(Sec(".eh_frame", b"1234", flags=2))
    found = judged(tmp_path, elf, against, CHECKS["sections.eh-frame"], "a.o")
    assert bool(found) is not makes


@pytest.mark.parametrize(
    ("header", "config", "found"),
    [
        ("#define PAGE_SHIFT\t13\n", {}, []),
        ("#ifdef X\n#define PAGE_SHIFT 13\n#else\n#define PAGE_SHIFT 12\n#endif\n", {}, []),
        ("#define PAGE_SHIFT 12\n", {}, [Finding]),
        ("#define HPAGE_SHIFT 22\n", {}, [Skipped]),
        ("", {}, [Skipped]),
        ("", {"CONFIG_PAGE_SIZE_8KB": "y"}, []),
        (
            "",
            {"CONFIG_PARISC_PAGE_SIZE_4KB": "y", "CONFIG_PAGE_SIZE_LESS_THAN_64KB": "y"},
            [Finding],
        ),
        ("", {"CONFIG_ARC_PAGE_SIZE_8K": "y"}, []),
    ],
)
def test_alignment_to_a_page(
    tmp_path: Path, header: str, config: dict[str, str], found: list[type]
) -> None:
    path = tmp_path / "arch/m68k/include/asm/page.h"
    path.parent.mkdir(parents=True)
    path.write_text(header)
    elf = changed(module(), ".modinfo", align=0x2000)
    results = judged(tmp_path, elf, reference(tmp_path, **config), CHECKS["sections.alignment"])
    assert [type(result) for result in results] == found


def test_code_at_an_odd_place(tmp_path: Path) -> None:
    check = CHECKS["sections.alignment"]
    elf = changed(module(), ".text", align=1)
    found = one(judged(tmp_path, elf, reference(tmp_path), check))
    assert found.severity is Severity.WARNING
    elf.sections.insert(0, Sec(".before", b"123", flags=6, align=2))
    found = one(judged(tmp_path, elf, reference(tmp_path), check))
    assert (found.severity, "0x3" in found.evidence) == (Severity.ERROR, True)
    # What is freed after init is elsewhere.
    elf.sections[0].name = ".init.text"
    assert one(judged(tmp_path, elf, reference(tmp_path), check)).severity is Severity.WARNING


def _group(elf: Elf, *members: int, signature: int = 1) -> Elf:
    words = struct.pack(f">{1 + len(members)}I", 1, *members)
    elf.sections.append(Sec(".group", words, type=17, info=signature))
    return elf


def test_groups(tmp_path: Path) -> None:
    check = CHECKS["sections.group"]

    def grouped() -> Elf:
        return changed(good(), ".text", flags=0x206)

    def says(elf: Elf) -> str:
        return one(judged(tmp_path, elf, without_kernel(), check, "a.o")).evidence

    assert judged(tmp_path, _group(grouped(), 1), without_kernel(), check, "a.o") == []
    assert "no group names it" in says(grouped())
    assert "symbol 99 of 3" in says(_group(grouped(), 1, signature=99))
    assert "symbol 0 of 3" in says(_group(grouped(), 1, signature=0))
    assert "members are no sections" in says(_group(grouped(), 1, 4000))
    assert "no SHF_GROUP" in says(_group(grouped(), 1, 2))
    elf = _group(grouped(), 1, signature=2)
    elf.symbols[1].section = 0
    found = one(judged(tmp_path, elf, without_kernel(), check, "a.o"))
    assert (found.severity, "is not defined" in found.evidence) == (Severity.ERROR, True)
    elf = _group(grouped(), 1)
    elf.sections[-1].data += b"1"
    assert "not a number of words" in says(elf)


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "a.ko"
    path.write_bytes(data)
    return path


def test_headers(tmp_path: Path) -> None:
    check = CHECKS["sections.headers"]
    data = bytearray(module().build())
    start, names = struct.unpack_from(">I", data, 32)[0], struct.unpack_from(">H", data, 50)[0]

    def says(offset: int, value: bytes) -> str:
        path = _written(tmp_path, bytes(data[:offset] + value + data[offset + len(value) :]))
        results = list(check(Object.read(path), without_kernel()))
        return one(results).evidence if results else ""

    assert says(0, b"\x7f") == ""
    assert "sh_addr 0x10" in says(start + 12, struct.pack(">I", 16))
    read = Object.read(_written(tmp_path, bytes(data)))
    symbols = next(one for one in read.sections if one.type == 2)
    for what, number in (("sections", names), ("symbols", symbols.link)):
        evidence = says(start + 40 * number + 4, struct.pack(">I", 1))
        assert f"sh_type 0x1; it has the names of the {what}" in evidence
    assert "sh_size 0x1" in says(start + 20, struct.pack(">I", 1))
    # One byte longer, into the (unused) name of section 0, which is not zero now.
    size = struct.unpack_from(">I", data, start + names * 40 + 20)[0]
    struct.pack_into(">I", data, start + names * 40 + 20, size + 1)
    assert "do not end with a zero byte" in says(start, b"x")
    stripped = module()
    stripped.relocations = []
    data = bytearray(stripped.build())
    start = struct.unpack_from(">I", data, 32)[0]
    symtab = start + 40 * (1 + len(module().sections)) + 4
    assert "no symbol table" in says(symtab, bytes(4))


@pytest.mark.parametrize(("flags", "wrong"), [(0x802, True), (0x800, False), (2, False)])
def test_what_is_loaded_is_not_compressed(tmp_path: Path, flags: int, wrong: bool) -> None:
    elf = module()
    elf.sections.append(Sec(".mine", bytes(8), flags=flags))
    found = judged(tmp_path, elf, without_kernel(), CHECKS["sections.headers"])
    assert (found != []) is wrong


def test_struct_module(tmp_path: Path) -> None:
    check = CHECKS["sections.this-module"]
    against = reference(tmp_path)

    def says(elf: Elf) -> str:
        found = one(judged(tmp_path, elf, against, check))
        assert found.severity is Severity.ERROR
        return found.evidence

    assert "0 sections" in says(without(module(), THIS))
    assert "there must be one" in says(changed(module(), THIS, flags=1))
    assert "flags 0x2" in says(changed(module(), THIS, flags=2))
    assert "100 bytes; struct module of this kernel has 96" in says(
        changed(module(), THIS, data=struct_module(size=100))
    )
    assert "“b” at byte 0x8" in says(changed(module(), THIS, data=struct_module("b")))
    twice = module()
    twice.sections.append(Sec(THIS, struct_module(), flags=3))
    twice.symbols = [symbol for symbol in twice.symbols if symbol.section != THIS]
    twice.relocations = []
    assert "2 sections" in says(twice)


@pytest.mark.parametrize(("length", "fits"), [(59, True), (60, False)])
def test_a_name_that_fits_into_struct_module(tmp_path: Path, length: int, fits: bool) -> None:
    found = judged(
        tmp_path, module("h" * length), reference(tmp_path), CHECKS["sections.this-module"]
    )
    assert [one for one in found if isinstance(one, Finding)] == found
    assert (found == []) is fits


def test_pointers_in_struct_module(tmp_path: Path) -> None:
    check = CHECKS["sections.this-module"]
    against = reference(tmp_path)
    elf = module()
    elf.relocations[0].symbol = "cleanup_module"
    found = one(judged(tmp_path, elf, against, check))
    assert (found.place, f"{INIT:#x}" in found.evidence) == ("init_module", True)
    elf.relocations = elf.relocations[1:]
    assert "no relocation" in one(judged(tmp_path, elf, against, check)).evidence
    # A module without init needs no pointer to it.
    elf.symbols[0].name = "other"
    assert judged(tmp_path, elf, against, check) == []
    elf = module()
    elf.relocations[1].offset = EXIT + 4
    assert len(judged(tmp_path, elf, against, check)) == 2


def test_struct_module_without_a_tree(tmp_path: Path) -> None:
    check = CHECKS["sections.this-module"]
    (skipped,) = judged(tmp_path, module(), without_kernel(), check)
    assert isinstance(skipped, Skipped)
    elf = changed(module(), THIS, data=bytes(SIZE))
    elf.relocations = []
    found = judged(tmp_path, elf, without_kernel(), check)
    assert [type(result) for result in found] == [Finding, Finding, Skipped]


def test_exports(tmp_path: Path) -> None:
    check = CHECKS["sections.exports"]
    against = reference(tmp_path)

    def exporting(name: str, table: int = 12, sums: int = 4) -> Elf:
        elf = module()
        elf.sections += [
            Sec("__ksymtab_gpl", bytes(table), flags=2),
            Sec("__kcrctab_gpl", bytes(sums), flags=2),
        ]
        elf.symbols.append(Sym(f"__ksymtab_{name}", "__ksymtab_gpl", bind=0))
        return elf

    assert judged(tmp_path, exporting("mine"), against, check) == []
    assert "vmlinux" in one(judged(tmp_path, exporting("_printk"), against, check)).evidence
    assert (
        "an entry has 12" in one(judged(tmp_path, exporting("mine", 13), against, check)).evidence
    )
    assert "2 exports" in one(judged(tmp_path, exporting("mine", 24), against, check)).evidence
    gone = without(exporting("mine"), "__kcrctab_gpl")
    assert "ENOEXEC" in one(judged(tmp_path, gone, against, check)).meaning
    # The loader goes by the entry, not by the symbol that a linker gives it.
    nameless = exporting("mine")
    nameless.sections.append(Sec("__ksymtab_strings", b"x\0_printk\0", flags=2))
    nameless.symbols[-1] = Sym("names", "__ksymtab_strings", bind=0)
    nameless.relocations.append(Rel("__ksymtab_gpl", 4, "names", 2))
    assert "vmlinux" in one(judged(tmp_path, nameless, against, check)).evidence
    # The tree knows the module's own exports.
    assert against.kernel is not None
    own = {**EXPORTS, "mine": Export("mine", 0, "lib/a", "EXPORT_SYMBOL_GPL", "")}
    kernel = dataclasses.replace(against.kernel, exports=own)
    against = dataclasses.replace(against, kernel=kernel)
    assert judged(tmp_path, exporting("mine"), against, check) == []


def test_per_cpu_data_on_several_processors(tmp_path: Path) -> None:
    elf = module()
    elf.sections.append(Sec(".data..percpu", b"1234", flags=3))
    check = CHECKS["sections.per-cpu"]
    assert judged(tmp_path, elf, reference(tmp_path, CONFIG_SMP="y"), check) == []
    (skipped,) = judged(tmp_path, elf, without_kernel(), check)
    assert isinstance(skipped, Skipped)


@pytest.mark.parametrize(
    ("size", "own", "severity"),
    [
        (8 << 10, "n", None),
        ((8 << 10) + 4, "n", "error"),
        ((8 << 10) + 4, "y", "warning"),
        ((64 << 10) + 4, "y", "error"),
    ],
)
def test_more_per_cpu_data_than_there_is_room_for(
    tmp_path: Path, size: int, own: str, severity: str | None
) -> None:
    elf = module()
    elf.sections.append(Sec(".data..percpu", bytes(size), flags=3))
    against = reference(tmp_path, CONFIG_SMP="y", CONFIG_HAVE_SETUP_PER_CPU_AREA=own)
    found = judged(tmp_path, elf, against, CHECKS["sections.per-cpu"])
    assert [one.severity for one in found if isinstance(one, Finding)] == (
        [severity] if severity else []
    )


def test_relocations_take_part(tmp_path: Path) -> None:
    """The architecture's own pointers in struct module have to be there as well."""
    probe = module("probe")
    probe.symbols.append(Sym("__start_fixup", ".text", 0))
    probe.relocations.append(Rel(THIS, 0x58, "__start_fixup"))
    against = reference(tmp_path)
    assert against.kernel is not None
    kernel = dataclasses.replace(against.kernel, probe=_read(tmp_path, probe))
    against = dataclasses.replace(against, kernel=kernel)
    found = one(judged(tmp_path, module(), against, CHECKS["sections.this-module"]))
    assert "__start_fixup" in found.evidence


@pytest.mark.parametrize(
    ("size", "severity"),
    [((64 << 20) - 64, None), (64 << 20, "warning"), (1 << 30, "error")],
)
def test_memory(tmp_path: Path, size: int, severity: str | None) -> None:
    elf = module()
    elf.sections.append(Sec(".bss.large", b"1234", type=8, flags=3))
    obj = _read(tmp_path, elf)
    sections = [one._replace(size=size if one.name == ".bss.large" else 0) for one in obj.sections]
    large = cast("Object", SimpleNamespace(sections=sections, bits=32))
    found = list(CHECKS["sections.memory"](large, reference(tmp_path)))
    said = [one.severity.value for one in found if isinstance(one, Finding)]
    assert said == ([severity] if severity else [])
