# SPDX-License-Identifier: GPL-2.0-only
"""What each of the coretests turns out to be: built in parts, run, and put aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.files import write_atomic
from pipeline.programs.small import Ran
from tests.coretests.alone import Broken
from tests.coretests.build import Judging, Place
from tests.coretests.judge import PASSED, Verdict, judged, run_all
from tests.coretests.source import MARK, Cut, Test, endless, write_crate
from tests.unit.coretests_library import FLOATS, library

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coretests.blame import Refusal


def test_how_a_test_ended() -> None:
    plain, panics = Test("a"), Test("b", panics=True, message="out of")
    assert judged(plain, "\nended 0\n", 0) == PASSED
    assert judged(plain, "\npanic: no\n", 134) == Verdict("failed", "panicked: no")
    assert judged(plain, "", -11) == Verdict("failed", "ended with status -11")
    assert judged(panics, "\nended 1\n", 0) == Verdict("failed", "it did not panic")
    assert judged(panics, "\npanic: out of range\n", 134) == PASSED
    assert judged(panics, "\npanic: else\n", 134) == Verdict("failed", "another panic: else")
    wants = Verdict("not run", "wants threads")
    assert judged(plain, "\nwants threads\n", 134) == wants


def test_each_test_runs_although_others_end_the_program(tmp_path: Path) -> None:
    program = tmp_path / "program"
    # It starts at the number that is written behind the mark, and panics in tests 1 and 2.
    program.write_bytes(
        b"#!/bin/sh\nn=$(tail -c 2 $0 | od -An -tu1 | awk '{print $1*256+$2}')\n"
        b"while [ $n -lt 4 ]; do printf '\\nbegins %d\\n' $n\n"
        b"case $n in 1|2) printf '\\npanic: no\\n'; exit 134;; esac\n"
        b"printf '\\nended %d\\n' $n; n=$((n+1)); done; exit 0\n" + MARK + b"\xff\xff"
    )
    program.chmod(0o755)
    tests = [Test("a"), Test("b"), Test("c", panics=True), Test("d")]
    found = list(run_all([], program, tests))
    assert [len(some) for some in found] == [2, 1, 1]
    kinds = [one.kind for some in found for one in some.values()]
    assert kinds == ["passed", "failed", "passed", "passed"]


class _Place(Place):
    """A place that refuses a crate with some test, without a word of where."""

    def build(self, crate: Path) -> Ran:
        root = (crate / "src/lib.rs").read_text(encoding="utf-8")
        if "plain()" in root:
            return Ran("broken", why="BUG: none knows")
        write_atomic(self.folder / "out" / "program", "no mark")
        return Ran("ran")

    def refused(self, crate: Path, built: Ran) -> list[Refusal]:
        return []


def test_a_crate_refused_without_a_place_is_divided_and_all_is_told_at_once(tmp_path: Path) -> None:
    place = _Place(library(tmp_path), None, tmp_path / "place")
    chosen = [Test("bool::t"), Test("num::floats::abs::test_f32"), Test("num::floats::plain")]
    kept: list[Test] = []
    said: list[str] = []
    found = Judging(place, kept.extend, said.append).judge(chosen)
    assert found[chosen[2]] == Verdict("not built", "BUG: none knows")
    assert found[chosen[0]] == Verdict("failed", "the mark is 0 times in program")
    assert sorted(one.path for one in kept) == sorted(one.path for one in chosen)
    assert sum(one.endswith("refused without a place: BUG: none knows") for one in said) == 2


def test_what_mrustc_does_not_end_on_is_not_given_to_it(tmp_path: Path) -> None:
    tests = library(tmp_path)
    text = (
        "#[cfg(not(miri))] // slow\nconst ALL: &[()] = &[(); usize::MAX];\n"
        "#[cfg(not(miri))]\nmade! {\n    (first, &[(); usize::MAX]),\n}\n"
        "#[cfg(not(miri))]\n#[test]\nfn other() {\n}\n"
    )
    write_atomic(tests / "bool.rs", text)
    assert {"first", "ALL"} < endless(tests)
    assert "other" not in endless(tests)
    crate = write_crate(tests, [Test("bool::other")], tmp_path / "crate", Cut(mrustc=True))
    written = (crate / "src/bool.rs").read_text(encoding="utf-8")
    assert (written.count("cfg(any())"), written.count("cfg(not(miri))")) == (2, 1)
    place = _Mrustc(tests, None, tmp_path / "place")
    assert Judging(place).judge([Test("bool::first")])[Test("bool::first")].kind == "not built"


class _Mrustc(_Place):
    """The same place, where mrustc by itself breaks down already."""

    by_mrustc = True

    def asked(self, crate: Path) -> str:
        root = (crate / "src/lib.rs").read_text(encoding="utf-8")
        line = next((n for n, one in enumerate(root.splitlines(), 1) if "bool::t()" in one), 0)
        return f"src/lib.rs:{line}:1: error: cannot do it\n" * bool(line)

    def taken(self, crate: Path, tests: int, *, ask: bool) -> Broken | None:
        root = (crate / "src/lib.rs").read_text(encoding="utf-8")
        at = self.at if ask else ()
        return Broken("mrustc: BUG: none knows", at) if "plain()" in root else None

    def warned_of(self, crate: Path) -> str:
        assert "test_f32()" in (crate / "src/lib.rs").read_text(encoding="utf-8")
        return self.warning

    at: tuple[str, ...] = ()
    warning = ""


class _Elsewhere(_Mrustc):
    """The same, where Ferric refuses a file that the test at hand is not in."""

    def taken(self, crate: Path, tests: int, *, ask: bool) -> Broken | None:
        file = crate / "src/num/floats.rs"
        return Broken(f"{file}:3: mrustc does it wrongly") if file.is_file() else None

    def warned_of(self, crate: Path) -> str:
        return ""


def test_a_file_that_is_refused_costs_no_test_of_another(tmp_path: Path) -> None:
    tests = library(tmp_path)
    write_atomic(tests / "num/mod.rs", "macro_rules! m { () => {}; }\nmod floats;\n")
    write_atomic(tests / "num/floats.rs", f"macro_rules! n {{ () => {{}}; }}\n{FLOATS}")
    other = Test("num::other")
    said: list[str] = []
    place = _Elsewhere(tests, None, tmp_path / "place")
    found = Judging(place, say=said.append).judge([other])
    assert found[other] == Verdict("failed", "the mark is 0 times in program")
    assert not any("breaks down" in one for one in said)


class _Told(_Mrustc):
    """The same, where mrustc is at a function when it breaks down."""

    at = ("none", "plain")


def test_what_mrustc_breaks_down_on_is_found_before_anything_is_built(tmp_path: Path) -> None:
    place = _Mrustc(library(tmp_path), None, tmp_path / "place")
    chosen = [Test("bool::t"), Test("num::floats::abs::test_f32"), Test("num::floats::plain")]
    found = Judging(place).judge(chosen)
    assert found[chosen[0]].kind == "not run"
    assert found[chosen[0]].why.startswith("rustc of another release: cannot do it")
    assert found[chosen[1]] == Verdict("failed", "the mark is 0 times in program")
    assert found[chosen[2]] == Verdict("not built", "BUG: none knows")
    told_of = _Told(library(tmp_path), None, tmp_path / "place")
    assert Judging(told_of).judge(chosen) == found


class _Counting(_Mrustc):
    """The same, which breaks down on a macro's test for each type, and counts what it is given."""

    asked_for = 0

    def taken(self, crate: Path, tests: int, *, ask: bool) -> Broken | None:
        type(self).asked_for += 1
        root = (crate / "src/lib.rs").read_text(encoding="utf-8")
        return Broken("mrustc: BUG: none knows") if "::made()" in root else None

    def warned_of(self, crate: Path) -> str:
        return ""


