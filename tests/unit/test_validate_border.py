# SPDX-License-Identifier: GPL-2.0-only
"""Two sides' types in lockstep: what is a difference, and what is none."""

from __future__ import annotations

import pytest

from pipeline.debuginfo.information import DebugInfo
from pipeline.debuginfo.model import (
    VOID,
    Alias,
    Array,
    Base,
    Enum,
    Member,
    Parameter,
    Pointer,
    Record,
    Signature,
    Type,
)
from pipeline.validate.border_kernel import _objections
from pipeline.validate.border_records import Side
from pipeline.validate.border_types import Comparison, Difference

U8, U16, U32, U64, S32, CHAR, FLOAT, BLOB = range(1, 9)
BASES: dict[int, Type] = {
    U8: Base("u8", 1, 8),
    U16: Base("u16", 2, 7),
    U32: Base("u32", 4, 7),
    U64: Base("u64", 8, 7),
    S32: Base("int", 4, 5),
    CHAR: Base("char", 1, 6),
    FLOAT: Base("float", 4, 4),
    BLOB: Array(U8, (4,)),
}


def side(types: dict[int, Type] | None = None, *, rust: bool = False) -> Side:
    """Return a side with some types, a pointer to type N being 100 + N."""
    known: dict[int, Type] = {**BASES, **(types or {})}
    known |= {100 + ref: Pointer(ref, 4) for ref in list(known)}
    known[100] = Pointer(VOID, 4)
    info = DebugInfo.__new__(DebugInfo)
    info._types = {VOID: None, **known}
    return Side(info, "rust" if rust else "c", rust)


def struct(*members: tuple[str, int, int], size: int, kind: str = "struct") -> Record:
    parts = tuple(Member(name, ref, offset) for name, ref, offset in members)
    assert kind in ("struct", "union")
    return Record("struct" if kind == "struct" else "union", "S", size, parts, False, "S")


def function(*parameters: int, returns: int = VOID, variadic: bool = False) -> Signature:
    return Signature(tuple(Parameter("", ref) for ref in parameters), variadic, returns, True)


def records(one: Record, other: Record, **more: Type) -> list[Difference]:
    """Compare a Rust struct with a C struct, both behind a pointer."""
    extra: dict[int, Type] = {int(name[1:]): type_ for name, type_ in more.items()}
    here, there = side({50: one, **extra}, rust=True), side({50: other, **extra})
    return list(Comparison().functions(here, function(150), there, function(150)))


GOOD = struct(("a", U8, 0), ("b", U32, 2), ("c", U16, 6), size=8)


def test_equal_is_no_difference() -> None:
    mangled = struct(("_0", U8, 0), ("_1", U32, 2), ("_2", U16, 6), size=8)
    assert records(GOOD, GOOD) == []
    assert records(mangled, GOOD) == []


@pytest.mark.parametrize(
    ("other", "here", "there"),
    [
        (
            struct(("_0", U8, 0), ("_1", U32, 4), ("_2", U16, 8), size=12),
            "member _1 of 4 bytes at byte 4",
            "member b of 4 bytes at byte 2",
        ),
        (
            struct(("_0", U8, 0), ("_1", U16, 2), ("_2", U16, 6), size=8),
            "member _1 of 2 bytes at byte 2",
            "member b of 4 bytes at byte 2",
        ),
        (
            struct(("_0", U8, 0), ("_2", U16, 6), size=8),
            "member _2 of 2 bytes at byte 6",
            "member b of 4 bytes at byte 2",
        ),
        (
            struct(("_0", U8, 0), ("_1", U32, 2), ("_2", U16, 6), size=10),
            "struct S, 10 bytes",
            "struct S, 8 bytes",
        ),
        (
            struct(("_0", U8, 0), ("_1", U32, 2), ("_2", U32, 6), size=10),
            "member _2 of 4 bytes at byte 6",
            "member c of 2 bytes at byte 6",
        ),
    ],
    ids=["moved", "narrower", "missing", "size", "wider"],
)
def test_layouts_that_differ(other: Record, here: str, there: str) -> None:
    (difference,) = records(other, GOOD)
    assert difference.kind == "layout"
    assert here in difference.here
    assert there in difference.there
    assert difference.place == "parameter 1, pointee"


def test_swapped_members_of_one_size_are_known_by_their_names() -> None:
    swapped = struct(("b", U16, 0), ("a", U16, 2), size=4)
    (difference,) = records(swapped, struct(("a", U16, 0), ("b", U16, 2), size=4))
    assert "member a of 2 bytes at byte 2" in difference.here


