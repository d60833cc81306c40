# SPDX-License-Identifier: GPL-2.0-only
"""The checks of ``.modinfo``, parameters and checksums on hand-made modules."""

from __future__ import annotations

import dataclasses
import struct
from typing import TYPE_CHECKING

import pytest

from pipeline.validate import module as loader
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.modinfo import CHECKS
from tests.unit.elf_writer import Elf, Rel, Sec, Sym
from tests.unit.module_writer import (
    EXPORTS,
    LAYOUT_CRC,
    MAGIC,
    PRINT_CRC,
    changed,
    judged,
    module,
    one,
    reference,
    tags,
    version,
    without,
    without_kernel,
)

if TYPE_CHECKING:
    from pathlib import Path

MODINFO, VERMAGIC = CHECKS["sections.modinfo"], CHECKS["sections.vermagic"]
PARAMETERS, VERSIONS = CHECKS["sections.parameters"], CHECKS["sections.versions"]


def with_tags(data: bytes) -> Elf:
    return changed(module(), ".modinfo", data=data)


@pytest.mark.parametrize(
    ("data", "severity", "says"),
    [
        (tags(license=None), Severity.ERROR, "no license="),
        (tags(depends=None), Severity.ERROR, "no depends="),
        (tags()[:-1], Severity.ERROR, "do not end with a zero byte"),
        (tags() + b"half\0another\0", Severity.WARNING, "2 entries without “=”"),
        (tags() + b"vermagic=5.0 \0", Severity.ERROR, "2 entries"),
        (tags() + b"name=a\0", Severity.WARNING, "2 entries"),
        (tags(depends="other"), Severity.WARNING, "no export of other"),
        (tags(livepatch="Y"), Severity.ERROR, "without CONFIG_LIVEPATCH"),
    ],
)
def test_modinfo(tmp_path: Path, data: bytes, severity: Severity, says: str) -> None:
    found = one(judged(tmp_path, with_tags(data), reference(tmp_path), MODINFO))
    assert found.severity is severity
    assert says in found.evidence


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0\0\0"])
def test_padding_and_repeated_authors_are_no_fault(tmp_path: Path, padding: bytes) -> None:
    elf = with_tags(padding.join([tags(), b"author=A\0", b"author=B\0"]) + padding)
    assert judged(tmp_path, elf, reference(tmp_path), MODINFO) == []


def test_no_modinfo_that_the_loader_finds(tmp_path: Path) -> None:
    against = reference(tmp_path)
    for elf in (without(module(), ".modinfo"), changed(module(), ".modinfo", flags=0)):
        assert "no section .modinfo" in one(judged(tmp_path, elf, against, MODINFO)).evidence
        assert "no vermagic=" in one(judged(tmp_path, elf, against, VERMAGIC)).evidence


def test_depends(tmp_path: Path) -> None:
    elf = module()
    elf.symbols.append(Sym("spaced"))
    against = reference(tmp_path)
    found = one(judged(tmp_path, elf, against, MODINFO))
    assert (found.severity, "other-lib" in found.evidence) == (Severity.ERROR, True)
    elf = changed(elf, ".modinfo", data=tags(depends="other-lib"))
    assert judged(tmp_path, elf, against, MODINFO) == []
    (skipped,) = judged(tmp_path, elf, without_kernel(), MODINFO)
    assert isinstance(skipped, Skipped)


def test_what_the_kernels_own_modules_have(tmp_path: Path) -> None:
    against = reference(tmp_path)
    assert against.kernel is not None
    path = tmp_path / "other.ko"
    path.write_bytes(with_tags(tags(retpoline="Y", srcversion="0123")).build())
    kernel = dataclasses.replace(against.kernel, probe=Object.read(path))
    against = dataclasses.replace(against, kernel=kernel)
    results = judged(tmp_path, module(), against, MODINFO)
    assert [one.severity for one in results if isinstance(one, Finding)] == ["warning", "note"]


