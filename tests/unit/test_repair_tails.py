# SPDX-License-Identifier: GPL-2.0-only
"""Structures that end in what has no size: what mrustc's C says of them, and their sizes."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.transpile.repair.expression import Places
from pipeline.transpile.repair.statement import Line
from pipeline.transpile.repair.tails import Tail, Tails, lasting
from pipeline.transpile.repair.tokens import UnknownFormError

C = """\
// struct ::"k"::Inner<dyn (::"core"::fmt::Debug),>
struct s_ZRInner  {
\t/*@0*/uint8_t _0; // u8
\t/*@1*/unsigned char _1[0]; // dyn (::"core"::fmt::Debug)
} ;
// struct ::"k"::Outer<dyn (::"core"::fmt::Debug),>
struct s_ZROuter  {
\t/*@0*/uint16_t _0; // u16
\t/*@2*/struct s_ZRInner _1; // ::"k"::Inner<dyn (::"core"::fmt::Debug),>/*S*/
} __attribute__((__aligned__(8),)) ;
// struct ::"k"::Row<'static,[u32],>
struct s_ZRRow  {
\t/*@0*/uint8_t _0; // u8
\t/*@4*/uint32_t _1[0]; // [u32]
} ;
// struct ::"k"::Table<[u32],>
struct s_ZRTable  {
\t/*@0*/uint8_t _0; // u8
\t/*@4*/struct s_ZRRow _1; // ::"k"::Row<[u32],>/*S*/
} ;
// struct ::"k"::Plain
struct s_ZRPlain  {
\t/*@0*/uint32_t _0; // u32
} ;
#pragma pack(push, 1)
// struct ::"k"::Packed<dyn (::"k"::A),>
struct s_ZRPacked  {
\t/*@0*/unsigned char _0[0]; // dyn (::"k"::A)
} ;
#pragma pack(pop)
"""
TAILS = Tails.of(C.split("\n"))


def repaired(line: str, kind: str = "") -> tuple[str, dict[str, int]]:
    below = f'// ^ Call( _1 = "size_of_val"::<{kind},>( _2, ), bb1, bb2)' if kind else ""
    counts: Counter[str] = Counter()
    places = Places({"arg0": "TRAITOBJ_PTR"}, {}, tails=TAILS)
    text = Line(line, places, counts, below=lambda _start: below).repaired()
    return text.partition("\t//")[0].strip(), dict(counts)


def test_the_structures_of_a_unit() -> None:
    assert TAILS.fields == {
        "s_ZRInner": Tail("_1", "dyn"),
        "s_ZROuter": Tail("_1", "dyn", "s_ZRInner"),
        "s_ZRRow": Tail("_1", "slice"),
        "s_ZRTable": Tail("_1", "slice", "s_ZRRow"),
        "s_ZRPacked": Tail("_0", "dyn", packed=True),
    }
    assert TAILS.names[lasting('::"k"::Row<\'a,[u32],>/*S*/')] == "s_ZRRow"


def test_a_field_that_is_a_trait_object() -> None:
    text, counts = repaired(
        "\trv = make_traitobjptr(&((struct s_ZRInner *)arg0.PTR)->_1, arg0.META);"
    )
    place = "(*FERRIC_TAIL(arg0.PTR, struct s_ZRInner, _1, 1, arg0.META))"
    assert text == f"rv = make_traitobjptr(&{place}, arg0.META);"
    assert counts == {"tail": 1}


def test_a_field_behind_a_field_that_ends_in_one() -> None:
    outer = "(*FERRIC_TAIL(arg0.PTR, struct s_ZROuter, _1, ALIGNOF(struct s_ZRInner), arg0.META))"
    assert repaired("\trv = ((struct s_ZROuter *)arg0.PTR)->_1._0;")[0] == f"rv = {outer}._0;"
    inner = f"(*FERRIC_TAIL(&{outer}, struct s_ZRInner, _1, 1, arg0.META))"
    text, _ = repaired(
        "\trv = make_traitobjptr(&((struct s_ZROuter *)arg0.PTR)->_1._1, arg0.META);"
    )
    assert text == f"rv = make_traitobjptr(&{inner}, arg0.META);"


@pytest.mark.parametrize(
    "line",
    [
        "rv = ((struct s_ZROuter *)arg0.PTR)->_0;",
        "rv = ((struct s_ZRTable *)arg0.PTR)->_1._0;",
        "rv = ((struct s_ZRPlain *)arg0.PTR)->_0;",
        "rv = arg0->_1;",
    ],
)
def test_other_fields_stay(line: str) -> None:
    assert repaired(f"\t{line}") == (line, {})


def test_the_size_of_a_value() -> None:
    kind = '::"k"::Outer<dyn (::"core"::fmt::Debug),>/*S*/'
    text, counts = repaired("\trv = 2 + ((VTABLE_HDR*)arg0.META)->size;", kind)
    align = "((VTABLE_HDR*)arg0.META)->align"
    inner = f"ferric_beyond(offsetof(struct s_ZRInner, _1), 1, {align})"
    inner += " + ((VTABLE_HDR*)arg0.META)->size"
    inner = f"ferric_beyond({inner}, ALIGNOF(struct s_ZRInner), {align})"
    begin = f"ferric_beyond(offsetof(struct s_ZROuter, _1), ALIGNOF(struct s_ZRInner), {align})"
    assert text == f"rv = ferric_beyond({begin} + {inner}, ALIGNOF(struct s_ZROuter), {align});"
    assert counts == {"tail": 1}


def test_the_size_of_what_ends_in_a_slice() -> None:
    line = "rv = 4 + arg0.META * 4;"
    assert repaired(f"\t{line}", '::"k"::Row<[u32],>/*S*/') == (line, {})
    text, _ = repaired(f"\t{line}", '::"k"::Table<[u32],>/*S*/')
    assert "ferric_beyond(offsetof(struct s_ZRRow, _1), 1, 1) + arg0.META * 4" in text


def test_what_nobody_knows_is_an_error() -> None:
    with pytest.raises(UnknownFormError, match="not defined"):
        repaired("\trv = 2 + ((VTABLE_HDR*)arg0.META)->size;", '::"k"::Other<dyn (::"k"::A),>')
    with pytest.raises(UnknownFormError, match="packed"):
        repaired("\trv = make_traitobjptr(&((struct s_ZRPacked *)arg0.PTR)->_0, arg0.META);")
