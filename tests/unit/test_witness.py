# SPDX-License-Identifier: GPL-2.0-only
"""rustc's MIR read, marks written into a copy of the source, and read again from mrustc's C."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pipeline.errors import UserError
from pipeline.transpile.repair.callers import Callers, tracks_caller
from pipeline.transpile.repair.marks import FunctionMarks, Site, places_in_c
from pipeline.witness.marks import NOWHERE, Marks, Place, mark, refuse
from pipeline.witness.mir import ANY, Check, Span, checks
from pipeline.witness.promoted import Calls
from pipeline.witness.unused import doubtful

ROOT = Path("/crate")
LIB = ROOT / "src/lib.rs"


def line(code: str, span: str, comment: str = "scope 0") -> str:
    return f"        {code} // {comment} at src/lib.rs:{span}"


def function(*lines: str) -> str:
    return "\n".join(["fn f(_1: &[u32], _2: usize) -> u32 {", *lines, "}", ""])


BOUNDS = 'assert(move _6, "index out of bounds: the length is {} but the index is {}", '


def test_an_index_whose_element_goes_nowhere_is_unused() -> None:
    asserted = line(BOUNDS + "move _5, copy _4) -> [success: bb1, unwind unreachable];", "3:4: 3:8")
    read = line("_3 = copy (*_1)[_4];", "3:4: 3:8")
    text = function(asserted, read, line("_0 = const 1_u32;", "3:9: 3:10"))
    span = Span("src/lib.rs", 3, 4, 3, 8)
    assert checks(text) == [Check(span, "index", "usize", "", used=False)]
    text = function(asserted, read, line("_0 = copy _3;", "3:9: 3:10"))
    assert checks(text) == [Check(span, "index", "usize", "", used=True)]
    assert checks(text.replace("fn f", "const F")) == []


def test_a_check_that_cannot_fail_is_none() -> None:
    text = function(
        line("_4 = const 2_usize;", "1:3: 1:4"),
        line("_6 = Lt(copy _4, const 3_usize);", "1:1: 1:5"),
        line(BOUNDS + "const 3_usize, copy _4) -> [success: bb1];", "1:1: 1:5"),
        line("_5 = Eq(const 3_u32, const 0_u32);", "2:1: 2:6"),
        line('assert(!move _5, "attempt to divide `{}` by zero", copy _1) -> [..];', "2:1: 2:6"),
        line("_0 = Div(copy _1, const 3_u32);", "2:1: 2:6"),
    )
    assert checks(text) == []


def test_an_operator_tells_its_types() -> None:
    text = function(
        line("let mut _7: i8;", "1:1: 1:2", "in scope 0"),
        line("_9 = AddWithOverflow(copy (*_8), move _7);", "1:1: 1:7"),
        line('assert(!move (_9.1: bool), "attempt to compute `{} + {}`, which would overflow", '
             "copy (*_8), move _7) -> [success: bb1];", "1:1: 1:7"),
        line("(*_8) = move (_9.0: i8);", "1:1: 1:7"),
    )  # fmt: skip
    assert checks(text) == [Check(Span("src/lib.rs", 1, 1, 1, 7), "value", "i8", "i8", used=True)]


def known(*lines: str) -> list[tuple[Span, str]]:
    """Return the operands that mrustc must not know, with their types."""
    return [(one.span, one.type) for one in checks(function(*lines)) if one.kind == "known"]


SHIFT = (
    line("let mut _4: u8;", "1:9: 1:10", "in scope 0"),
    line("_3 = copy _2;", "1:4: 1:5"),
    line("_4 = move _5 as u8 (IntToInt);", "1:9: 1:17"),
    line("_0 = Shl(move _3, move _4);", "1:4: 1:17"),
)


def test_an_operand_that_mrustc_would_compute_with() -> None:
    assert known(*SHIFT) == [(Span("src/lib.rs", 1, 9, 1, 17), "u8")]
    for operator in ("Shr", "Div", "Rem", "SubWithOverflow"):
        assert len(known(*SHIFT[:3], SHIFT[3].replace("Shl", operator))) == 1
    assert known(*SHIFT[:3], SHIFT[3].replace("Shl", "Add")) == []
    # Given in two places, or none: a match, a number.
    assert known(*SHIFT[:3], *SHIFT[2:]) == []
    assert known(*SHIFT[:3], SHIFT[3].replace("move _4", "const 3_u8")) == []
    negated = SHIFT[3].replace("Shl(move _3, move _4)", "Neg(move _4)")
    assert known(*SHIFT[:3], negated) == [(Span("src/lib.rs", 1, 9, 1, 17), "u8")]
    # Of a sum the other operand will do.
    summed = SHIFT[3].replace("Shl(move _3, move _4)", "AddWithOverflow(copy _4, const 1_u8)")
    assert len(known(*SHIFT[:3], summed)) == 1


def test_a_macros_body_may_come_with_several_types() -> None:
    other = [one.replace("u8", "i64") for one in SHIFT]
    (found,) = checks(function(*SHIFT) + function(*other))
    assert found.type == ANY
    marks, _left = mark([found], {LIB: "if v << wi as u8 {}"}, ROOT, LIB)
    texts = [one.text for one in marks.insertions(frozenset())[LIB]]
    assert texts[:2] == ["crate::ferric_mark_known_T(", ", 1)"]
    assert "fn ferric_mark_known_T<T: Copy>(value: T, site: u32) -> T {" in texts[2]


def test_rustc_may_have_told_of_one_of_a_macros_types_alone() -> None:
    text = "macro_rules! m { ($v:ident) => { $v << wi as u8 } }"
    at = text.index("wi") + 1
    check = Check(Span("src/lib.rs", 1, at, 1, at + 8), "known", "u8", "", used=True)
    marks, _left = mark([check], {LIB: text}, ROOT, LIB)
    texts = [one.text for one in marks.insertions(frozenset())[LIB]]
    assert texts[:2] == ["$crate::ferric_mark_known_T(", ", 1)"]


CALLED = (
    line("let _4: u32;", "1:2: 1:9", "in scope 0"),
    line("_4 = bit(const 33_u32) -> [return: bb1, unwind unreachable];", "1:2: 1:9"),
    line("_3 = &_4;", "1:1: 1:9"),
)


def run(*lines: str) -> int:
    """Return how many calls mrustc would make a constant of, and Rust runs."""
    return [one.kind for one in checks(function(*lines))].count("call")


def test_a_long_chain_of_temporaries_is_followed() -> None:
    sums = [f"_{one} = Add(copy _{one - 1}, const 1_i32)" for one in range(2, 5000)]
    call = "_5000 = f(copy _4999) -> [return: bb1]"
    types = {f"_{one}": "i32" for one in range(5001)}
    for first, run in (("_1 = const 1_i32", True), ("_1 = Add(copy _4999, const 1_i32)", False)):
        assert Calls([first, *sums, call, "_5001 = &_5000"], types).is_run(call) == run


def test_a_call_that_mrustc_would_make_a_constant_of() -> None:
    (found,) = checks(function(*CALLED))
    assert (found.kind, found.span) == ("call", Span("src/lib.rs", 1, 2, 1, 9))
    declared, called, borrowed = CALLED
    # Not borrowed, or as mutable; of a variable; with an argument that is none.
    assert run(declared, called) == 0
    assert run(declared, called, borrowed.replace("&_4", "&mut _4")) == 0
    assert run(*CALLED, line("debug x => _4;", "1:1: 1:2", "in scope 0")) == 0
    assert run(declared, called.replace("const 33_u32", "copy _1"), borrowed) == 0
    # What is made of it is borrowed; the arguments are temporaries.
    assert run(*CALLED[:2], line("_5 = Add(move _4, const 1_u32);", "1:1: 1:9"),
               line("_3 = &_5;", "1:1: 1:9")) == 1  # fmt: skip
    inner = line("_6 = Neg(const 33_i32);", "1:5: 1:8")
    assert run(declared, inner, called.replace("const 33_u32", "move _6"), borrowed) == 1


@pytest.mark.parametrize(
    ("kind", "found"),
    [("[u8; 4]", 1), ("(u8, bool)", 1), ("core::option::Option<i32>", 1), ("&str", 1),
     ("&'static str", 1), ("&[u8]", 0), ("alloc::boxed::Box<u8>", 0), ("()", 0),
     ("core::pin::Pin<&mut T>", 0), ("fn(u8)", 0), ("[&str; 2]", 0)],
)  # fmt: skip
def test_only_what_nothing_coerces_is_handed_on(kind: str, found: int) -> None:
    assert run(CALLED[0].replace("u32", kind), *CALLED[1:]) == found


def at(source: str, text: str) -> Span:
    start = source.index(text)
    row = source.count("\n", 0, start)
    column = start - (source.rfind("\n", 0, start) + 1) + 1
    return Span("src/lib.rs", row + 1, column, row + 1, column + len(text))


def marked(source: str, *found: tuple[str, str], used: bool = True, keep: bool = False) -> str:
    """Return a source with the marks of checks: each a kind and the text that it is of."""
    of = [Check(at(source, text), kind, "u32", "u32", used) for kind, text in found]  # type: ignore[arg-type]
    marks, _left = mark(of, {LIB: source}, ROOT, LIB)
    kept = frozenset(range(1, len(marks.places) + 1)) if keep else frozenset[int]()
    text, shift = source, 0
    for one in marks.insertions(kept).get(LIB, []):
        if one.at >= 0:
            text = text[: one.at + shift] + one.text + text[one.at + shift :]
            shift += len(one.text)
    return text.replace("crate::ferric_mark_", "@")


@pytest.mark.parametrize(
    ("source", "found", "expected"),
    [
        ("x = a[i];", [("index", "a[i]")], "x = a[@index(i, 1)];"),
        ("x = (a[b[i]]);", [("index", "(a[b[i]])"), ("index", "b[i]")],
         "x = (a[@index(b[@index(i, 2)], 1)]);"),
        ("a[i + 1]", [("index", "a[i + 1]"), ("value", "i + 1")],
         "a[@index((@value_u32(i + 1, 2)), 1)]"),
        ("a / b / c", [("value", "a / b / c"), ("value", "a / b")],
         "(@value_u32((@value_u32(a / b, 2)) / c, 1))"),
        ("x /= y;", [("value", "x /= y")], "x /= @operand_u32( y, 1);"),
        ("x <<= a / b;", [("value", "x <<= a / b"), ("value", "a / b")],
         "x <<= @operand_u32( (@value_u32(a / b, 2)), 1);"),
        ("x << (n + 1)", [("known", "(n + 1)")], "x << @known_u32((n + 1), 1)"),
        ("a / (b / c)", [("value", "a / (b / c)"), ("value", "(b / c)"), ("known", "(b / c)")],
         "(@value_u32(a / @known_u32((@value_u32((b / c), 2)), 1), 1))"),
        ("f(&bit(33))", [("call", "bit(33)")], "f(&@known_call(bit(33), 1))"),
        ("a[0] + b[n()]", [("index", "a[0]"), ("index", "b[n()]"), ("call", "n()")],
         "a[@index(0, 1)] + b[@index(@known_call(n(), 1), 2)]"),
        ("a.b()?.unwrap()", [("caller", "a.b()?.unwrap()")], "(@caller(a.b()?, 1)).unwrap()"),
        ("Option::unwrap(a)", [("caller", "Option::unwrap(a)")], "Option::unwrap(a)"),
        ("m!(a, i)", [("index", "m!(a, i)")], "m!(a, i)"),
        ("vec![a, i]", [("index", "vec![a, i]")], "vec![a, i]"),
        ("stringify!(a[i])", [("index", "a[i]")], "stringify!(a[i])"),
        ("write!(o, \"\", a[i])", [("index", "a[i]")], "write!(o, \"\", a[@index(i, 1)])"),
        ("macro_rules! m { ($a:expr) => { $a[1] } }", [("index", "$a[1]")],
         "macro_rules! m { ($a:expr) => { $a[$@index(1, 1)] } }"),
        ("macro_rules! m { ($a:expr) => { dbg!($a) } } m!(a[i]);", [("index", "a[i]")],
         "macro_rules! m { ($a:expr) => { dbg!($a) } } m!(a[i]);"),
        ("x => panic!(\"no\"),", [], "x => ({@here(1); panic!(\"no\")}),"),
        ("core::panic!(); #[cfg(x)] panic!();", [], "core::panic!(); #[cfg(x)] panic!();"),
        ("assert_eq!(a[i], 1);", [("index", "a[i]")],
         f"({{@here(2); assert_eq!(a[@index(i, 1)], 1); @here({NOWHERE})}});"),
    ],
)  # fmt: skip
def test_marks(source: str, found: list[tuple[str, str]], expected: str) -> None:
    assert marked(source, *found) == expected


def test_an_assertion_is_given_rustcs_own_words() -> None:
    source = "assert!(a[i]=={1},);"
    of = [
        Check(at(source, "assert!(a[i]=={1},)"), "assert", "", "", used=True,
              text='"assertion failed: a[i] == { \\u{e4} }"'),
        Check(at(source, "a[i]"), "index", "usize", "", used=True),
    ]  # fmt: skip
    marks, left = mark(of, {LIB: source}, ROOT, LIB)
    assert left == []
    words = [one.text for one in marks.insertions(frozenset())[LIB]]
    assert '"assertion failed: a[i] == {{ \\u{e4} }}"' in words


def test_an_element_that_is_kept() -> None:
    kept = marked("let _ = a[i];", ("index", "a[i]"), used=False, keep=True)
    assert kept == "let _ = (*@keep(&a[@index(i, 1)], 1));"
    # What f() gives would be dropped earlier.
    kept = marked("let _r = &f()[i];", ("index", "f()[i]"), used=False, keep=True)
    assert kept == "let _r = &f()[@index(i, 1)];"


def test_places_are_counted_in_characters() -> None:
    source = 'let s = "äö"; x = a\n  [i]; y.\n   unwrap();'
    span = at(source, "a")
    of = [
        Check(Span("src/lib.rs", 1, span.column, 2, 6), "index", "usize", "", used=True),
        Check(Span("src/lib.rs", 2, 8, 3, 12), "caller", "", "", used=True),
    ]
    marks, _ = mark(of, {LIB: source}, ROOT, LIB)
    assert [str(one) for one in marks.places] == ["src/lib.rs:1:19", "src/lib.rs:3:4"]


def test_a_place_in_a_macro_is_not_what_a_panic_names() -> None:
    source = "macro_rules! m { ($a:expr) => { $a[1] } }"
    marks, _ = mark([Check(at(source, "$a[1]"), "index", "usize", "", used=True)],
                    {LIB: source}, ROOT, LIB)  # fmt: skip
    assert [one.known for one in marks.places] == [False]


def test_a_place_that_is_no_expression_gets_no_mark() -> None:
    # rustc 1.96 tells of "$f), ($e) /" where it means the quotient.
    source = "macro_rules! m { ($e:expr, $f:expr) => { assert_eq!(($e).div($f), ($e) / $f); } }"
    for part in ("$f), ($e) /", "($e) /", "/ $f", "($e"):
        check = Check(at(source, part), "known", "u8", "", used=True)
        assert mark([check], {LIB: source}, ROOT, LIB)[0].insertions(frozenset()) == {}
    whole = Check(at(source, "($e) / $f"), "known", "u8", "", used=True)
    assert mark([whole], {LIB: source}, ROOT, LIB)[0].insertions(frozenset())


def test_what_cannot_be_kept_is_refused_with_its_place() -> None:
    with pytest.raises(UserError, match=r"/crate/src/lib.rs:3:4: f\(\)\[i\]") as caught:
        refuse([Place("src/lib.rs", 3, 4, "f()[i]", known=True)], ROOT)
    assert "black_box" in caught.value.mend
    refuse([], ROOT)
    assert Marks().insertions(frozenset()) == {}


MARKED = dedent("""\
    {
    \tvar0 = ZRG1c2a222ferric_mark_index0g( arg1, 0x1 );
    \tvar1 = ZRG1c2a222ferric_mark_index0g( arg2, 0x2 );
    \tvar5 = var1;
    \tvar3 = ZRG1c2a226ferric_mark_value_u320g( var2, 0x3 );
    \tvar4 = ZRG1c2a223ferric_mark_caller1gCe( var6, 0x4 );
    \tZRG1c2a220ferric_mark_here0g( 0x5 );
    \tvar7 = ZRG1c2a225ferric_mark_known_u80g( var8, 0x1 );
    """).splitlines()
PLACES = {"a2": tuple(Place("l.rs", n, 1, "", known=n != 2) for n in range(1, 6))}


def test_marks_are_read_from_the_c() -> None:
    marks = FunctionMarks(MARKED, PLACES)
    assert marks.lost == {Site("a2", 1), Site("a2", 2)}
    assert marks.of_index("var0") == "&ferric_place_a2_1"
    assert marks.of_index("var5") == ""
    assert marks.of_index("var9") == ""
    assert marks.lost == set()
    assert marks.of_operation("var2", "var7") == "&ferric_place_a2_3"
    assert marks.of_caller("var4") == "&ferric_place_a2_4"
    assert [marks.without_mark(MARKED[at]) for at in (1, 6, 7)] == [
        "\tvar0 = arg1;",
        "\tferric_here = &ferric_place_a2_5;",
        "\tvar7 = var8;",
    ]
    c = places_in_c(marks.named, PLACES).splitlines()
    assert c[1] == 'static const struct ferric_place ferric_place_a2_1 = {1, 1, "l.rs", 4};'


@pytest.mark.parametrize(
    ("path", "tracks"),
    [
        ('::"core"::panicking::panic_fmt<\'#local7,>', True),
        ('::"core"::panicking::panic_const::panic_const_div_by_zero', True),
        ('::"core"::panicking::panic_nounwind', False),
        ('<::"core"::option::Option<u32,>/*E*/ /*- <u32,>*/>::unwrap', True),
        ('<::"core"::option::Option<u32,>/*E*/ /*- <u32,>*/>::unwrap_err', False),
        ('<::"core"::result::Result<u32,u8,>/*E*/ /*- <u32,u8,>*/>::expect_err', True),
        ('<::"mine"::option::Option<u32,>/*E*/>::unwrap', False),
    ],
)
def test_who_tracks_its_caller(path: str, tracks: bool) -> None:
    assert tracks_caller(path) is tracks


EMPTY = 'static struct s_L mrustc_empty_caller_location = {0,0,{"",0}}'


def test_the_second_form_of_a_function() -> None:
    lines = (
        dedent("""\
        // EXTERN extern "Rust" ::"core"::panicking::panic_explicit
        extern tBANG  ZRG1e0g(void) // -> !
        ;
        // ::"core"::panicking::panic_fmt<'#local7,>
        #define ZRG1p0g rust_begin_unwind
        static tBANG  ZRG1p0g(
        \t\tstruct s_A arg0 // A
        \t\t) // -> !

        {
        \tEMPTY;rv = &mrustc_empty_caller_location;
        \tZRG1e0g( );
        \tZRG1f0g( var1 );
        }""")
        .replace("EMPTY", EMPTY)
        .split("\n")
    )
    callers = Callers(lines)
    callers.add(lines)
    text = "\n".join(lines)
    assert "extern tBANG  ZRG1e0g_at(const struct ferric_place *ferric_caller) // -> !\n;" in text
    assert "\t\tstruct s_A arg0, const struct ferric_place *ferric_caller // A\n" in text
    assert "\trv = (struct s_L *)ferric_known(ferric_caller);\n" in text
    assert "\tZRG1e0g_at( ferric_caller );\n\tZRG1f0g( var1 );\n}" in text
    assert "_Static_assert(offsetof(struct s_L, _1) ==" in text
    assert text.count("mrustc_empty_caller_location = ") == 1
    assert callers.called("\tvar1 = ZRG1p0g( var2, 3 );") == ("ZRG1p0g", "var2")
    assert callers.call("\tZRG1p0g( var2 );", "ferric_here") == "\tZRG1p0g_at( var2, ferric_here );"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("let _x = a[i];", True),
        ("let _ = &s.0[i];", True),
        ("let (_x, _y) = (x / y, 1);", True),
        ("let x = a[i]; let y = x + 1;", True),
        ("a[i];", True),
        ("f(x) % g(y);", True),
        ("let x = a[i]; { f(x); }", False),
        ('let x = a[i]; write!(o, "{x:?}");', False),
        ("a[i] = 3; a[i] /= 2; f(a[i]); f(a / b)?;", False),
        ("let x: [u8; 4] = [0; 4]; const Y: [u8; 2] = Z;", False),
        ("if let Some(x) = a[i] { f(); }", False),
        ("let x = y + 1;", False),
        ("let _f = vec![1, 2];", False),
    ],
)
def test_what_is_never_used_without_rustc(body: str, found: bool) -> None:
    source = f"fn f() {{\n{body}\n}}"
    assert doubtful(source, LIB, overflow_checks=False) == ([2] if found else [])


def test_sums_count_with_overflow_checks() -> None:
    source = "fn f() { let x = y + 1; }"
    assert doubtful(source, LIB, overflow_checks=True) == [1]
