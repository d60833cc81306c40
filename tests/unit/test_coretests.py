# SPDX-License-Identifier: GPL-2.0-only
"""What is read of the source of coretests, of a build's errors, and of what its tests say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.files import write_atomic
from pipeline.programs.small import Ran
from tests.coretests.__main__ import Suite, expected, groups
from tests.coretests.alone import Broken
from tests.coretests.blame import Blamed, Refusal, refusals, suspects, told
from tests.coretests.build import Judging, Place
from tests.coretests.judge import PASSED, Verdict, judged, run_all
from tests.coretests.record import Record
from tests.coretests.report import Result, document
from tests.coretests.source import (
    MARK,
    Cut,
    Test,
    at_first,
    blocks,
    endless,
    functions,
    parse,
    without_std,
    write_crate,
)

if TYPE_CHECKING:
    from pathlib import Path

_EXPANDED = r"""
pub const one: test::TestDescAndFn =
    test::TestDescAndFn {
        desc: test::TestDesc {
            name: test::StaticTestName("cell::one"),
            ignore: false,
            should_panic: test::ShouldPanic::YesWithMessage("says \"no\""),
        },
    };
        desc: test::TestDesc {
            name: test::StaticTestName("cell::inner::two"),
            ignore: true,
            should_panic: test::ShouldPanic::No,
        },
"""
_ROOT = """\
#![feature(float_odd)]
#![feature(kept)]

/// Version of `assert_matches`.
macro_rules! shared { () => {}; }

mod bool;
#[cfg(not(none))]
mod num;
"""
_FLOATS = """\
use std::ops::Add;

float_test! {
    name: round,
    test {
        assert_eq!(flt(1.0).round(), 1.0);
    }
}

float_test! {
    name: abs,
    test {
        assert_eq!(flt(1.0).abs(), 1.0);
    }
}

#[test]
#[should_panic]
fn plain() {
    panic!();
}
"""


def _library(folder: Path) -> Path:
    """Write a library's source with coretests, and return the folder of these."""
    for name, text in {
        "coretests/tests/lib.rs": _ROOT,
        "coretests/tests/bool.rs": "#[test]\npub fn t() {}\n",
        "coretests/tests/num/mod.rs": "mod floats;\n",
        "coretests/tests/num/floats.rs": _FLOATS,
        "std/src/num/f32.rs": '#[unstable(feature = "float_odd")]\npub const fn round(self) {}\n',
        "core/src/num/f32.rs": '#[unstable(feature = "kept")]\npub const fn abs(self) {}\n',
    }.items():
        write_atomic(folder / name, text)
    return folder / "coretests/tests"


def test_an_expansion_names_tests_and_how_they_are_to_end() -> None:
    assert parse(_EXPANDED) == [
        Test("cell::one", panics=True, message='says "no"'),
        Test("cell::inner::two", ignored=True),
    ]


def test_a_file_without_std_keeps_its_lines() -> None:
    text = (
        "use std::mem;\nmod inner {\n    #[test]\n    #[cfg(x)]\n    fn a() {}\n"
        "    $(#[test] $(#[$m])* fn $n() {})*\n    #[test]\n    pub fn b() { rand::x() }\n}\n"
        "case! { in mod c { d } }\n"
    )
    assert without_std(text) == (
        "use crate::facade::mem;\npub mod inner {\n    \n    #[cfg(x)]\n    pub fn a() {}\n"
        "    $( $(#[$m])* pub fn $n() {})*\n    \n    pub fn b() { crate::rand::x() }\n}\n"
        "case! { in mod c { d } }\n"
    )


def test_floats_of_16_and_128_bits_are_of_no_machine() -> None:
    text = "#![feature(cfg_target_has_reliable_f16_f128)]\n"
    attribute = "#[cfg({})]\n#[cfg(any(miri, {}))]\n"
    with_floats = attribute.format("target_has_reliable_f16", "target_has_reliable_f128_math")
    assert without_std(text + with_floats) == text + attribute.format("any()", "any()")


def test_what_needs_std_in_a_constant_is_cut_and_named(tmp_path: Path) -> None:
    cut, why = at_first(_library(tmp_path))
    assert cut == Cut(frozenset({"float_odd"}), frozenset({("num/floats.rs", 3)}))
    assert why == {"floats::round::": "wants std's round in a constant"}


def test_blocks_are_found_with_their_names() -> None:
    found = [(start, end, name) for start, end, name, _text in blocks(_FLOATS)]
    assert found == [(3, 8, "round"), (10, 15, "abs"), (17, 21, "plain")]


