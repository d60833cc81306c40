# SPDX-License-Identifier: GPL-2.0-only
"""Constants of mrustc's C: mirrored by type, and compared with the twin's."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.transpile.constants.layout import Types, UnknownTypeError
from pipeline.transpile.constants.source import Sources
from pipeline.transpile.constants.statics import OtherFormError, declared, initialised
from pipeline.transpile.constants.twin import Twins, is_big_endian, little_endian

if TYPE_CHECKING:
    from pathlib import Path

TARGET = "[arch]\npointer-bits = 32\nis-big-endian = true\n"
TYPES = """\
typedef struct t_A  { float  DATA[2]; } t_A ; // [f32; 2]
struct s_S  {
	/*@0*/uint8_t _0; // u8
	/*@2*/// ZST; // ()
	/*@4*/double _1; // f64
	/*@12*/SLICE_PTR _2; // &'static str
} ;
typedef char sizeof_assert_S[ (sizeof(struct s_S) == 20) ? 1 : -1 ];
struct s_Some  {
	/*@0*/uint8_t _1; // u8
	/*@4*/float _0; // f32
} ;
struct e_E {
	union {
		// ZST: ()
		struct s_Some var_1;
		uint8_t TAG;
	} DATA;
};
union u_U {
	uint32_t var_0;
	uint16_t var_1;
	t_B var_2;
};
typedef struct t_B  { uint8_t  DATA[4]; } t_B ; // [u8; 4]
""".splitlines()
STATIC = (
    'union u_static_ZRG1c{ %s val; uintptr_t raw[9]; } ZRG1c;\t// static ::"t"::C : T\n'
    'union u_static_ZRG1c ZRG1c = { .raw = {%s} };\t// static ::"t"::C : T = 00{}\n'
)
BODY = '// ::"t"::f\nuint32_t  ZRG1f(void) // -> u32\n\n{\n\tuint32_t rv;\n\t%s\n\treturn rv;\n}\n'


def sources(folder: Path, text: str) -> Sources:
    path = folder / "lib.rs"
    path.write_text(text, encoding="utf-8")
    return Sources((path,))


def test_bytes_are_mirrored_number_by_number() -> None:
    types = Types(TYPES, 4)
    little = b"\7\0\0\0" + struct.pack("<d", 0.1) + bytes(4) + b"\2\0\0\0"
    big = b"\7\0\0\0" + struct.pack(">d", 0.1) + bytes(4) + b"\0\0\0\2"
    assert types.settle("struct s_S", little, little) == big
    assert types.settle("t_A", struct.pack("<2f", 1, 2), b"") == struct.pack(">2f", 1, 2)
    assert types.settle("t_A *", b"\1\2\3\4", b"") == b"\4\3\2\1"


def test_the_variant_of_an_enum_is_the_one_that_has_the_bytes() -> None:
    types = Types(TYPES, 4)
    some = b"\1\0\0\0" + struct.pack("<f", 1.5)
    assert types.settle("struct e_E", some, some) == b"\1\0\0\0" + struct.pack(">f", 1.5)
    assert types.settle("struct e_E", bytes(8), bytes(8)) == bytes(8)


SHAPE = """\
struct s_Circle  {
	/*@0*/uint8_t _1; // u8
	/*@4*/uint32_t _0; // u32
} ;
struct s_Rect  {
	/*@0*/uint8_t _2; // u8
	/*@2*/uint16_t _0; // u16
	/*@4*/uint16_t _1; // u16
	/*@6*/uint16_t _3; // u16
} ;
struct e_Shape {
	union {
		// ZST: ()
		struct s_Circle var_1;
		struct s_Rect var_2;
		uint8_t TAG;
	} DATA;
};
""".splitlines()


def test_the_tag_tells_the_variant_where_tags_are_numbers() -> None:
    little, big = b"\1\0\0\0\x09\0\0\0", b"\1\0\0\0\0\0\0\x09"
    assert Types(SHAPE, 4, numbered=True).settle("struct e_Shape", little, little) == big
    assert Types(SHAPE, 4, plain=True).settle("struct e_Shape", little, big) == big
    for types in (Types(SHAPE, 4), Types(SHAPE, 4, plain=True)):
        with pytest.raises(UnknownTypeError, match="the alternatives of an enum"):
            types.settle("struct e_Shape", little, little)


WITHIN = """\
struct s_Ok  {
	/*@0*/uint8_t _2; // u8
	/*@4*/uint16_t _0; // u16
	/*@6*/uint16_t _1; // u16
} ;
struct s_Err  {
	/*@0*/struct e_Shape _0; // Shape
} ;
struct e_Result {
	union {
		struct s_Ok var_0;
		struct s_Err var_1;
	} DATA;
};
""".splitlines()


@pytest.mark.parametrize(
    ("little", "big"),
    [
        (b"\1\0\0\0\x09\x08\0\0", b"\1\0\0\0\0\0\x08\x09"),
        (b"\2\0\1\2\3\4\5\6", b"\2\0\2\1\4\3\6\5"),
        (b"\3\0\0\0\x09\x08\0\1", b"\3\0\0\0\x08\x09\1\0"),
    ],
)
def test_a_tag_within_a_variant_tells_the_outer_one(little: bytes, big: bytes) -> None:
    found = Types(SHAPE + WITHIN, 4, numbered=True).settle("struct e_Result", little, little)
    assert found == big


def test_a_variant_that_cannot_be_told_is_not_left_out() -> None:
    little = b"\2\0\0\0\3\4\0\0"
    with pytest.raises(UnknownTypeError, match="the alternatives of an enum"):
        Types(SHAPE + WITHIN, 4).settle("struct e_Result", little, little)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("#[repr(u8)] enum A { B(u8) = 3 }", True),
        ("#[repr(C, i16)] enum A { B { a: u8 } = 3, C }", True),
        ("#[repr(u8)] #[derive(Debug)] pub enum A { B = 3, C = 1 }", False),
        ("#[repr(u8)] enum A { B(u8), C }", False),
        ("macro_rules! m { ($($t:tt)*) => { #[repr(u8)] enum A { $($t)* } } }", True),
        ("#[repr(C)] enum A {}", False),
        ("#[repr(transparent)] struct A(u8);", False),
    ],
)
def test_tags_of_ones_own_are_seen(tmp_path: Path, text: str, *, own: bool) -> None:
    assert sources(tmp_path, text).discriminants is own


@pytest.mark.parametrize(
    ("kind", "data"),
    [("union u_U", b"\1\2\3\4"), ("struct s_Some", b"\1\1\0\0\0\0\0\0"), ("s_Missing", b"")],
)
def test_what_cannot_be_told_apart_is_said(kind: str, data: bytes) -> None:
    with pytest.raises(UnknownTypeError):
        Types(TYPES, 4).settle(kind, data, data)


def test_a_static_is_read_and_written() -> None:
    words = '0x1ull,(uintptr_t)"a}, \\"" "b",(uintptr_t)&ZRG2d+4,0xffull'
    lines = (STATIC % ("t_A *", words)).splitlines()
    assert declared(lines) == {"ZRG1c": ("t_A *", "uintptr_t")}
    [(at, static)] = initialised(lines)
    assert (at, static.symbol, static.path, len(static.words)) == (1, "ZRG1c", '::"t"::C', 4)
    assert static.memory(4, "big").hex() == "00000001" + 16 * "0" + "000000ff"
    assert static.written(static.memory(4, "big"), 4) == lines[1]
    with pytest.raises(OtherFormError):
        list(initialised([lines[1].replace("0xff", "-1")]))


def twins(ours: str, theirs: str, source: Sources | None = None) -> tuple[str, int]:
    types = "\n".join(TYPES) + "\n"
    both = Twins(types + ours, types + theirs, TARGET, source)
    return both.mend(), both.counts["constant"]


def test_the_twin_has_the_right_bytes(tmp_path: Path) -> None:
    ours, theirs = "0xc03full,0x40ull", "0x3fc00000ull,0x40000000ull"
    text, count = twins(STATIC % ("t_A", ours), STATIC % ("t_A", theirs))
    assert (theirs in text, ours in text, count) == (True, False, 1)
    same, count = twins(STATIC % ("t_A", theirs), STATIC % ("t_A", theirs))
    assert (theirs in same, count) == (True, 0)
    asking = sources(tmp_path, "pub static C: [f32; 2] = [u32::to_be(1) as f32, 2.0];\n")
    with pytest.raises(UserError, match=r"(?s)lib\.rs:1: .*::\"t\"::C.*to_be") as error:
        twins(STATIC % ("t_A", ours), STATIC % ("t_A", theirs), asking)
    assert "transpiler=rustc" in error.value.mend


def test_byte_order_that_is_asked_for_stands(tmp_path: Path) -> None:
    source = sources(tmp_path, "pub static C: u32 = 0x0102_0304_u32.to_be();\n")
    text, count = twins(
        STATIC % ("uint32_t", "0x1020304ull"), STATIC % ("uint32_t", "0x4030201ull"), source
    )
    assert ("0x1020304ull" in text, count) == (True, 0)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("(uintptr_t)&ZRG1a,0x1ull", "(uintptr_t)&ZRG1b,0x1ull"),
        ("(uintptr_t)&ZRG1a,0x1ull", "0x5ull,0x1ull"),
    ],
)
def test_another_address_is_refused(ours: str, theirs: str) -> None:
    with pytest.raises(UserError, match="addresses"):
        twins(STATIC % ("SLICE_PTR", ours), STATIC % ("SLICE_PTR", theirs))


def test_a_union_is_refused_unless_it_is_zero() -> None:
    with pytest.raises(UserError, match="told apart"):
        twins(STATIC % ("union u_U", "0x1ull"), STATIC % ("union u_U", "0x1000000ull"))
    twins(STATIC % ("union u_U", "0x0ull"), STATIC % ("union u_U", "0x0ull"))


def test_a_number_in_a_function_is_the_twins() -> None:
    text, count = twins(
        BODY % "rv = var2 + 0x5100;\t// retval = BinOp(_2 ADD 0x5100 u32)",
        BODY % "rv = var2 + 0x51;\t// retval = BinOp(_2 ADD 0x51 u32)",
    )
    assert ("rv = var2 + 0x51;" in text, "0x5100" in text, count) == (True, False, 1)
    text, count = twins(BODY % "rv = -1.5000000000e+00f;", BODY % "rv = 2.0000000000e-41f;")
    assert ("rv = 2.0000000000e-41f;" in text, count) == (True, 1)


def test_a_swap_of_bytes_is_other_code() -> None:
    swap = "rv = __builtin_bswap32(var0);"
    text, count = twins(BODY % "rv = var0;", BODY % swap)
    assert ("rv = var0;" in text, count) == (True, 0)
    with pytest.raises(UserError, match="code depends on byte order"):
        twins(BODY % "rv = 0x12345;", BODY % swap)
    text, count = twins(BODY % "rv = 0x12345;", BODY % "rv = f(1, 0x7);")
    assert ("rv = f(1, 0x7);" in text, count) == (True, 1)


# The target has other code at first, so its variables have other names from there on.
SWAPPED = """var0 = {swapped};
	g( var{b} );
	var{a} = make_sliceptr(var{b}, {first});	// _{a} = MakeDst(_{b}, {first} usize)
	f( var{a} );
	g( var{d} );
	var{c} = make_sliceptr(var{d}, {second});	// _{c} = MakeDst(_{d}, {second} usize)
	f( var{c} );"""


def swapped(code: str, names: str, first: str, second: str) -> str:
    numbers = dict(zip("abcd", names, strict=True))
    return BODY % SWAPPED.format(swapped=code, first=first, second=second, **numbers)


def test_a_statement_that_only_looks_like_the_twins_is_another() -> None:
    # The twin's variable 4 is the target's variable 2: a 2 there is none for the target's 4.
    ours = swapped("var9", "2345", "0x2ull", "0x1ull")
    theirs = swapped("__builtin_bswap32(var9);\n\tvar1 = var0", "4567", "0x2ull", "0x1ull")
    text, count = twins(ours, theirs)
    assert (text.split("\n")[len(TYPES) :], count) == (ours.split("\n"), 0)


def test_a_number_behind_other_code_is_the_twins() -> None:
    ours = swapped("var9", "2345", "0x200ull", "0x1ull")
    theirs = swapped("__builtin_bswap32(var9);\n\tvar1 = var0", "4567", "0x2ull", "0x1ull")
    text, count = twins(ours, theirs)
    right = swapped("var9", "2345", "0x2ull", "0x1ull")
    assert (text.split("\n")[len(TYPES) :], count) == (right.split("\n"), 1)


def test_names_with_constant_parameters_are_paired() -> None:
    ours = (
        (BODY % "rv = 1;")
        .replace("1f(", "1fV4_00000102(")
        .replace("f\n", "f<{Evaluated(00000102{})}>\n")
    )
    theirs = ours.replace("00000102", "02010000").replace("rv = 1;", "rv = 2;")
    text, count = twins(ours, theirs)
    assert ("rv = 2;" in text, count) == (True, 1)


def test_the_twin_is_the_same_target_but_for_its_byte_order() -> None:
    assert is_big_endian(TARGET)
    assert little_endian(TARGET) == TARGET.replace("true", "false")


@pytest.mark.parametrize(
    ("text", "depends", "faulty"),
    [
        ("const A: u32 = 1;", False, False),
        ("fn f(x: u32) -> u32 { x.to_be() }", False, False),
        ("const fn f(x: u32) -> u32 { x.to_be() }", True, False),
        ("static A: *const u32 = &B as *const u32;", True, False),
        ("fn f(a: &u8) -> *const u8 { a as *const u8 }", False, False),
        ('#[cfg(target_endian = "big")] fn f() {}', True, False),
        ("union U { a: u32 }", True, False),
        ("macro_rules! m { () => { 1_u32.to_ne_bytes() } }", True, False),
        ("fn f() -> f32 { 0.0 }", False, True),
        ("const A: u32 = 'a' as u32;", False, True),
        ("fn f<'a>(x: &'a u8) -> u8 { match x { _ => 1 } }", False, False),
        ("const A: u32 = match 1 { _ => 1 };", False, True),
        ("const A: (u8, u8) = B.0; fn f() { for _ in 0..9 {} }", False, False),
        ("const A: u64 = 0x1e5;", False, False),
    ],
)
def test_what_the_source_says(text: str, depends: bool, faulty: bool, tmp_path: Path) -> None:
    found = sources(tmp_path, text)
    assert (bool(found.depends), found.faulty) == (depends, faulty), found.depends


def test_a_constant_is_found_by_its_path(tmp_path: Path) -> None:
    found = sources(tmp_path, "// C\nfn a() {}\npub static mut C: u8 = 1;\nconst fn b() {}\n")
    assert found.place('::"t"::m::C') == f"{tmp_path}/lib.rs:3"
    assert found.place('::"t"::b') == f"{tmp_path}/lib.rs:4"
    assert found.place("::lifted#C_0") == ""
