# SPDX-License-Identifier: GPL-2.0-only
"""Symbols whose value the loader leaves as it is, and relocations that it passes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.validate import absolute, relocations
from pipeline.validate.finding import Severity
from tests.unit.elf_writer import Elf, Rel, Sec, Sym
from tests.unit.module_writer import changed, judged, module, one, tags, without_kernel

if TYPE_CHECKING:
    from pathlib import Path

CHECK = absolute.CHECKS["symbols.absolute"]
FORM = relocations.CHECKS["relocations.form"]
ABS, LIVEPATCH, RELA_LIVEPATCH = 0xFFF1, 0xFF20, 0x100000
PATCH = tags(livepatch="Y")


def referring(section: str, symbol: Sym) -> Elf:
    elf = module()
    elf.sections.append(Sec(".data", bytes(4), flags=3))
    elf.symbols.append(symbol)
    elf.relocations.append(Rel(section, 0, symbol.name))
    return elf


@pytest.mark.parametrize(
    ("section", "symbol", "wrong"),
    [
        (".text", Sym("called", ABS), True),
        (".gnu.linkonce.this_module", Sym("init", ABS), True),
        (".data", Sym("number", ABS, 5), False),
        (".text", Sym("__crc_printk", ABS, 5), False),
        (".text", Sym("_binary_table_size", ABS, 5), False),
        (".text", Sym("found", 0), False),
        (".text", Sym("own", ".text", 2), False),
        (".text", Sym("patched", LIVEPATCH), True),
        (".data", Sym("patched", LIVEPATCH), True),
    ],
)
def test_a_value_that_stays_as_it_is(
    tmp_path: Path, section: str, symbol: Sym, wrong: bool
) -> None:
    found = judged(tmp_path, referring(section, symbol), without_kernel(), CHECK)
    if wrong:
        assert one(found).severity is Severity.ERROR
        assert symbol.name in one(found).evidence
    else:
        assert found == []


def test_a_livepatch_has_symbols_of_its_own(tmp_path: Path) -> None:
    elf = changed(referring(".text", Sym("patched", LIVEPATCH)), ".modinfo", data=PATCH)
    assert judged(tmp_path, elf, without_kernel(), CHECK) == []


def test_relocations_that_are_a_livepatch_s(tmp_path: Path) -> None:
    elf = module()
    elf.sections.append(Sec(".klp.mine", bytes(12), 4, RELA_LIVEPATCH, info=1))
    found = one(judged(tmp_path, elf, without_kernel(), FORM))
    assert (found.severity, found.place) == (Severity.ERROR, ".klp.mine")
    elf = changed(elf, ".modinfo", data=PATCH)
    assert judged(tmp_path, elf, without_kernel(), FORM) == []