def test_padding_may_be_a_member_in_rust_and_not_in_c() -> None:
    padded = struct(("a", U8, 0), ("_pad", U8, 1), ("b", U32, 2), ("c", U16, 6), size=8)
    assert records(padded, GOOD) == []
    assert records(GOOD, padded) != []


@pytest.mark.parametrize(
    "other",
    [
        struct(("a", U8, 0), ("_", BLOB, 2), ("c", U16, 6), size=8),
        struct(("a", U8, 0), ("inner", 60, 2), ("c", U16, 6), size=8),
        struct(("a", U8, 0), ("rest", 61, 2), size=8),
        struct(("a", U8, 0), ("b", 62, 2), ("c", U16, 6), ("data", 63, 8), size=8),
    ],
    ids=["bytes", "newtype", "nested", "enum and flexible array"],
)
def test_other_ways_to_write_the_same_bytes(other: Record) -> None:
    more: dict[str, Type] = {
        "t60": struct(("_0", U32, 0), size=4),
        "t61": struct(("_0", U32, 0), ("_1", U16, 4), size=6),
        "t62": Enum("E", 4, VOID, (), False),
        "t63": Array(U8, (None,)),
    }
    assert records(other, GOOD, **more) == []


def test_bit_fields() -> None:
    def fields(first: int) -> Record:
        parts = (Member("x", U32, 0, 0, 3), Member("y", U32, 0, first, 5))
        return Record("struct", "S", 4, parts, False, "S")

    assert records(fields(3), fields(3)) == []
    (difference,) = records(fields(4), fields(3))
    assert "member y of 5 bits at bit 4" in difference.here
    assert records(struct(("_bits", U32, 0), size=4), fields(3)) == []


def compare(one: Signature, other: Signature) -> list[Difference]:
    types: dict[int, Type] = {
        50: Record("struct", "Opaque", None, (), True, "Opaque"),
        51: GOOD,
        52: function(S32, returns=S32),
        53: function(S32, U64, returns=S32),
        54: Alias("typedef", "handle", 60),
        60: struct(("_0", 100, 0), size=4),
        61: Array(U32, (3,)),
    }
    here, there = side(types, rust=True), side(types)
    return list(Comparison().functions(here, one, there, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (function(100), function(151)),
        (function(150), function(151)),
        (function(101), function(151)),
        (function(154), function(100)),
        (function(54), function(151)),
        (function(152), function(152)),
        (function(161), function(103)),
        (function(returns=VOID), function(returns=S32)),
        (function(U32, variadic=True), function(U32, variadic=True)),
    ],
    ids="void opaque bytes newtype transparent callback array ignored variadic".split(),
)
def test_what_may_meet(one: Signature, other: Signature) -> None:
    assert compare(one, other) == []


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (function(U32), function(U32, U32), "parameters"),
        (function(U32), function(U32, variadic=True), "parameters"),
        (function(U32), function(U64), "layout"),
        (function(103), function(104), "layout"),
        (function(104), function(U64), "layout"),
        (function(FLOAT), function(U32), "layout"),
        (function(returns=U32), function(returns=104), "return"),
        (function(returns=U32), function(returns=VOID), "parameters"),
        (function(S32), function(U32), "sign"),
        (function(152), function(153), "parameters"),
    ],
)
def test_what_may_not_meet(one: Signature, other: Signature, kind: str) -> None:
    assert [difference.kind for difference in compare(one, other)] == [kind]


def test_circles_and_endless_chains_end() -> None:
    def chain(last: int) -> dict[int, Type]:
        node = struct(("next", 170, 0), ("value", last, 4), size=4 + (8 if last == U64 else 4))
        return {70: node, 71: struct(("next", 170, 0), size=4)}

    here, there = side(chain(U32)), side(chain(U32))
    assert list(Comparison().functions(here, function(170), there, function(170))) == []
    (difference,) = Comparison().functions(here, function(170), side(chain(U64)), function(170))
    assert "member value" in difference.here


def test_no_more_pairs_than_allowed() -> None:
    types: dict[int, Type] = {
        number: struct((f"m{number}", number + 1, 0), size=4) for number in range(1000, 1100)
    }
    comparison = Comparison()
    comparison.left = 5
    pairs = function(1000), function(1000)
    assert list(comparison.functions(side(types), pairs[0], side(types), pairs[1])) == []
    assert comparison.left < 0


def test_which_header_gcc_objects_to() -> None:
    output = """In file included from a.h:3,
                 from /x/types.c:7:
b.h:1:2: error: redefinition of 'x'
In file included from c.h:1,
                 from /x/types.c:2:
d.h:5:6: note: previous definition
/x/types.c:40:1: error: 'y' undeclared here
"""
    assert _objections(output) == {7, 40}