def test_a_block_takes_its_attributes_and_nothing_after_it() -> None:
    text = (
        "// about a\n#[cfg(x)]\n#[test]\n#[should_panic]\nfn a() {\n    b();\n}\n\n"
        "#[test]\nfn b() {}\n\nmacro_rules! kept {\n}\n#[test]\nfn c() {\n}\n"
    )
    found = [(start, end, name) for start, end, name, _text in blocks(text)]
    assert found == [(1, 7, "a"), (9, 10, "b"), (14, 16, "c")]


def test_a_block_may_stand_in_a_macro() -> None:
    text = (
        "macro_rules! m {\n    () => {\n        #[test]\n        fn a() {\n            b();\n"
        "        }\n\n        fn c() {\n        }\n    };\n}\n"
    )
    assert [(start, end, name) for start, end, name, _text in blocks(text)] == [(3, 6, "a")]
    both = [(start, end, name) for start, end, name, _text in functions(text)]
    assert both == [(3, 6, "a"), (8, 9, "c")]


def test_a_module_that_nobody_chose_is_left_out_where_nobody_needs_it(tmp_path: Path) -> None:
    tests = _library(tmp_path)
    texts = {
        "mod.rs": "#[macro_use]\nmod made;\nmod floats;\n#[cfg(x)]\nmod other;\nmod used;\n",
        "made.rs": "macro_rules! m { () => {} }\n",
        "other.rs": "#[test]\nfn t() {}\n",
        "used.rs": "pub fn u() {}\n",
        "floats.rs": "#[test]\nfn t() { super::used::u(); }\n",
    }
    for name, text in texts.items():
        write_atomic(tests / "num" / name, text)
    crate = write_crate(tests, [Test("num::floats::t")], tmp_path / "crate", Cut())
    root = (crate / "src/num/mod.rs").read_text(encoding="utf-8")
    assert root == ("#[macro_use]\npub mod made;\npub mod floats;\n\n\npub mod used;\n")
    files = sorted(file.name for file in (crate / "src/num").iterdir())
    assert files == ["floats.rs", "made.rs", "mod.rs", "used.rs"]


def test_a_crate_has_the_modules_of_its_tests(tmp_path: Path) -> None:
    tests = _library(tmp_path)
    chosen = [Test("num::floats::abs::test_f32"), Test("num::floats::plain")]
    crate = write_crate(tests, chosen, tmp_path / "crate", at_first(tests)[0])
    root = (crate / "src/lib.rs").read_text(encoding="utf-8")
    assert root.startswith("#![no_std]\n#![feature(kept)]\n")
    assert "#[cfg(not(none))]\nmod num;\n" in root
    assert "mod bool;" not in root
    assert "1 => crate::num::floats::plain().ended()," in root
    written = (crate / "src/num/floats.rs").read_text(encoding="utf-8")
    assert written.count("\n") == _FLOATS.count("\n")
    assert "round" not in written
    assert not (crate / "src/bool.rs").exists()


def test_errors_of_both_compilers_have_a_place() -> None:
    text = (
        "/x/crate/src/num/a.rs:3:7: error[E0599]: no method\n"
        "src/num/b.rs:12: error:0:Unexpected token\nwarning: nothing\n"
        "/x/crate/src/num/c.rs:7, 9: a value is never used\n"
    )
    assert refusals(text) == [
        Refusal("num/a.rs", 3, "no method"),
        Refusal("num/b.rs", 12, "Unexpected token"),
        Refusal("num/c.rs", 7, "a value is never used"),
        Refusal("num/c.rs", 9, "a value is never used"),
    ]


def test_an_error_without_a_place_has_the_function_that_it_names() -> None:
    text = "/x/Cargo.toml: no (reached in _RNvNtCs8aBB9qXKETK_7program6option8test_ord)\n  mend: m"
    said = text.partition("\n")[0]
    assert refusals(text) == [Refusal("", 0, said, "option::test_ord")]
    names = 'BUG: in ::"program"::cell::inner::t::Foo\n  command: x'
    assert [one.function for one in refusals(names)] == ["cell::inner::t::Foo"]
    assert refusals("BUG: panic in constant evaluation") == []