def test_what_a_macro_makes_is_tried_for_one_type_alone(tmp_path: Path) -> None:
    made = [Test(f"num::{of}::made") for of in ("i8", "i16", "i32", "i64")]
    fits = [Test(f"num::{of}::fits") for of in ("i8", "i16", "i32", "i64")]
    place = _Counting(library(tmp_path), None, tmp_path / "place")
    found = Judging(place).judge([*made, *fits])
    assert {found[one].kind for one in made + fits} == {"failed"}
    # One of each, and then those that are left of what it takes.
    assert _Counting.asked_for == 3


class _Refusing(_Counting):
    """The same, where Ferric refuses what a macro makes, and says nothing of where it stands."""

    built = 0

    def taken(self, crate: Path, tests: int, *, ask: bool) -> Broken | None:
        return None

    def build(self, crate: Path) -> Ran:
        self.count()
        root = (crate / "src/lib.rs").read_text(encoding="utf-8")
        if "::made()" in root:
            return Ran("refused", why="mrustc may compute a constant wrongly")
        return super().build(crate)

    @classmethod
    def count(cls) -> None:
        cls.built += 1


def test_what_is_refused_for_one_type_is_tried_alone_for_the_others(tmp_path: Path) -> None:
    types = [f"i{bits}" for bits in range(16)]
    chosen = [Test(f"num::{of}::{name}") for of in types for name in ("made", "fits")]
    place = _Refusing(library(tmp_path), None, tmp_path / "place")
    found = Judging(place).judge(chosen)
    assert {found[one].kind for one in chosen[::2]} == {"refused"}
    assert {found[one].kind for one in chosen[1::2]} == {"failed"}
    # The first is found by halves, and each other alone.
    assert _Refusing.built < 2 * len(types)


class _Warned(_Mrustc):
    """The same, where Ferric's check would refuse what fails."""

    warning = "src/num.rs:1: mrustc does it wrongly"


def test_what_fails_may_be_what_ferric_refuses(tmp_path: Path) -> None:
    place = _Warned(library(tmp_path), None, tmp_path / "place")
    failing = Test("num::floats::abs::test_f32")
    assert Judging(place).judge([failing])[failing] == Verdict("refused", _Warned.warning)


class _Endless(_Mrustc):
    """The same, where mrustc does not end."""

    def taken(self, crate: Path, tests: int, *, ask: bool) -> Broken | None:
        broken = super().taken(crate, tests, ask=ask)
        return broken and Broken("mrustc: no end after 30 s of processor time")


def test_what_mrustc_does_not_end_on_is_not_built_again(tmp_path: Path) -> None:
    place = _Endless(library(tmp_path), None, tmp_path / "place")
    plain = Test("num::floats::plain")
    found = Judging(place).judge([plain, Test("num::floats::abs::test_f32")])
    assert found[plain] == Verdict("not built", "mrustc: no end after 30 s of processor time")
