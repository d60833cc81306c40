# SPDX-License-Identifier: GPL-2.0-only
"""The symbol table itself: every symbol has a place, a name once, and exports nobody else has."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.load import load
from pipeline.validate import symbols
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding
from pipeline.validate.module import imports
from pipeline.validate.reference import Reference, for_arch
from tests.unit.elf_writer import Elf, Sec, Sym, good

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = for_arch(load().get("m68k"), None)
MODINFO = b"license=GPL\0name=crc_ccitt\0"


def found(path: Path, elf: Elf, check: str, reference: Reference = REFERENCE) -> list[str]:
    file = path / "some-name.ko"
    file.write_bytes(elf.build())
    results = symbols.CHECKS[check](Object.read(file), reference)
    return [one.place if isinstance(one, Finding) else f"skipped {one.check}" for one in results]


def with_symbol(*added: Sym) -> Elf:
    elf = good()
    elf.symbols += added
    elf.sections.append(Sec(".modinfo", MODINFO))
    return elf


@pytest.mark.parametrize(
    ("symbol", "wrong"),
    [
        (Sym("end", ".text", 2, 0), False),
        (Sym("whole", ".text", 0, 2), False),
        (Sym("behind", ".text", 3, 0), True),
        (Sym("long", ".text", 1, 2), True),
        (Sym("absolute", 0xFFF1, 0x1000), False),
        (Sym("livepatch", 0xFF20), False),
        (Sym("beyond", 0xFF30), True),
    ],
)
def test_place(tmp_path: Path, symbol: Sym, wrong: bool) -> None:
    wanted = [symbol.name] if wrong else []
    assert found(tmp_path, with_symbol(symbol), "symbols.place") == wanted


def test_a_name_defined_twice(tmp_path: Path) -> None:
    twice = with_symbol(Sym("two", ".text", 0), Sym("two", ".text", 2))
    assert found(tmp_path, twice, "symbols.duplicate") == ["two"]
    mixed = with_symbol(Sym("two", ".text", 0), Sym("two", ".text", 2, bind=0), Sym("two"))
    assert found(tmp_path, mixed, "symbols.duplicate") == []


def test_an_export_that_the_kernel_has(tmp_path: Path) -> None:
    def clash(exports: dict[str, str] | None) -> list[str]:
        reference = dataclasses.replace(REFERENCE, exports=exports)
        elf = with_symbol(Sym("__ksymtab_crc_ccitt", ".text", bind=0))
        return found(tmp_path, elf, "symbols.export-clash", reference)

    assert clash({"crc_ccitt": "vmlinux"}) == ["crc_ccitt"]
    assert clash({"crc_ccitt": "lib/crc-itu-t"}) == ["crc_ccitt"]
    assert clash({"crc_ccitt": "lib/crc-ccitt"}) == []
    assert clash({"crc32": "vmlinux"}) == []
    assert clash(None) == ["skipped symbols.export-clash"]


def test_the_modules_name(tmp_path: Path) -> None:
    file = tmp_path / "some-name.ko"
    file.write_bytes(good().build())
    assert symbols.module_name(Object.read(file)) == "some_name"
    file.write_bytes(with_symbol().build())
    assert symbols.module_name(Object.read(file)) == "crc_ccitt"


@pytest.mark.parametrize(("machine", "defined"), [(3, True), (62, True), (22, True), (4, False)])
def test_a_table_of_addresses_that_some_kernels_define(
    tmp_path: Path, machine: int, defined: bool
) -> None:
    """i386 and x86_64 ignore the name, s390 defines it, m68k refuses the module."""
    reference = dataclasses.replace(REFERENCE, exports={"_printk": "vmlinux"})
    elf = with_symbol(Sym("_GLOBAL_OFFSET_TABLE_"))
    elf.machine = machine
    elf.sections.append(Sec(".gnu.linkonce.this_module", bytes(4)))
    wanted = [] if defined else ["_GLOBAL_OFFSET_TABLE_"]
    assert found(tmp_path, elf, "symbols.undefined", reference) == wanted


@pytest.mark.parametrize(("machine", "looked_up"), [(2, False), (43, False), (4, True), (15, True)])
def test_type_13_is_a_register_on_sparc_only(tmp_path: Path, machine: int, looked_up: bool) -> None:
    """On PA-RISC it is a function of the millicode: the loader asks the kernel for it by name."""
    reference = dataclasses.replace(REFERENCE, exports={"_printk": "vmlinux"})
    elf = with_symbol(Sym("$$remoI", type=13))
    elf.machine = machine
    wanted = ["$$remoI"] if looked_up else []
    assert found(tmp_path, elf, "symbols.undefined", reference) == wanted
    path = tmp_path / "some-name.ko"
    assert ("$$remoI" in imports(Object.read(path))) is looked_up
