# SPDX-License-Identifier: GPL-2.0-only
"""Constants as rustc has them: what is asked for, what is read, what is compared."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline.transpile.constants.witnessed import Compared, Witnessed
from pipeline.witness.constants import probes
from pipeline.witness.memory import LARGEST, NOTHING, POINTER, memories
from pipeline.witness.values import Value

LIB = Path("lib.rs")

# Of a constant at its place that neither is known to be right nor to be wrong.
UNSAID = Compared(places={'::"t"::C': "lib.rs:3"})


def asked(text: str) -> list[tuple[str, str]]:
    return [(one.name, one.type) for one in probes({LIB: text})]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("const A: u32 = 1; pub(crate) static mut B: [u8; 2] = [1; 2];",
         [("A", "u32"), ("B", "[u8; 2]")]),
        ("fn f<const N: usize>() { const IN: &str = \"a\"; }", [("IN", "&str")]),
        ("impl S { const Q: Option<Self> = None; const fn f() {} }", [("Q", "Option<S>")]),
        ("impl m::T for S { const Q: [Self::X; 2] = x(); }", [("Q", "[<S>::X; 2]")]),
        ("impl<T> S<T> { const Q: u8 = 1; fn f() { const IN: u8 = 1; } }", [("IN", "u8")]),
        ("trait T { const Q: u8; const D: u8 = 1; } impl T for u8 { const Q: u8 = 2; }",
         [("Q", "u8")]),
        ("trait T { const Q: u8 = 1; } impl T for u8 { const Q: u8 = 2; }", []),
        ("macro_rules! m { () => { const A: u8 = 1; } } m!();", []),
        ("macro_rules! m { ($n:ident) => { const $n: u8 = 1; } } m!(A); mod x { const A: u8 = 2; }",
         []),
        ("extern \"C\" { static A: u8; } extern \"C\" fn f(p: *const u8) {}", []),
        ("const _: () = (); const F: fn(&u8) -> u8 = f; #[cfg_attr(x, y)] const G: u8 = 1;",
         [("F", "fn(&u8) -> u8")]),
        ("const A: u8 = { const B: u8 = 1; B };", [("A", "u8"), ("B", "u8")]),
        ("fn f() -> impl Fn() { const A: u8 = 1; || () }", [("A", "u8")]),
    ],
)  # fmt: skip
def test_what_rustc_is_asked_for(text: str, found: list[tuple[str, str]]) -> None:
    assert asked(text) == found


def test_a_probe_has_the_conditions_of_its_definition() -> None:
    text = '#[cfg(a)]\nimpl S {\n#[doc = "x"] #[cfg(b)] pub const Q: u8 = 1;\n}\n'
    (probe,) = probes({LIB: text})
    assert probe.edit.text.startswith(" #[cfg(a)] #[cfg(b)] static __FERRIC_VALUE_0: ")
    assert "(<S>::Q)" in probe.edit.text
    assert probe.owner == "<S>"
    assert (probe.line, probe.line_of_edit, probe.edit.start) == (3, 4, text.rindex("}") + 1)


MIR = """\
fn m::__ferric_probe_3() -> *const () {
    bb0: {
        _2 = const {alloc7: &Holder<S>};
    }
}

alloc7 (static: __FERRIC_VALUE_3, size: 29, align: 1) {
    0x00 │ 01 ╾a10<imm>─╼ 00 00 __ 03 02 ╾a13<imm>─╼ 00 00 │ .╾──╼.....╾──╼..
    0x10 │ 00 03 09 08 07 ╾─alloc15─╼ ╾a17+0x2<imm> (4 ptr bytes)╼ │ .....╾──╼╾──╼
}

alloc9 (size: 0, align: 1) {}

fn __ferric_probe_4() -> *const () {
    bb0: {
        _1 = const {alloc12: *mut u8};
    }
}

alloc12 (static: M, size: 1, align: 1) {
    ff                                              │ .
}

fn __ferric_probe_5() -> *const () {
    bb0: {
        _1 = const {alloc13: *const u8};
    }
}

