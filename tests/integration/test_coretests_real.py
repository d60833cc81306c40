# SPDX-License-Identifier: GPL-2.0-only
"""Some of the tests of Rust's own ``core`` pass through rustc's front end.

All of them: ``python -m tests.coretests``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from tests.coretests.__main__ import run, suite
from tests.coretests.record import Record
from tests.fuzz.batch import way

if TYPE_CHECKING:
    from pathlib import Path

MODULES = ("option", "bool")


def test_core_passes_its_own_tests(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("no cc to build the reference with")
    try:
        chosen, there = suite("rustc", MODULES), way("m68k", "rustc")
    except UserError as error:
        pytest.skip(str(error))
    (result,) = run([chosen], [there], tmp_path, 1, Record(None))
    assert result.reasons("failed") == []
    assert result.count("passed") == len(chosen.chosen) > 30
