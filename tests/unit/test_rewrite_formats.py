# SPDX-License-Identifier: GPL-2.0-only
"""Format strings as mrustc reads them rightly, wherever a macro has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.hazards.words import words
from pipeline.transpile.rewrite.edits import UnfitError
from pipeline.transpile.rewrite.formats import NOWHERE, UNKNOWN, Formats, Known, places
from pipeline.transpile.rewrite.macros import definitions
from pipeline.transpile.rewrite.specs import changes, placeholders
from tests.unit.rewritten import edited

HERE = Path("lib.rs")


def mended(text: str, *, numbered: bool = True) -> str:
    """Return a format string with its changes."""
    for one in reversed(changes(text, numbered=numbered)):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def rewritten(source: str, *, edition: str = "2021") -> str:
    """Return a source with its format strings changed."""
    stream = words(source, HERE)
    known = Known.of(definitions(stream))
    edits = list(Formats(source, stream, HERE, known, edition=edition).edits())
    return edited(source, edits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{:x?}", "{:-x?}"),
        ("{x:X?}", "{x:-X?}"),
        ("{:02x?} {:#x?} {:+x?} {:.1x?}", "{:02x?} {:#x?} {:+x?} {:.1x?}"),
        ("{:.0} {:5.0e} {:.0x?}", "{:.65536} {:5.65536e} {:.65536x?}"),
        ("{:00}", "{:065536}"),
        ("{:<05} {:*>08x} {:^0}", "{:<-5} {:*>-8x} {:^-}"),
        ("{:.*} {} {0:.*}", "{1:.0$} {2} {0:.3$}"),
        ("{ } {a } {0:? }", "{} {a} {0:?}"),
    ],
)
def test_changed(text: str, expected: str) -> None:
    assert mended(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "{}", "{{:x?}}", "{:05}", "{:#010x}", "{:>w$.p$}", "{:0$}", "{:0w$}", "{:é^5}",
     "{0:?} {name:#?}", "{:width$}", "{:.0$}", "{:<5.2}", "{:-}"],
)  # fmt: skip
def test_left_alone(text: str) -> None:
    assert changes(text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{:<+05}", "zeros behind the sign"),
        ("{:<-5}", "stands for something else"),
        ("{:-x?}", "stands for something else"),
        ("{:}>5}", "what ends a placeholder"),
        ("not { a format", "cannot be told"),
        ("}", "cannot be told"),
        ("{:5", "cannot be told"),
    ],
)
def test_what_has_no_other_spelling(text: str, why: str) -> None:
    with pytest.raises(UnfitError, match=why):
        changes(text)


def test_arguments_of_a_part_are_not_counted() -> None:
    assert mended("{:.*} {:x?}", numbered=False) == "{:.*} {:-x?}"


def test_a_placeholder_has_all_its_parts() -> None:
    (one,) = placeholders("a{{{n:*<+#0w$.p$x?}") or []
    assert (one.argument, one.fill, one.align, one.sign, one.alternate) == ("n", "*", "<", "+", "#")
    assert (one.zero, one.width, one.precision, one.kind) == ("0", "w$", "p$", "x?")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('write!(f, "{:x?}", a)', 'write!(f, "{:-x?}", a)'),
        ('assert!(a == "{:x?}", "{:x?}")', 'assert!(a == "{:x?}", "{:-x?}")'),
        ('println!("{}", "{:x?}")', 'println!("{}", "{:x?}")'),
        ('core::format_args!["{:x?}", a]', 'core::format_args!["{:-x?}", a]'),
        ('f(format!(r#"{:.0}"#, a))', 'f(format!(r#"{:.65536}"#, a))'),
        ('format!("\\u{7b}\\u{e9}:x?}{{")', 'format!("\\u{7b}\u00e9:-x?}{{")'),
        ('format!("\\"\\n{:x?}", a)', 'format!("\\"\\n{:-x?}", a)'),
        ('format!(concat!("{:x?}", "{:.*}"), a)', 'format!(concat!("{:-x?}", "{:.*}"), a)'),
        ('let a = "{:x?}"; vec!["{:x?}"]', 'let a = "{:x?}"; vec!["{:x?}"]'),
        ('assert!(f::<A, B>() < C, "{:x?}")', 'assert!(f::<A, B>() < C, "{:-x?}")'),
        ('assert_eq!(f::<A, B>(), "{:x?}")', 'assert_eq!(f::<A, B>(), "{:x?}")'),
        (
            'assert!(<A as T<B, C>>::f(x as G<A, B>), "{:x?}")',
            'assert!(<A as T<B, C>>::f(x as G<A, B>), "{:-x?}")',
        ),
        ('assert_eq!(a < b, c > d, "{:x?}")', 'assert_eq!(a < b, c > d, "{:-x?}")'),
        (
            'macro_rules! m { ($($a:expr),*) => { print!("{:x?}" $(, $a)*) } }',
            'macro_rules! m { ($($a:expr),*) => { print!("{:-x?}" $(, $a)*) } }',
        ),
        ('mine!({ format!("{:x?}", a) })', 'mine!({ format!("{:-x?}", a) })'),
    ],
)
def test_where_a_format_string_is(source: str, expected: str) -> None:
    assert rewritten(source) == expected


def test_a_message_alone_is_no_format_string_in_old_editions() -> None:
    source = 'panic!("{:x?}"); panic!("{:x?}", a); assert!(a, "{:x?}");'
    expected = 'panic!("{:x?}"); panic!("{:-x?}", a); assert!(a, "{:x?}");'
    assert rewritten(source, edition="2018") == expected


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ("($($a:tt)*) => { format_args!($($a)*) }", 0),
        ("($o:expr, $($a:tt)*) => { write!($o, $($a)*) }", 1),
        ("($d:expr, $f:literal $(, $a:expr)*) => { $d.say(format_args!($f $(, $a)*)) }", 1),
        ("($d:expr, $f:literal, $a:expr) => { $d.say(format_args!($f, $a)) }", 1),
        ('($f:expr) => { println!(concat!($f, "!")) }', 0),
        ('($o:expr, $f:expr $(, $a:expr)*) => { write!($o, concat!($f, "!") $(, $a)*) }', 1),
        ('($f:expr) => { println!("{}", $f) }', NOWHERE),
        ("($f:expr) => { println!($f); show($f) }", UNKNOWN),
        ("($f:expr) => { others!($f) }", UNKNOWN),
        ("($f:ident) => { others!($f) }", NOWHERE),
        ("($a:expr) => { $a }; ($a:expr, $f:literal) => { panic!($f) }", 1),
    ],
)
def test_which_argument_a_macro_formats(rules: str, place: int) -> None:
    assert places(definitions(words(f"macro_rules! m {{ {rules} }}", HERE)))["m"] == place


def test_macros_that_call_one_another() -> None:
    source = """
        macro_rules! outer { ($($a:tt)*) => { inner!(0, $($a)*) } }
        macro_rules! inner { ($n:expr, $($a:tt)*) => { panic!($($a)*) } }
        macro_rules! turn { ($a:expr, $b:expr) => { turn!($b, $a); panic!($a) } }
    """
    known = places(definitions(words(source, HERE)))
    assert (known["outer"], known["inner"], known["turn"]) == (0, 1, UNKNOWN)


def test_what_a_macro_may_do_with_it_is_not_known() -> None:
    with pytest.raises(UserError, match=r"lib\.rs:2.*others! may take this for a format string"):
        rewritten('fn f() {\n    others!(a, "{:x?}");\n}')
    assert rewritten('others!(a, "{:05}", "{}")') == 'others!(a, "{:05}", "{}")'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('macro_rules! print { ($($a:tt)*) => { format_args!($($a)*) } } print!("{:x?}{:.*}", 1)',
         'print!("{:-x?}{:.*}", 1)'),
        ('macro_rules! print { ($a:literal) => { puts($a) } } print!("{:5}")', 'print!("{:5}")'),
        ('macro_rules! say { () => { "{:5}" } } write!(f, say!(), 1)', "write!(f, say!(), 1)"),
    ],
)  # fmt: skip
def test_macros_with_names_of_core(source: str, expected: str) -> None:
    assert rewritten(source).endswith(expected)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('macro_rules! print { ($a:literal) => { puts($a) } } print!("{:x?}")', "may take this"),
        ('macro_rules! print { ($l:expr, $f:tt) => { write!($l, $f) } } print!(1, "{:x?}")',
         "may take this"),
        ('macro_rules! say { () => { "{:x?}" } } write!(f, say!(), 1)', "that say! gives"),
        ('macro_rules! say { () => { "{:x?}" } } write!(f, concat!("a", say!()), 1)',
         "that say! gives"),
        ('write!(f, concat!("{:", "x?}"), 1)', "cannot be told"),
        ('assert!(x as *const G<A, B> == y, "{:x?}")', "may take this for one"),
    ],
)  # fmt: skip
def test_format_strings_that_are_not_found(source: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        rewritten(source)


def test_a_placeholder_over_lines() -> None:
    with pytest.raises(UserError, match="several lines"):
        rewritten('format!("{:x?\n}", a)')