def test_a_refusal_costs_as_little_as_can_be(tmp_path: Path) -> None:
    tests = _library(tmp_path)
    chosen = [Test("bool::t"), Test("num::floats::plain"), Test("num::floats::abs::test_f32")]
    crate = write_crate(tests, chosen, tmp_path / "crate", Cut())
    root = (crate / "src/lib.rs").read_text(encoding="utf-8").splitlines()
    arm = next(n for n, line in enumerate(root, 1) if "0 => crate::bool::t" in line)

    def blamed(refusal: Refusal) -> Blamed:
        one = Blamed(tests, crate, chosen)
        one.take(refusal)
        return one

    absent = blamed(Refusal("lib.rs", arm, "cannot find function `t`")).why
    assert {one.path: verdict.kind for one, verdict in absent.items()} == {"bool::t": "not run"}
    block = blamed(Refusal("num/floats.rs", 20, "no"))
    assert block.cut.blocks == {("num/floats.rs", 17)}
    assert [one.path for one in block.why] == ["num::floats::plain"]
    other = Blamed(tests, crate, chosen[:1])
    other.take(Refusal("num/floats.rs", 1, "no"))
    assert (other.why, other.cut) == ({}, Cut(files=frozenset({"num/floats.rs"})))
    write_crate(tests, [*chosen[:1], Test("num::none")], tmp_path / "without", other.cut)
    assert not (tmp_path / "without/src/num/floats.rs").exists()
    module = blamed(Refusal("num/floats.rs", 1, "no"))
    assert {one.path for one in module.why} == {one.path for one in chosen[1:]}
    named = blamed(Refusal("", 0, "no", "num::floats::plain::inner"))
    assert [one.path for one in named.why] == ["num::floats::plain"]
    feature = blamed(Refusal("lib.rs", 2, "unknown feature `kept`"))
    assert feature.cut == Cut(frozenset({"kept"}))
    assert not feature.why


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
    place = _Place(_library(tmp_path), None, tmp_path / "place")
    chosen = [Test("bool::t"), Test("num::floats::abs::test_f32"), Test("num::floats::plain")]
    kept: list[Test] = []
    said: list[str] = []
    found = Judging(place, kept.extend, said.append).judge(chosen)
    assert found[chosen[2]] == Verdict("not built", "BUG: none knows")
    assert found[chosen[0]] == Verdict("failed", "the mark is 0 times in program")
    assert sorted(one.path for one in kept) == sorted(one.path for one in chosen)
    assert sum(one.endswith("refused without a place: BUG: none knows") for one in said) == 2


def test_a_constant_that_is_wrong_is_of_the_test_that_it_stands_in(tmp_path: Path) -> None:
    tests = _library(tmp_path)
    text = (
        '/x/crate/src/num/floats.rs:3: mrustc computes ::"program"::bool::t::C wrongly: a `match`\n'
        'mrustc may compute ::"program"::num::floats::plain wrongly: it cannot be known\n'
        'mrustc computes ::"core"::num::C wrongly: none of ours\n  mend: m'
    )
    found = refusals(text)
    assert [(one.file, one.function) for one in found] == [
        ("num/floats.rs", "bool::t::C"),
        ("", "num::floats::plain"),
    ]
    chosen = [Test("bool::t"), Test("num::floats::plain"), Test("num::floats::abs::test_f32")]
    crate = write_crate(tests, chosen, tmp_path / "crate", Cut())
    blamed = Blamed(tests, crate, chosen, refused=True)
    for one in found:
        blamed.take(one)
    assert {one.path: verdict.kind for one, verdict in blamed.why.items()} == {
        "bool::t": "refused",
        "num::floats::plain": "refused",
    }


def test_what_names_what_mrustc_was_at_is_suspected(tmp_path: Path) -> None:
    tests = _library(tmp_path)
    write_atomic(tests / "bool.rs", "#[test]\nfn t() {\n    x.as_mut_slice();\n}\n")
    chosen = [Test("bool::t"), Test("num::floats::plain"), Test("num::floats::other")]
    assert suspects(tests, chosen, ["none", "as_mut_slice", "plain"]) == [chosen[0]]
    assert suspects(tests, chosen, ["floats", "plain"]) == [chosen[1]]
    assert suspects(tests, chosen, ["none"]) == chosen


def test_what_mrustc_does_not_end_on_is_not_given_to_it(tmp_path: Path) -> None:
    tests = _library(tmp_path)
    text = (
        "#[cfg(not(miri))] // slow\nconst ALL: &[()] = &[(); usize::MAX];\n"
        "#[cfg(not(miri))]\nmade! {\n    (first, &[(); usize::MAX]),\n}\n"
        "#[cfg(not(miri))]\n#[test]\nfn other() {\n}\n"
    )
    write_atomic(tests / "bool.rs", text)
    assert {"first", "ALL"} < endless(tests)
    assert "other" not in endless(tests)
    crate = write_crate(tests, [Test("bool::other")], tmp_path / "crate", Cut(endless=True))
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

    def taken(self, crate: Path, *, ask: bool) -> Broken | None:
        root = (crate / "src/lib.rs").read_text(encoding="utf-8")
        at = self.at if ask else ()
        return Broken("mrustc: BUG: none knows", at) if "plain()" in root else None

    def warned_of(self, crate: Path) -> str:
        assert "test_f32()" in (crate / "src/lib.rs").read_text(encoding="utf-8")
        return self.warning

    at: tuple[str, ...] = ()
    warning = ""


