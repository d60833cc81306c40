# SPDX-License-Identifier: GPL-2.0-only
"""Some of the tests of Rust's own ``core`` pass through rustc's front end, some break mrustc.

All of them: ``python -m tests.coretests``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from tests.coretests.__main__ import run, suite
from tests.coretests.blame import suspects
from tests.coretests.build import Place
from tests.coretests.record import Record
from tests.coretests.source import at_first, write_crate
from tests.fuzz.batch import way

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coretests.alone import Broken

MODULES = ("option", "bool")
# mrustc 0.12 does not match on `Ordering::Less` in a constant: docs/coretests.md.
BREAKS = "cmp::test_ordering_then"


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


def test_mrustc_takes_some_and_says_what_it_was_at_where_it_breaks_down(tmp_path: Path) -> None:
    try:
        chosen, there = suite("mrustc", ("bool", "cmp")), way("m68k", "mrustc")
    except UserError as error:
        pytest.skip(str(error))
    place = Place(chosen.tests, there, tmp_path)
    some = {one.path: one for one in chosen.chosen}
    cut, _why = at_first(chosen.tests)

    def taken(*names: str) -> Broken | None:
        tests = [some[name] for name in names]
        crate = write_crate(chosen.tests, tests, tmp_path / "crate", cut)
        return place.taken(crate, len(tests), ask=True)

    assert taken("bool::test_bool") is None
    broken = taken("bool::test_bool", BREAKS)
    assert broken is not None
    assert "Invalid enum tag" in broken.why
    both = [some["bool::test_bool"], some[BREAKS]]
    assert suspects(chosen.tests, both, broken.at) == [some[BREAKS]]
