# SPDX-License-Identifier: GPL-2.0-only
"""rustc's MIR is read as it is printed, and what mrustc does otherwise is found in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.check.drops import lost
from pipeline.check.mir import Body, Span, bodies, moved_places
from pipeline.check.uses import Scene, Uses, last_name
from pipeline.check.visible import Visible
from pipeline.errors import ToolError, UserError
from pipeline.hazards.destructors import first_destructor
from pipeline.transpile.mends import changed, mends

FILE = Path("/a/src/lib.rs")
GUARD = "struct Guard(u32);\nimpl Drop for Guard { fn drop(&mut self) {} }\n"

# Shortened from what rustc 1.96 prints of: match result(n) { Ok(g) => say(g.0), Err(_) => say(5) }
REST = """\
fn f(_1: u32) -> () {
    debug n => _1;                       // in scope 0 at /a/src/lib.rs:3:6: 3:7
    let mut _0: ();                      // return place in scope 0 at /a/src/lib.rs:3:16: 3:16
    let _2: core::result::Result<Guard, Guard>; // in scope 0 at /a/src/lib.rs:4:11: 4:20
    let mut _5: isize;                   // in scope 0 at /a/src/lib.rs:4:23: 4:28
    let mut _9: bool;                    // in scope 0 at /a/src/lib.rs:4:59: 4:60
    scope 1 {
        debug g => _6;                   // in scope 1 at /a/src/lib.rs:4:26: 4:27
        let _6: Guard;                   // in scope 1 at /a/src/lib.rs:4:26: 4:27
    }

    bb0: {
        _2 = result(copy _1) -> [return: bb1, unwind unreachable]; // at /a/src/lib.rs:4:1: 4:2
                                         // mir::ConstOperand
    }

    bb1: {
        _5 = discriminant(_2);           // scope 0 at /a/src/lib.rs:4:23: 4:28
        switchInt(move _5) -> [0: bb3, 1: bb2, otherwise: bb6]; // scope 0 at /a/src/lib.rs:4:5: 4:6
    }

    bb2: {
        goto -> bb4;                     // scope 0 at /a/src/lib.rs:4:50: 4:51
    }

    bb3: {
        _6 = move ((_2 as Ok).0: Guard); // scope 0 at /a/src/lib.rs:4:26: 4:27
        drop(_6) -> [return: bb4, unwind unreachable]; // scope 0 at /a/src/lib.rs:4:44: 4:45
    }

    bb4: {
        switchInt(copy _9) -> [0: bb5, otherwise: bb7]; // scope 0 at /a/src/lib.rs:4:59: 4:60
    }

    bb5: {
        return;                          // scope 0 at /a/src/lib.rs:5:2: 5:2
    }

    bb6: {
        unreachable;                     // scope 0 at /a/src/lib.rs:4:11: 4:20
    }

    bb7: {
        drop(_2) -> [return: bb5, unwind unreachable]; // scope 0 at /a/src/lib.rs:4:59: 4:60
    }
}

alloc1 (size: 9, align: 1) {
    73 61 79                                        │ say
}
"""


def arguments(kind: str, *, either: bool) -> str:
    """Return a function that drops both arguments, or by a drop flag one of them."""
    ways = "bb1" if either else "bb2"
    return f"""\
