# SPDX-License-Identifier: GPL-2.0-only
"""What findings.json says of mrustc's faults: from the records beside the C, and the catalogue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.hazards.catalogue import catalogue
from pipeline.transpile.repair.unit import KINDS, Guard, Repairs, repair_digest
from pipeline.validate.guarded import guarded

if TYPE_CHECKING:
    from pathlib import Path


def unit(folder: Path, name: str, **sites: int) -> Path:
    """A C file's name, with a record beside it."""
    c_file = folder / f"{name}.c"
    record = {"pass": repair_digest(), "sites": sites, "functions": 3, "lines": 9, "witnessed": 2}
    Repairs.beside(c_file).write_text(json.dumps(record))
    return c_file


def test_sites_are_added_up_and_what_was_not_needed_is_named(tmp_path: Path) -> None:
    files = [unit(tmp_path, "a", index=2, shift=1), unit(tmp_path, "b", index=5)]
    found = guarded(files, big_endian=True, checks=True)
    assert (found.units, found.functions, found.repaired) == (2, 6, {"index": 7, "shift": 1})
    assert set(found.absent) == set(KINDS) - {"index", "shift"}
    assert found.overflow_checks
    assert found.witnessed == 4


def test_faults_of_the_other_byte_order_are_not_open(tmp_path: Path) -> None:
    files = [unit(tmp_path, "a")]
    big = guarded(files, big_endian=True, checks=False)
    little = guarded(files, big_endian=False, checks=False)
    names = {name for name, one in catalogue().items() if one.on == "big-endian"}
    assert set(little.open) == set(big.open) - names
    assert "drop-in-tail" in big.refused


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"pass": "another", "sites": {}, "functions": 1, "lines": 1}',
        '{"pass": "PASS", "sites": {"unheard": 1}, "functions": 1, "lines": 1}',
        '{"pass": "PASS", "sites": {"index": "x"}, "functions": 1, "lines": 1}',
        '{"pass": "PASS", "sites": {}}',
        '{"pass": "PASS", "sites": {}, "functions": 1, "lines": 1}',
    ],
)
def test_a_record_of_another_pass_or_none_is_an_error(tmp_path: Path, text: str) -> None:
    c_file = tmp_path / "a.c"
    Repairs.beside(c_file).write_text(text.replace("PASS", repair_digest()))
    with pytest.raises(UserError, match="build again"):
        guarded([c_file], big_endian=True, checks=False)


def test_every_guard_has_a_key_of_its_own() -> None:
    keys = {Guard().key, Guard(overflow_checks=True).key, Guard(raw=True).key}
    assert len(keys) == 3
    assert Guard(overflow_checks=True).of_library == Guard()