alloc13 (static: CUT, size: 3, align: 1) {
    ff 00                                           │ ..
}
"""


def test_memory_is_read_byte_by_byte() -> None:
    found = memories(io.StringIO(MIR))
    address = [POINTER] * 4
    first = (1, *address, 0, 0, NOTHING, 3, 2, *address, 0, 0)
    assert found[3] == ("m::", (*first, 0, 3, 9, 8, 7, *address, *address))
    assert found[4].cells == (255,)
    assert 5 not in found, "fewer bytes than it says"


def memory_of(size: int, row: str) -> str:
    """Return what rustc prints where a function names a static of so many bytes, 16 a row."""
    name = "fn __ferric_probe_0() -> *const () {\n        _1 = const {alloc1: *const H};\n}\n\n"
    rows = f"    0x000000 │ {row} │ {'.' * 16}\n" * (size // 16)
    return f"{name}alloc1 (static: H, size: {size}, align: 8) {{\n{rows}}}\n"


def test_a_heap_is_passed_over() -> None:
    row = " ".join(["00"] * 16)
    assert memories(io.StringIO(memory_of(LARGEST, row))) == {0: ("", (0,) * LARGEST)}
    assert memories(io.StringIO(memory_of(LARGEST + 16, row) + MIR))[4].cells == (255,)
    assert 0 not in memories(io.StringIO(memory_of(LARGEST + 16, row)))


def test_what_no_probe_names_is_no_value() -> None:
    text = memory_of(16, " ".join(["01"] * 16)).replace("__ferric_probe_0", "main")
    assert memories(io.StringIO(text)) == {}


def witnessed(kind: str, data: bytes, order: str = "big") -> Witnessed:
    value = Value(kind, tuple(data), "lib.rs:3", "C")
    assert order in ("big", "little")
    return Witnessed("t", {"C": [value]}, 4, "big" if order == "big" else "little")


def line(text: str, name: str = '::"t"::C') -> str:
    size = len(text.replace(" ", "").replace("{x}", "")) // 2
    return f"Constant Evaluate-  evaluate_constant: {name} = ValueRef({{0+{size}}}{text})\n"


@pytest.mark.parametrize(
    ("kind", "big", "ours", "same"),
    [
        ("u32", "00000023", "23000000", True),
        ("u32", "00000023", "00000023", False),
        ("[u16; 2]", "01020304", "02010403", True),
        ("[[u16; 1]; 2]", "01020304", "04030201", False),
        ("char", "00000041", "410000--", True),
        ("f32", "7fc00000", "0000C0FF", True),
        ("f32", "7fc00000", "0000803F", False),
        ("S", "0001020304", "04--030201", True),
        ("(u8, &str, [u16; 2])", "0001020304", "04--030201", True),
        ("(u8, &str, [u16; 2])", "0001020304", "05--030201", False),
        ("&S", "00000000", "{x}00100000", True),
    ],
)
def test_values_are_compared_as_their_type_has_them(
    kind: str, big: str, ours: str, *, same: bool
) -> None:
    found = witnessed(kind, bytes.fromhex(big)).compare_lines([line(ours)])
    assert (bool(found.alike), not found.differs) == (same, same)


def test_another_size_says_nothing_unless_it_is_a_numbers() -> None:
    assert witnessed("S", b"\1").compare_lines([line("0101")]) == UNSAID
    assert witnessed("u8", b"\1").compare_lines([line("0101")]).differs


def test_other_bytes_of_a_type_that_may_be_an_enum_say_nothing() -> None:
    assert witnessed("S", b"\1").compare_lines([line("02")]) == UNSAID


def test_other_crates_and_names_are_left_alone() -> None:
    ours = [line("05", '::"u"::C'), line("05", '::"t"::D'), line("05", "<u8>::C")]
    assert witnessed("u8", b"\1").compare_lines(ours) == Compared()


def test_what_has_no_bytes_is_right_where_rustc_took_the_crate() -> None:
    asserted = [line("", '::"t":: 0'), line("", '::"t"::#1::CHECK')]
    for taken in (True, False):
        one = Witnessed("t", {}, 4, "big", taken=taken)
        found = one.compare_lines([*asserted, line("", '<::"t"::S>::OK'), line("00", '::"t"::A')])
        assert found.alike == ({'::"t":: 0', '::"t"::#1::CHECK'} if taken else set())
        assert not found.differs


def told(*found: tuple[str, int]) -> Witnessed:
    """Return what compares with constants ``C`` of rustc's paths, each of one byte."""
    values = [Value("u8", (data,), f"lib.rs:{data}", path) for path, data in found]
    return Witnessed("t", {"C": values}, 4, "little")


def test_a_constant_is_held_against_the_one_of_its_path() -> None:
    one = told(("a::C", 1), ("b::C", 2), ("r#type::C", 3), ("a::<S>::C", 4))
    names = ('::"t"::a::C', '::"t"::b::C', '::"t"::type::C', '<::"t"::a::S /*- */>::C')
    ours = zip(("02", "02", "03", "04"), names, strict=True)
    found = one.compare_lines(line(text, name) for text, name in ours)
    assert found.alike == set(names[1:])
    assert found.differs == {names[0]: ("02", "01", "lib.rs:1")}
    assert found.places == {name: f"lib.rs:{n}" for n, name in enumerate(names, 1)}


@pytest.mark.parametrize("within", ['::"t"::#{}::C', '<::"t"::S{} /*- */>::C'])
def test_where_each_of_several_may_be_meant_all_have_to_be_alike(within: str) -> None:
    path = "{}::C" if within.startswith(":") else "<S{}>::C"
    one = told(
        (path.format("f"), 1),
        (path.format("g"), 2),
        ("m::C", 3) if "<" in path else ("<S as T>::C", 3),
    )
    names = [within.format(number) for number in range(3)]
    found = one.compare_lines([line(f"0{n + 1}", name) for n, name in enumerate(names)])
    assert found.alike == set(), "the first may be the second, computed wrongly"
    assert found.differs == {names[2]: ("03", "01", "lib.rs:1")}
    assert not found.unless(Compared(frozenset({names[2]}))).differs
    same = told((path.format("f"), 1), (path.format("g"), 1))
    assert same.compare_lines([line("01", names[0])]).alike == {names[0]}