fn f(_1: {kind}, _2: {kind}) -> () {{
    debug a => _1;                       // in scope 0 at /a/src/lib.rs:3:6: 3:7
    debug b => _2;                       // in scope 0 at /a/src/lib.rs:3:16: 3:17
    let mut _3: bool;                    // in scope 0 at /a/src/lib.rs:3:6: 3:7

    bb0: {{
        _3 = const true;                 // scope 0 at /a/src/lib.rs:3:6: 3:7
        drop(_2) -> [return: bb3, unwind unreachable]; // scope 0 at /a/src/lib.rs:3:30: 3:31
    }}

    bb1: {{
        return;                          // scope 0 at /a/src/lib.rs:3:31: 3:31
    }}

    bb2: {{
        drop(_1) -> [return: bb1, unwind unreachable]; // scope 0 at /a/src/lib.rs:3:30: 3:31
    }}

    bb3: {{
        switchInt(copy _3) -> [0: bb2, otherwise: {ways}]; // scope 0 at /a/src/lib.rs:3:30: 3:31
    }}
}}
"""


def found(mir: str, source: str = GUARD) -> set[str]:
    every = list(bodies(mir))
    visible, uses = Visible({FILE: source}, "2021"), Uses(every)
    return {one.rule.name for body in every for one in lost(Scene(body, visible, uses))}


def only(mir: str) -> Body:
    (body,) = bodies(mir)
    return body


def test_a_body_is_read() -> None:
    body = only(REST)
    assert (body.name, body.arguments, sorted(body.blocks)) == ("f", 1, list(range(8)))
    assert body.locals[6].name == "g"
    assert body.locals[2].type == "core::result::Result<Guard, Guard>"
    assert body.locals[1].span == Span(str(FILE), 3, 6, 3, 7)
    assert body.successors[1] == (3, 2, 6)
    assert body.reached([2]) == {2, 4, 5, 7}
    assert set(body.dropped) == {2, 6}
    assert moved_places("_1 = f(move _2, move ((_3 as Ok).0: T))") == ["_2", "((_3 as Ok).0: T)"]


def test_a_constant_of_one_line_is_no_part_of_the_next_head() -> None:
    assert only(f"const f::{{constant#0}}: usize = const 2_usize;\n\n{REST}").name == "f"


def test_a_place_in_a_box_is_that_of_the_box() -> None:
    text = (
        "fn f(_1: Box<E>) -> () {\n    bb0: {\n"
        "        _3 = copy ((_1.0: core::ptr::Unique<E>).0: core::ptr::NonNull<E>) as *const E "
        "(Transmute); // scope 0 at /a/src/lib.rs:1:1: 1:2\n"
        "        _2 = move (((*_3) as A).0: G); // scope 0 at /a/src/lib.rs:1:1: 1:2\n"
        "        return;  // scope 0 at /a/src/lib.rs:1:1: 1:2\n    }\n}\n"
    )
    assert moved_places(only(text).blocks[0][1].text) == ["(((*_1) as A).0: G)"]


def test_what_is_left_of_an_enum() -> None:
    assert found(REST) == {"rest-of-enum"}
    assert found(REST, "struct Guard(u32);\n") == set()
    assert found(REST.replace("drop(_2)", "drop(_6)")) == set()


@pytest.mark.parametrize(
    ("moved", "wrong"),
    [
        (["1 of 3"], True),
        (["0 of 3"], False),
        (["2 of 3"], False),
        (["0 of 4", "3 of 4"], False),
        (["0 of 4", "2 of 4"], True),
        (["0 of 2", "1 of 2"], False),
        (["1..3"], True),
        (["0..2"], False),
    ],
)
def test_what_is_left_of_an_array(moved: list[str], *, wrong: bool) -> None:
    steps = "".join(
        f"        _{2 + at} = move _1[{one}]; // scope 0 at /a/src/lib.rs:4:1: 4:2\n"
        for at, one in enumerate(moved)
    )
    text = (
        "fn f(_1: [Guard; 4]) -> () {\n"
        "    let _2: Guard; // in scope 0 at /a/src/lib.rs:4:1: 4:2\n"
        "    let _3: Guard; // in scope 0 at /a/src/lib.rs:4:1: 4:2\n\n"
        f"    bb0: {{\n{steps}        return; // scope 0 at /a/src/lib.rs:5:1: 5:2\n    }}\n}}\n"
    )
    assert found(text) == ({"rest-of-array"} if wrong else set())
    assert found(text, "struct Guard(u32);\n") == set()


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ToolError, match="a drop of what is not declared"):
        found(REST.replace("drop(_2)", "drop(_8)"))
    with pytest.raises(ToolError, match="a function without an end"):
        found(REST + "fn g() -> () {\n    bb0: {\n")


@pytest.mark.parametrize(
    ("kind", "either", "expected"),
    [
        ("Guard", False, {"argument-order"}),
        ("Guard", True, set()),
        ("&Guard", False, set()),
        ("Option<&'a mut Vec<Guard>>", False, set()),
        ("(u32, Holder)", False, {"argument-order"}),
        ("Vec<u8>", False, set()),
        ("Vec<Guard>", False, {"argument-order"}),
        ("core::cell::Ref<'_, u8>", False, {"argument-order"}),
        ("T", False, set()),
    ],
)
def test_the_order_of_arguments(kind: str, either: bool, expected: set[str]) -> None:
    source = GUARD + "enum Holder { Guard, Held { guard: Guard } }\nfn f<T>(a: T, b: T) {}\n"
    # Drop flags say false in the one, true in the other: only one way has both.
    mir = arguments(kind, either=either).replace("const true", f"const {str(either).lower()}")
    assert found(mir, source) == expected


def test_a_type_parameter_is_what_is_put_in() -> None:
    source = GUARD + "fn f<T>(a: T, b: T) {}\n"
    call = (
        "fn g() -> () {{\n    bb0: {{\n        _1 = a::f::<{}>(move _2, move _3) -> "
        "[return: bb1, unwind unreachable]; // scope 0 at /a/src/lib.rs:9:1: 9:2\n    }}\n}}\n"
    )
    mir = arguments("T", either=False)
    assert found(mir + call.format("u32"), source) == set()
    assert found(mir + call.format("&Guard"), source) == set()
    assert found(mir + call.format("Option<Guard>"), source) == {"argument-order"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("f", "f"),
        ("tester::Tester::<'_>::same::<(u32, u32)>", "same"),
        ("<Stack<Guard> as Tr>::push", "push"),
        ("compose::<fn(u32) -> u8, T>", "compose"),
    ],
)
def test_the_last_name_of_a_path(path: str, name: str) -> None:
    assert last_name(path) == name


def at(source: str, text: str) -> Span:
    start = source.index(text) + 1
    return Span(str(FILE), 1, start, 1, start + len(text))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if m(1).a && n {}", True),
        ("if x(m(1).a, 2) || n {}", True),
        ("if n && m(1).a {}", False),
        ("if n && m(1).a && o {}", False),
        ("if n || m(1).a && o {}", True),
        ("if m(1).a { b && c }", False),
        ("f(m(1).a, b && c);", False),
        ("if (m(1).a || b) == c {}", True),
        ("match m(1) { A | B => x && y }", False),
    ],
)
def test_the_first_operand_of_a_condition(source: str, expected: bool) -> None:
    assert Visible({FILE: source}).before_lazy(at(source, "m(1)")) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("let Some(x) = m(1).a() else { return };", True),
        ("let Some(x) = f(m(1).a()) else { return };", True),
        ("let x = if m(1).a() { 1 } else { 2 };", False),
        ("if m(1).a() { 1 } else { 2 }", False),
    ],
)
def test_the_value_of_a_let_else(source: str, expected: bool) -> None:
    assert Visible({FILE: source}).in_let_else(at(source, "m(1)")) is expected


def test_what_a_macro_makes_of_an_expression_is_not_known() -> None:
    lazy = "macro_rules! both { ($a:expr) => { $a && b() } }\nfn f() { both!(x(m(1).a)); m(2); }"
    otherwise = lazy.replace("$a && b()", "let Some(_) = $a else { return }")
    for source, found in ((lazy, (True, False)), (otherwise, (False, True))):
        visible = Visible({FILE: source.replace("\n", " ")})
        span, free = (at(source.replace("\n", " "), text) for text in ("m(1)", "m(2)"))
        assert (visible.before_lazy(span), visible.in_let_else(span)) == found
        assert not visible.before_lazy(free)
        assert not visible.in_let_else(free)


@pytest.mark.parametrize(
    ("source", "edition", "expected"),
    [
        ("f({ m(1).a });", "2021", True),
        ("f(unsafe { m(1).a }, 2);", "2021", True),
        ("f({ m(1).a });", "2024", False),
        ("f({ m(1).a; });", "2021", False),
        ("let x = { m(1).a };", "2021", False),
        ("if x { m(1).a } else { 2 } ", "2021", False),
    ],
)
def test_the_end_of_a_block_that_is_an_operand(source: str, edition: str, expected: bool) -> None:
    assert Visible({FILE: source}, edition).in_block_operand(at(source, "m(1)")) is expected


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("*x ;", "*x", True),
        ("a.b;", "a.b", True),
        ("{x};", "x", False),
        ("f();", "f()", False),
        ("[f(); 0]", "f()", True),
        ("[f(); 10]", "f()", False),
    ],
)
def test_a_value_that_mrustc_does_not_make(source: str, value: str, expected: bool) -> None:
    assert Visible({FILE: source}).unmade(at(source, value)) is expected


def test_without_rustc_the_first_name_counts() -> None:
    assert first_destructor("fn a() {}\n\nimpl Drop for A {}\n", FILE) == ("Drop", 3)
    assert first_destructor("// Drop\nfn a() { drop(1) }\n", FILE) is None


def test_a_line_of_the_library_that_is_not_there_is_an_error() -> None:
    edit: dict[str, str | int] = {
        "old": "Err(_) => None,\n",
        "count": 1,
        "new": "Err(_error) => None,\n",
    }
    assert changed("a\nErr(_) => None,\n", [edit], FILE) == "a\nErr(_error) => None,\n"
    with pytest.raises(UserError, match="2 times, not 1"):
        changed("Err(_) => None,\n" * 2, [edit], FILE)
    assert all(name.startswith("core/src/") for name in mends())
