# SPDX-License-Identifier: GPL-2.0-only
"""A long run of generated programs goes on where it was stopped, and knows who is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from pipeline.files import write_atomic
from pipeline.programs.small import Ran
from tests.fuzz.batch import apart, named, source
from tests.fuzz.generate.program import program
from tests.fuzz.programs import batches, why_not
from tests.fuzz.record import Entry, Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fuzz.batch import Way

_ROOT = "head\nmod p0 {\nuse super::*;\na\n}\nmod p1 {\nuse super::*;\nb\nc\n}\nmod p2 {\nd\n}\n"


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    path, ways = tmp_path / "log", ["rustc on m68k"]
    record = Record(path, 5, ways)
    assert record.left(list(batches(0, 96))) == [range(32), range(32, 64), range(64, 96)]
    record.add(Entry(5, tuple(ways), 32, 32, panics=3, refused={"why": 2}, seconds=1.5))
    record.add(Entry(5, tuple(ways), 0, 32, differing=("7: line 1",), refused={"why": 1}))
    again = Record(path, 5, ways)
    assert again.entries == record.entries
    assert again.left(list(batches(0, 96))) == [range(64, 96)]
    assert again.summary() == (
        "64 programs in 2 s of processor time, 3 of them panic, each rustc on m68k: "
        "1 differ, 3 refused, 0 not valid\n  refused    3: why"
    )
    assert Record(path, 6, ways).entries == []
    assert Record(path, 5, ["mrustc on m68k"]).entries == []


def test_an_error_names_the_programs_it_lies_in() -> None:
    assert named("/x/src/lib.rs:4: no", _ROOT) == {0}
    assert named("/x/src/lib.rs:8, 9, 12: no", _ROOT) == {1, 2}
    assert named("  --> /x/src/lib.rs:9:1\n  --> /x/src/lib.rs:4:2", _ROOT) == {0, 1}
    assert named("/x/src/lib.rs:1: the head is nobody's", _ROOT) == set()
    assert named("no place", _ROOT) == set()
    assert named('MIR ERROR: struct ::"program"::p2::T1#V1 BB0/0: ASSERT', _ROOT) == {2}


@pytest.mark.parametrize("named_at", [True, False])
def test_who_cannot_be_built_keeps_no_other_from_it(tmp_path: Path, *, named_at: bool) -> None:
    built: list[tuple[str, ...]] = []

    def build(texts: Sequence[str]) -> list[Ran]:
        built.append(tuple(texts))
        root = source(texts, heap=False)
        write_atomic(tmp_path / "crate" / "src" / "lib.rs", root)
        if "bad\n" in texts:
            line = root.splitlines().index("bad") + 1
            place = f"/src/lib.rs:{line}: " if named_at else ""
            return [Ran("refused", why=f"{place}mrustc does not take it")] * len(texts)
        return [Ran("ran", output=text) for text in texts]

    texts = ["a\n", "b\n", "bad\n", "c\n", "d\n"]
    found = apart(texts, tmp_path, build)
    assert [one.output for one in found] == ["a\n", "b\n", "", "c\n", "d\n"]
    assert found[2].why.endswith("mrustc does not take it")
    assert len(built) == (2 if named_at else 5)
    assert apart(["bad\n"], tmp_path, build)[0].kind == "refused"


def test_mrustc_may_stop_aloud_and_rustc_may_not() -> None:
    class Through:
        def __init__(self, transpiler: str) -> None:
            self.transpiler = transpiler

    mrustc, rustc = (cast("Way", Through(one)) for one in ("mrustc", "rustc"))
    refused = Ran("refused", why="/x/src/lib.rs:4, 5: mrustc sorts the fields")
    assert why_not(mrustc, refused) == "mrustc sorts the fields"
    assert why_not(rustc, refused) == ""
    lint = "warning: cast\n  --> /tmp/mrustc/src/lib.rs:4:5\nprogram: mrustc borrows the operand"
    assert why_not(mrustc, Ran("refused", why=lint)) == "program: mrustc borrows the operand"
    stops = Ran("broken", why="mrustc: program: stopped\n  | MIR ERROR: 0+16 (in x)\n  | end")
    assert "MIR ERROR" in why_not(mrustc, stops)
    assert why_not(mrustc, Ran("broken", why="m68k-linux-gnu-gcc does not compile x")) == ""
    assert why_not(mrustc, Ran("endless", why="no end")) == ""


def test_a_guarded_program_has_no_form_that_is_refused() -> None:
    texts = [program(3, number, guarded=True).tree.text() for number in range(60)]
    assert texts != [program(3, number).tree.text() for number in range(60)]
    for text in texts:
        assert "let _ = " not in text
