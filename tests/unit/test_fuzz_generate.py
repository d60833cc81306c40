# SPDX-License-Identifier: GPL-2.0-only
"""The generator of Rust programs makes the same ones again, and the reducer makes them smaller."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.fuzz.generate.program import program
from tests.fuzz.generate.tree import Node, joined, node, replaced, statement, walk
from tests.fuzz.programs import batches
from tests.fuzz.reduce import TOGETHER, reduced, smaller

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_the_same_number_makes_the_same_program() -> None:
    # Another process: what hangs on the order of a set would differ there.
    script = "from tests.fuzz.generate.program import program; print(program(7, 3).tree.text())"
    argv = [sys.executable, "-c", script]
    other = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert other == program(7, 3).tree.text() + "\n"


def test_other_numbers_make_other_programs() -> None:
    texts = {program(seed, number).tree.text() for seed in (1, 2) for number in range(20)}
    assert len(texts) == 40


def test_no_program_depends_on_the_width_of_a_pointer() -> None:
    for number in range(64, 96):
        text = program(1, number).tree.text()
        assert "isize" not in text
        assert "_usize" not in text
        assert "to_ne_bytes" not in text


def test_a_tree_is_its_text() -> None:
    tree = node("a + §(§)", node("f"), node("1, §", node("2")))
    assert tree.text() == "a + f(1, 2)"
    assert [at for at, _ in walk(tree)] == [(), (1,), (3,), (3, 1)]
    assert replaced(tree, (3, 1), node("7")).text() == "a + f(1, 7)"


def _literal(number: int) -> Node:
    return node(f"{number}_u8", kind="u8", instead=("0_u8",))


def _sum(first: Node, second: Node) -> Node:
    return node("(§ + §)", first, second, kind="u8", instead=("0_u8",))


def test_the_reducer_keeps_what_counts_alone() -> None:
    guilty = node("§ / §", _sum(_literal(1), _sum(_literal(5), _literal(2))), _literal(3))
    lines = [
        statement(f"let x{index} = §;\n", _sum(_literal(7), _literal(8))) for index in range(9)
    ]
    lines.insert(4, statement("say(§);\n", guilty))
    asked = 0

    def judge(trees: Sequence[Node]) -> list[bool]:
        nonlocal asked
        asked += 1
        assert 0 < len(trees) <= TOGETHER
        return ["say(" in one.text() and "5_u8" in one.text() for one in trees]

    assert reduced(joined(lines), judge).text() == "say(5_u8 / 0_u8);\n"
    assert asked < 20


def test_the_reducer_stops_where_it_is_told() -> None:
    asked = 0

    def judge(trees: Sequence[Node]) -> list[bool]:
        nonlocal asked
        asked += 1
        return [False] * len(trees)

    tree = program(1, 1).tree
    assert reduced(tree, judge, rounds=3) is tree
    assert asked == 3


def test_what_is_proposed_is_no_longer() -> None:
    tree = program(1, 2).tree
    proposals = list(smaller(tree))
    assert len(proposals) > 100
    length = len(tree.text())
    assert all(len(replaced(tree, at, new).text()) <= length for at, new in proposals[:300])


def test_batches_do_not_depend_on_where_one_starts() -> None:
    assert [*batches(30, 40)] == [range(30, 32), range(32, 64), range(64, 70)]
