# SPDX-License-Identifier: GPL-2.0-only
"""``stringify!`` is given the text that rustc makes, or refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.hazards.words import words
from pipeline.transpile.rewrite import texts
from pipeline.transpile.rewrite.macros import definitions
from tests.unit.rewritten import compare_with_rustc, edited

HERE = Path("lib.rs")
CALLS = (
    "a + b", "a+b , c", " f ( a ) . b [ 1 ] ", "x  +  y", "let (a, b) = (1 , 2) ;", "0x1_0 - -5",
    "r#fn ( 1 )", "if (a) == b", "Vec < u8 > :: new ( )", "'a' , 'b", '"q\\n" , b"x\\"" , r"\\"',
    "a . 0 . b", "1.5 .. = 2", "& mut x", "! a && ! b", "fn ( u8 ) -> u8", "x => y , z | w",
    "x as u8 ;", "Self ( 1 )", "pub ( crate ) x", "[ u8 ; 4 ]", "a\n  + b", "_ ( )", "",
    "? Sized + 'a", "async ( x )", "union ( x )", "..  a", "a ; ; b", "( ( ) , )",
)  # fmt: skip


def changed(source: str) -> str:
    stream = words(source, HERE)
    macros = definitions(stream)
    own = {one.name for one in macros}
    found = list(texts.edits(source, stream, HERE, macros, own))
    return edited(source, found)


@pytest.mark.skipif(shutil.which("rustc") is None, reason="no rustc")
def test_each_text_is_rustcs(tmp_path: Path) -> None:
    """Both are in one program, so rustc itself compares them."""
    calls = [f"stringify!({one})" for one in CALLS]
    compare_with_rustc({one: changed(one) for one in calls}, tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        "stringify!(name)",
        "stringify!('a)",
        "macro_rules! m { ($x:ident) => { stringify!($x) } }",
        "macro_rules! m { ($t:ty) => { stringify!(plain) } }",
        "macro_rules! stringify { ($($x:tt)*) => { 1 } } const A: u8 = stringify!(1 + 2);",
        "if column != 3 { type_name() } fn type_name() { any() }",
        "fn f() { x.type_name() }",
    ],
)
def test_what_both_print_alike_stays(source: str) -> None:
    assert changed(source) == source


def test_lines_stay_where_they_are() -> None:
    assert changed("f(stringify!(a\n +\n b), line!())") == 'f("a + b"\n\n, line!())'
    assert changed('println!("{}", stringify!(1+2))') == 'println!("{}", "1+2")'


@pytest.mark.parametrize(
    "source",
    [
        "macro_rules! m { ($e:expr) => { stringify!($e) } }",
        "macro_rules! m { ($e:tt) => { stringify!($e) } }",
        "macro_rules! m { ($t:ty) => { concat!(stringify!($t), 1) } }",
        "macro_rules! m { () => { stringify!(a + b) } }",
        "macro_rules! m { ($($t:tt)*) => { $($t)* } } m!(stringify!(a + b));",
        "stringify!({ a })",
        "stringify!(a /* b */ + c)",
        "stringify!(/// a\n b)",
        "stringify!(#[a] b)",
        f"stringify!({'a + ' * 20} b)",
        "use core::any::type_name; type_name::<u8>()",
        "core::any::type_name_of_val(&1)",
        "let a = column!();",
    ],
)
def test_what_rustc_would_make_is_not_known(source: str) -> None:
    with pytest.raises(UserError, match=r"lib\.rs:[12]"):
        changed(source)
