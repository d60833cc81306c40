# SPDX-License-Identifier: GPL-2.0-only
"""What is read of the source of coretests and of a build's errors, and how all is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.files import write_atomic
from tests.coretests.__main__ import Suite, expected, groups
from tests.coretests.blame import Blamed, Refusal, refusals, suspects, told
from tests.coretests.float_tests import by_their_names, unusual, without_unusual
from tests.coretests.int_tests import told_their_test
from tests.coretests.judge import PASSED, Verdict
from tests.coretests.record import Record
from tests.coretests.report import Result, document
from tests.coretests.source import (
    Cut,
    Test,
    at_first,
    blocks,
    functions,
    parse,
    without_std,
    write_crate,
)
from tests.unit.coretests_library import FLOATS, library

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
    cut, why = at_first(library(tmp_path))
    assert cut == Cut(frozenset({"float_odd"}), frozenset({("num/floats.rs", 3)}))
    assert why == {"floats::round::": "wants std's round in a constant"}


def test_blocks_are_found_with_their_names() -> None:
    found = [(start, end, name) for start, end, name, _text in blocks(FLOATS)]
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
    tests = library(tmp_path)
    texts = {
        "mod.rs": "#[macro_use]\nmod made;\nmod floats;\n#[cfg(x)]\nmod other;\n"
        "mod ops;\nmod used;\n",
        "made.rs": "macro_rules! m { () => {} }\n",
        "other.rs": "#[test]\nfn t() {}\n",
        "used.rs": "pub fn u() {}\n",
        "ops.rs": "macro_rules! m { () => {} }\n",
        "floats.rs": "use core::ops::Add;\n#[test]\nfn t() { super::used::u(); }\n",
    }
    for name, text in texts.items():
        write_atomic(tests / "num" / name, text)
    crate = write_crate(tests, [Test("num::floats::t")], tmp_path / "crate", Cut())
    root = (crate / "src/num/mod.rs").read_text(encoding="utf-8")
    assert root == ("#[macro_use]\npub mod made;\npub mod floats;\n\n\n\npub mod used;\n")
    files = sorted(file.name for file in (crate / "src/num").iterdir())
    assert files == ["floats.rs", "made.rs", "mod.rs", "used.rs"]


def test_a_crate_has_the_modules_of_its_tests(tmp_path: Path) -> None:
    tests = library(tmp_path)
    chosen = [Test("num::floats::abs::test_f32"), Test("num::floats::plain")]
    crate = write_crate(tests, chosen, tmp_path / "crate", at_first(tests)[0])
    root = (crate / "src/lib.rs").read_text(encoding="utf-8")
    assert root.startswith("#![no_std]\n#![feature(kept)]\n")
    assert "#[cfg(not(none))]\nmod num;\n" in root
    assert "mod bool;" not in root
    assert "1 => crate::num::floats::plain().ended()," in root
    written = (crate / "src/num/floats.rs").read_text(encoding="utf-8")
    assert written.count("\n") == FLOATS.count("\n")
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
    tests = library(tmp_path)
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
    unchosen = Blamed(tests, crate, chosen[:1])
    unchosen.take(Refusal("num/floats.rs", 20, "no"))
    assert (unchosen.why, unchosen.cut) == ({}, block.cut)
    write_crate(tests, [*chosen[:1], Test("num::none")], tmp_path / "without", other.cut)
    assert not (tmp_path / "without/src/num/floats.rs").exists()
    write_crate(tests, chosen, tmp_path / "within", other.cut)
    assert (tmp_path / "within/src/num/floats.rs").exists()
    module = blamed(Refusal("num/floats.rs", 1, "no"))
    assert {one.path for one in module.why} == {one.path for one in chosen[1:]}
    named = blamed(Refusal("", 0, "no", "num::floats::plain::inner"))
    assert [one.path for one in named.why] == ["num::floats::plain"]
    feature = blamed(Refusal("lib.rs", 2, "unknown feature `kept`"))
    assert feature.cut == Cut(frozenset({"kept"}))
    assert not feature.why
    renamed = blamed(Refusal("num/floats.rs", 20, "use of unstable library feature `new`"))
    assert (renamed.cut, renamed.why) == (Cut(added=frozenset({"new"})), {})
    write_crate(tests, chosen, tmp_path / "renamed", renamed.cut)
    text = (tmp_path / "renamed/src/lib.rs").read_text(encoding="utf-8")
    assert "#![feature(new)]\n" in text


def test_a_macro_costs_the_tests_of_the_modules_that_call_it(tmp_path: Path) -> None:
    tests = library(tmp_path)
    for of in ("int", "uint"):
        macro = f"macro_rules! {of}_module {{\n    () => {{\n        #[test]\n        fn t() {{\n"
        write_atomic(tests / f"num/{of}_macros.rs", f"{macro}        }}\n    }};\n}}\n")
        write_atomic(tests / f"num/{of[0]}8.rs", f"{of}_module!();\n")
    chosen = [Test("num::i8::t"), Test("num::u8::t")]
    crate = write_crate(tests, chosen, tmp_path / "crate", Cut())
    write_atomic(crate / "src/num/int_macros.rs", "")
    blamed = Blamed(tests, crate, chosen)
    blamed.take(Refusal("num/int_macros.rs", 4, "no method named `x`"))
    assert (list(blamed.why), blamed.apart) == (chosen[:1], [])


def test_what_is_refused_of_another_type_s_test_costs_none_that_was_chosen(tmp_path: Path) -> None:
    chosen = [Test("num::i8::t"), Test("num::i8::other")]
    blamed = Blamed(tmp_path, tmp_path, chosen, refused=True)
    blamed.take(Refusal("num/int_macros.rs", 4, "mrustc computes it wrongly", "num::i16::t::X"))
    assert (blamed.why, blamed.apart, blamed.cut) == ({}, chosen[:1], Cut())


def test_a_constant_that_is_wrong_is_of_the_test_that_it_stands_in(tmp_path: Path) -> None:
    tests = library(tmp_path)
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
    tests = library(tmp_path)
    write_atomic(tests / "bool.rs", "#[test]\nfn t() {\n    x.as_mut_slice();\n}\n")
    chosen = [Test("bool::t"), Test("num::floats::plain"), Test("num::floats::other")]
    assert suspects(tests, chosen, ["none", "as_mut_slice", "plain"]) == [chosen[0]]
    assert suspects(tests, chosen, ["floats", "plain"]) == [chosen[1]]
    assert suspects(tests, chosen, ["none"]) == chosen


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


def test_what_the_compiler_computes_shares_no_crate_with_what_runs(tmp_path: Path) -> None:
    run, computed = Test("num::abs::test_f32"), Test("num::abs::const_::test_f32")
    assert list(groups([run, computed, Test("bool::t")])) == [
        (run,), (computed,), (Test("bool::t"),),
    ]  # fmt: skip
    tests = library(tmp_path)
    write_atomic(tests / "num/mod.rs", "macro_rules! m { () => {\n    mod const_ {\n    }\n} }\n")
    for one, text in ((run, "#[cfg(any())] pub mod const_ {"), (computed, "    pub mod const_ {")):
        crate = write_crate(tests, [one], tmp_path / one.path.replace(":", "-"), Cut())
        assert text in (crate / "src/num/mod.rs").read_text(encoding="utf-8")


def test_a_test_of_the_same_name_elsewhere_is_left_out(tmp_path: Path) -> None:
    tests = library(tmp_path)
    for of in ("f32", "f64"):
        write_atomic(tests / f"num/{of}.rs", "#[test]\nfn test_abs() {\n}\n")
    write_atomic(tests / "num/mod.rs", "#[macro_use]\nmod f32;\n#[macro_use]\nmod f64;\n")
    write_crate(tests, [Test("num::f64::test_abs")], tmp_path / "crate", Cut())
    left = [(tmp_path / f"crate/src/num/{of}.rs").read_text("utf-8") for of in ("f32", "f64")]
    assert ["test_abs" in text for text in left] == [False, True]


def test_macros_have_the_names_that_use_gave_them() -> None:
    text = (
        "pub(crate) use {assert_near_rt as assert_near, assert_same_rt as assert_same};\n"
        "pub(crate) use assert_same_const;\n"
        "use super::{assert_near, assert_same};\nuse super::lim;\n"
        "    use $crate::floats::{\n        assert_near_const as assert_near,\n    };\n"
    )
    for constant, kind in ((False, "rt"), (True, "const")):
        found = by_their_names(text, constant=constant)
        assert found.count("\n") == text.count("\n")
        assert [line.strip() for line in found.splitlines() if line.strip()][1:] == [
            "use super::lim;"
        ]
        for name in ("near", "same"):
            made = f"macro_rules! assert_{name} {{ ($($t:tt)*) => {{ assert_{name}_{kind}!($($t)*) "
            assert made in found.splitlines()[0]


def test_a_document_has_every_verdict() -> None:
    result = Result(
        "m68k", "rustc", "1.96", {Test("a"): PASSED, Test("b"): Verdict("failed", "no")}
    )
    assert result.reasons("failed") == [("no", ["b"])]
    assert document([result])[0]["counts"] == {"passed": 1, "failed": 1}


def test_floats_that_mrustc_has_not_are_left_out() -> None:
    assert unusual("floats::f16::test_abs")
    assert unusual("floats::abs::const_::test_f128")
    assert not unusual("floats::abs::test_f32")
    text = "impl Testable for f16 {\n}\nimpl Testable for f32 {\n}\n    fn test_f128() {\n    }\n"
    assert without_unusual(text).splitlines() == [
        "#[cfg(any())] impl Testable for f16 {", "}",
        "impl Testable for f32 {", "}",
        "    #[cfg(any())] fn test_f128() {", "    }",
    ]  # fmt: skip


def test_what_a_macro_tests_twice_is_a_block_for_each() -> None:
    text = (
        "macro_rules! m {\n    ($T:ident) => {\n        test_runtime_and_compiletime! {\n"
        "            fn a() {\n                fn inner() {\n                }\n            }\n\n"
        "            fn b() {\n            }\n        }\n    };\n}\n"
    )
    assert [one[:3] for one in blocks(text)] == [(4, 7, "a"), (9, 10, "b")]


def test_the_call_of_a_macro_that_makes_one_test_is_a_block(tmp_path: Path) -> None:
    text = "test_from! { test_a, u8 }\ntest_from!(test_b, u16(1));\nother! { test }\n"
    assert [one[:3] for one in blocks(text)] == [(1, 1, "test_a"), (2, 2, "test_b")]
    tests = library(tmp_path)
    write_atomic(tests / "num/mod.rs", text)
    write_crate(tests, [Test("num::test_b")], tmp_path / "crate", Cut())
    left = (tmp_path / "crate/src/num/mod.rs").read_text(encoding="utf-8")
    assert left == text.replace("test_from! { test_a, u8 }", "")


def test_what_an_assertion_is_made_of_is_of_its_test(tmp_path: Path) -> None:
    macro = (
        "macro_rules! assert_eq_const_safe {\n    ($t:ty: $left:expr, $right:expr) => {\n"
        "        assert_eq_const_safe!($t: $left, $right, 1);\n    };\n"
        "    ($t:ty: $left:expr, $right:expr, $e:expr) => {\n        fn runtime() {}\n"
        "        const PAT: $t = $right;\n        matches!($left, PAT);\n    };\n}\n"
    )
    named = told_their_test(f"mod runtime;\n{macro}").splitlines()
    assert [named[n].strip() for n in (0, 2, 3, 6, 7, 8)] == [
        "mod runtime;", "($test:ident; $t:ty: $left:expr, $right:expr) => {",
        "assert_eq_const_safe!($test; $t: $left, $right, 1);", "fn $test() {}",
        "const $test: $t = $right;", "matches!($left, $test);",
    ]  # fmt: skip
    tests = library(tmp_path)
    test = "#[test]\nfn t() {\n    assert_eq_const_safe!(u8: 1, 1);\n}\n"
    write_atomic(tests / "bool.rs", test)
    crate = write_crate(tests, [Test("bool::t")], tmp_path / "crate", Cut())
    told_of = (crate / "src/bool.rs").read_text(encoding="utf-8")
    assert "    assert_eq_const_safe!(t; u8: 1, 1);\n" in told_of
    said = 'mrustc may compute a constant in ::"program"::bool::#73::#0::t wrongly: no'
    assert [one.function for one in refusals(said)] == ["bool::t"]