@pytest.mark.parametrize(
    ("magic", "versions", "right"),
    [
        (MAGIC, True, True),
        ("5.4.0 mod_unload modversions ", True, True),
        ("5.4.0 mod_unload modversions ", False, False),
        ("6.1.0 SMP mod_unload modversions ", True, False),
        ("6.1.0 mod_unload modversions", True, False),
        ("", True, False),
        ("6.1.0", True, False),
    ],
)
def test_vermagic(tmp_path: Path, magic: str, versions: bool, right: bool) -> None:
    elf = with_tags(tags(vermagic=magic))
    if not versions:
        elf = without(elf, "__versions")
    found = judged(tmp_path, elf, reference(tmp_path), VERMAGIC)
    if right:
        assert found == []
    else:
        evidence = one(found).evidence
        assert f"“{magic}”" in evidence
        assert f"“{MAGIC}”" in evidence


def test_checksums_that_nobody_compares_leave_the_release_to_be_compared(tmp_path: Path) -> None:
    elf = with_tags(tags(vermagic="5.4.0 mod_unload modversions "))
    assert judged(tmp_path, elf, reference(tmp_path), VERMAGIC) == []
    plain = reference(tmp_path, CONFIG_MODVERSIONS="n")
    assert "5.4.0" in one(judged(tmp_path, elf, plain, VERMAGIC)).evidence


def test_vermagic_without_a_tree(tmp_path: Path) -> None:
    (skipped,) = judged(tmp_path, module(), without_kernel(), VERMAGIC)
    assert isinstance(skipped, Skipped)
    assert MAGIC in skipped.reason
    assert one(judged(tmp_path, with_tags(tags(vermagic=None)), without_kernel(), VERMAGIC))


def parameterised(kind: str = "count:int", ops: str = "param_ops_int", section: int = 0) -> Elf:
    """Return a module with one parameter, ``count``, whose operations are the kernel's."""
    elf = with_tags(tags(parmtype=kind))
    elf.sections += [Sec("__param", bytes(20), flags=2), Sec(".rodata", b"\0count\0", flags=2)]
    elf.symbols += [
        Sym(ops, ".text" if section else 0, bind=0 if section else 1),
        Sym("text", ".rodata", 1, bind=0),
    ]
    elf.relocations += [
        Rel("__param", 0, "text"),
        Rel("__param", 4, "__this_module"),
        Rel("__param", 8, ops),
    ]
    return elf


def test_parameters(tmp_path: Path) -> None:
    against = reference(tmp_path)

    def says(elf: Elf) -> tuple[str, str]:
        found = one(judged(tmp_path, elf, against, PARAMETERS))
        return found.severity.value, found.evidence

    assert judged(tmp_path, parameterised(), against, PARAMETERS) == []
    assert judged(tmp_path, parameterised("count:own", "own", 1), against, PARAMETERS) == []
    array = parameterised("count:array of int", "param_array_ops")
    assert judged(tmp_path, array, against, PARAMETERS) == []
    assert says(parameterised("count:bool"))[0] == "warning"
    assert "param_ops_int" in says(parameterised("count:array of int"))[1]
    assert says(changed(parameterised(), ".modinfo", data=tags()))[0] == "note"
    assert says(changed(parameterised(), "__param", data=bytes(19)))[1].startswith("19 bytes")
    lost = without(parameterised(), "__param")
    assert says(lost) == ("error", "count: no such entry among 0 in __param")
    unnamed = parameterised()
    unnamed.relocations = [
        move for move in unnamed.relocations if move.offset or move.section[0] == "."
    ]
    assert "no relocation gives" in says(unnamed)[1]


def test_two_parameters_of_the_same_name(tmp_path: Path) -> None:
    elf = changed(parameterised(), "__param", data=bytes(40))
    elf.relocations += [Rel("__param", 20, "text"), Rel("__param", 28, "param_ops_int")]
    found = one(judged(tmp_path, elf, reference(tmp_path), PARAMETERS))
    assert found.severity is Severity.WARNING
    assert "count" in found.evidence


@pytest.mark.parametrize(("second", "severity"), [(0o444, "error"), (0, "warning")])
def test_two_files_of_the_same_name_in_sysfs(tmp_path: Path, second: int, severity: str) -> None:
    entries = struct.pack(">12xH6x12xH6x", 0o644, second)
    elf = changed(parameterised(), "__param", data=entries)
    elf.relocations += [Rel("__param", 20, "text"), Rel("__param", 28, "param_ops_int")]
    found = one(judged(tmp_path, elf, reference(tmp_path), PARAMETERS))
    assert found.severity == severity
    assert ("EEXIST" in found.meaning) is (severity == "error")


