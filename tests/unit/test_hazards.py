# SPDX-License-Identifier: GPL-2.0-only
"""The catalogue of mrustc's faults is whole, its page is current, and verdicts are what ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.hazards.catalogue import PROGRAMS, catalogue, program
from pipeline.hazards.docs import PAGE, page
from pipeline.hazards.measure import behaviour
from pipeline.programs.small import Ran

if TYPE_CHECKING:
    from pathlib import Path


def test_every_entry_has_a_program_and_every_program_an_entry() -> None:
    assert {path.stem for path in PROGRAMS.glob("*.rs")} == set(catalogue())
    assert all("fn program(out: &mut Out)" in program(name) for name in catalogue())


def test_the_page_is_that_of_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_mistake_in_the_catalogue_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text("hazards:\n  one: {title: a, on: sometimes}\n")
    with pytest.raises(UserError, match="on"):
        catalogue(path)


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (Ran("ran", 0, "1\n"), "right"),
        (Ran("ran", 0, "2\n"), "wrong"),
        (Ran("ran", 134, "1\n"), "wrong"),
        (Ran("endless"), "wrong"),
        (Ran("refused", why="no"), "stops"),
        (Ran("broken", why="no"), "stops"),
    ],
)
def test_a_behaviour_is_held_against_the_native_one(ours: Ran, said: str) -> None:
    assert behaviour(ours, Ran("ran", 0, "1\n")) == said