class _Told(_Mrustc):
    """The same, where mrustc is at a function when it breaks down."""

    at = ("none", "plain")


def test_what_mrustc_breaks_down_on_is_found_before_anything_is_built(tmp_path: Path) -> None:
    place = _Mrustc(_library(tmp_path), None, tmp_path / "place")
    chosen = [Test("bool::t"), Test("num::floats::abs::test_f32"), Test("num::floats::plain")]
    found = Judging(place).judge(chosen)
    assert found[chosen[0]].kind == "not run"
    assert found[chosen[0]].why.startswith("rustc of another release: cannot do it")
    assert found[chosen[1]] == Verdict("failed", "the mark is 0 times in program")
    assert found[chosen[2]] == Verdict("not built", "BUG: none knows")
    told_of = _Told(_library(tmp_path), None, tmp_path / "place")
    assert Judging(told_of).judge(chosen) == found


class _Warned(_Mrustc):
    """The same, where Ferric's check would refuse what fails."""

    warning = "src/num.rs:1: mrustc does it wrongly"


def test_what_fails_may_be_what_ferric_refuses(tmp_path: Path) -> None:
    place = _Warned(_library(tmp_path), None, tmp_path / "place")
    failing = Test("num::floats::abs::test_f32")
    assert Judging(place).judge([failing])[failing] == Verdict("refused", _Warned.warning)


class _Endless(_Mrustc):
    """The same, where mrustc does not end."""

    def taken(self, crate: Path, *, ask: bool) -> Broken | None:
        broken = super().taken(crate, ask=ask)
        return broken and Broken("mrustc: no end after 30 s of processor time")


def test_what_mrustc_does_not_end_on_is_not_built_again(tmp_path: Path) -> None:
    place = _Endless(_library(tmp_path), None, tmp_path / "place")
    plain = Test("num::floats::plain")
    found = Judging(place).judge([plain, Test("num::floats::abs::test_f32")])
    assert found[plain] == Verdict("not built", "mrustc: no end after 30 s of processor time")


def test_a_reason_is_the_same_in_every_run() -> None:
    assert told("/tmp/x-1/crate/src/a.rs:7: no\n  | b\n  command: c") == "src/a.rs:7: no | b"


def test_a_record_goes_on_where_a_run_stopped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tests = [Test("a"), Test("b"), Test("c")]
    Record(log).add("1.96", "rustc on m68k", {tests[0]: PASSED})
    Record(log).add("1.96", "rustc on m68k", {tests[1]: Verdict("failed", "no")})
    Record(log).add("1.96", "rustc on x86_64", {tests[2]: PASSED})
    assert Record(log).known("1.96", "rustc on m68k", tests) == {
        tests[0]: PASSED,
        tests[1]: Verdict("failed", "no"),
    }
    again = Record(log, again=("failed",))
    assert again.known("1.96", "rustc on m68k", tests) == {tests[0]: PASSED}
    assert again.known("1.90", "rustc on m68k", tests) == {}
    Record(None).add("1.96", "rustc on m68k", {tests[2]: PASSED})


def test_what_no_way_is_asked_for_has_a_reason(tmp_path: Path) -> None:
    tests = tuple(Test(name, ignored=name == "i") for name in "iunp")
    suite = Suite("rustc", "1.96", tmp_path, tests, frozenset(tests) - {tests[1]})
    natively = {tests[2]: Verdict("failed", "it did not panic"), tests[3]: PASSED}
    assert {one.path: verdict.why for one, verdict in expected(suite, natively).items()} == {
        "i": "its authors ignore it",
        "u": "it is for panics that unwind",
        "n": "natively: it did not panic",
    }


def test_modules_stay_together_where_they_are_small() -> None:
    chosen = [
        Test(f"{module}::{n}") for module, many in (("a", 100), ("b", 80)) for n in range(many)
    ]
    assert [len(one) for one in groups(chosen)] == [100, 80]
    assert [len(one) for one in groups([Test(f"a::{n}") for n in range(350)])] == [150, 150, 50]


def test_a_document_has_every_verdict() -> None:
    result = Result(
        "m68k", "rustc", "1.96", {Test("a"): PASSED, Test("b"): Verdict("failed", "no")}
    )
    assert result.reasons("failed") == [("no", ["b"])]
    assert document([result])[0]["counts"] == {"passed": 1, "failed": 1}
