# SPDX-License-Identifier: GPL-2.0-only
"""A few random programs do the same through rustc's front end as natively.

More of them: ``python -m tests.fuzz.programs``.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from tests.fuzz.batch import run_native, run_way, way
from tests.fuzz.generate.program import BATCH, needs_heap, program
from tests.fuzz.generate.tree import joined, node, statement
from tests.fuzz.programs import Difference, attempt, simplest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fuzz.batch import Way

SEED = 4


@pytest.fixture(scope="module")
def front() -> Way:
    """The way through rustc's front end to m68k."""
    try:
        if find_rustc(None).library is None or shutil.which("cc") is None:
            pytest.skip("no library source of rustc, or no cc")
        return way("m68k", "rustc")
    except UserError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("first", [0, 2 * BATCH])
def test_random_programs(front: Way, tmp_path: Path, first: int) -> None:
    programs = [program(SEED, number) for number in range(first, first + 4)]
    assert programs[0].heap == needs_heap(first) == bool(first)
    outcome = attempt(programs, [front], tmp_path)
    assert outcome.invalid == ""
    assert (outcome.count, outcome.differences) == (4, ())


def test_a_difference_is_seen_and_made_smaller(front: Way, tmp_path: Path) -> None:
    # What differs by design: the byte order.
    line = 'say!("{:?}", (§).to_ne_bytes());\n'
    tree = joined(
        [
            node("pub fn program() {\n"),
            statement("let v = §;\n", node("5_u8", kind="u8", instead=("0_u8",))),
            statement(line, node("bb(258_u16)", kind="u16", instead=("1_u16",))),
            statement('say!("{}", v);\n'),
            node("}\n"),
        ]
    )
    texts = [tree.text()]
    (expected,) = run_native(texts, tmp_path, heap=False)
    (found,) = run_way(texts, tmp_path, front, heap=False)
    assert expected.output == "[2, 1]\n5\n"
    assert found.output == "[1, 2]\n5\n"
    difference = Difference(0, heap=False, way=front, expected=expected, found=found)
    assert str(difference) == "line 1: rustc says '[2, 1]', it says '[1, 2]'"
    small = simplest(tree, difference, tmp_path).text()
    assert re.sub(r"\s+", " ", small) == (
        'pub fn program() { say!("{:?}", (1_u16).to_ne_bytes()); } '
    )