def test_checksums(tmp_path: Path) -> None:
    against = reference(tmp_path)

    def says(*entries: bytes) -> tuple[str, str, str]:
        elf = changed(module(), "__versions", data=b"".join(entries))
        found = one(judged(tmp_path, elf, against, VERSIONS))
        assert found.severity is Severity.ERROR
        return found.place, found.evidence, found.meaning

    layout, call = version("module_layout", LAYOUT_CRC), version("_printk", PRINT_CRC)
    place, evidence, meaning = says(layout, version("_printk", 9))
    assert place == "_printk"
    assert "0x00000009" in evidence
    assert f"{PRINT_CRC:#010x}" in evidence
    assert "EINVAL" in meaning
    assert "no entry" in says(layout)[1]
    assert "ENOEXEC" in says(version("module_layout", 1), call)[2]
    assert "65 bytes" in says(layout + b"x")[1]
    assert "do not end" in says(layout, call, struct.pack(">I60s", 1, b"x" * 60))[1]
    # The first of two counts.
    assert says(layout, version("_printk", 9), call)[0] == "_printk"


def test_a_weak_name_that_nobody_exports_needs_no_checksum(tmp_path: Path) -> None:
    elf = module()
    elf.symbols.append(Sym("nowhere", 0, bind=2))
    assert judged(tmp_path, elf, reference(tmp_path), VERSIONS) == []
    assert "nowhere" not in EXPORTS


def test_no_checksums(tmp_path: Path) -> None:
    elf = without(module(), "__versions")
    found = one(judged(tmp_path, elf, reference(tmp_path), VERSIONS))
    assert found.severity is Severity.ERROR
    forced = reference(tmp_path, CONFIG_MODULE_FORCE_LOAD="y")
    assert one(judged(tmp_path, elf, forced, VERSIONS)).severity is Severity.WARNING
    plain = reference(tmp_path, CONFIG_MODVERSIONS="n")
    assert judged(tmp_path, elf, plain, VERSIONS) == []
    assert one(judged(tmp_path, module(), plain, VERSIONS)).severity is Severity.WARNING
    (skipped,) = judged(tmp_path, module(), without_kernel(), VERSIONS)
    assert isinstance(skipped, Skipped)


def test_checksums_of_64_bits(tmp_path: Path) -> None:
    elf = module()
    entries = [("module_layout", LAYOUT_CRC), ("_printk", PRINT_CRC)]
    data = b"".join(struct.pack("<Q56s", crc, name.encode()) for name, crc in entries)
    elf = changed(elf, "__versions", data=data)
    elf.bits, elf.order = 64, "little"
    assert judged(tmp_path, elf, reference(tmp_path), VERSIONS) == []


def test_strings_that_pointers_point_to(tmp_path: Path) -> None:
    """The addend counts; on SuperH what stands in the section counts as well."""
    elf = parameterised()
    elf.relocations[2].addend = 2
    lost, untold = judged(tmp_path, elf, reference(tmp_path), PARAMETERS)
    assert isinstance(lost, Finding)
    assert lost.evidence.startswith("count: no such entry")
    assert isinstance(untold, Finding)
    assert untold.evidence.startswith("“unt”")
    elf.relocations[2].addend, elf.machine = 0, 42
    elf = changed(elf, "__param", data=struct.pack(">I16x", 1))
    path = tmp_path / "a.ko"
    path.write_bytes(elf.build())
    obj = Object.read(path)
    section = loader.find_section(obj, "__param")
    assert section is not None
    assert loader.text_at(obj, loader.moved_at(obj, section)[0]) == "ount"


def test_a_pointer_to_nowhere(tmp_path: Path) -> None:
    elf = parameterised()
    elf.relocations[2].addend = 0x7FFFFFFF
    found = judged(tmp_path, elf, reference(tmp_path), PARAMETERS)
    assert "no relocation gives" in one(found).evidence
