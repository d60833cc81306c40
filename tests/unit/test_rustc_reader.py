# SPDX-License-Identifier: GPL-2.0-only
"""rustc's representation is read whole, and what is not understood is an error with a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.transpile.rustc import common
from pipeline.transpile.rustc.index import Module
from pipeline.transpile.rustc.ir import Array, Float, Int, IrError, Number, Ptr, Struct
from pipeline.transpile.rustc.layout import DataLayout
from pipeline.transpile.rustc.lexer import name_of, tokens, unescape
from pipeline.transpile.rustc.lines import OWN, own_lines
from pipeline.transpile.rustc.parse import Cursor, read_type, read_typed
from pipeline.transpile.rustc.program import Program

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT = 'target datalayout = "E-m:e-p:32:32-i64:64-n32-S64"\n'


def module(folder: Path, text: str) -> Module:
    path = folder / "crate.ll"
    path.write_text(LAYOUT + text)
    return Module(path)


def written(folder: Path, text: str, root: str = "f", *, floats: bool = True) -> str:
    return Program([module(folder, text)], [root], floats=floats).write([root], "crate.c")


def test_tokens_keep_names_with_anything_in_quotes() -> None:
    assert tokens('%x = load i32, ptr @"a b;c", align 4 ; why') == [
        "%x", "=", "load", "i32", ",", "ptr", '@"a b;c"', ",", "align", "4",
    ]  # fmt: skip
    assert name_of('@"a\\20b"') == "a b"
    assert unescape('c"a\\00\\\\"') == b"a\0\\"


def test_types_nest() -> None:
    kind = read_type(Cursor("<{ [3 x i8], { ptr, double } }>", {}))
    inner = Struct((Ptr(), Float("double")))
    assert kind == Struct((Array(3, Int(8)), inner), packed=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<vscale x 4 x i32> zeroinitializer", "a vector"),
        ("x86_fp80 0", "the type x86_fp80"),
        ("ptr addrspace(3) null", "another address space"),
        ("[4 x i8", "where ] was expected"),
        ("i32 ~", "where a number was expected"),
    ],
)
def test_what_is_not_understood_is_named(text: str, said: str) -> None:
    with pytest.raises(IrError, match=said.replace("[", r"\[").replace("]", r"\]")):
        read_typed(Cursor(text, {}))


def test_offsets_are_those_of_the_layout() -> None:
    wide = DataLayout.read("E-p:32:32-i64:64")
    narrow = DataLayout.read("e-p:32:32-f64:32:64")
    kind = Struct((Int(8), Int(64), Int(16), Ptr()))
    assert wide.offsets(kind) == [0, 8, 16, 20, 24]
    assert narrow.offsets(kind) == [0, 4, 12, 16, 20]
    assert narrow.alignment(Float("double")) == 4
    assert wide.offsets(Struct(kind.members, packed=True)) == [0, 1, 9, 11, 15]
    assert (wide.size(Int(24)), wide.stored(Int(24))) == (4, 3)


@pytest.mark.parametrize(
    "line",
    [
        "%a = load i32, ptr %p, align 4",
        "store i1 true, ptr %p.b, align 1",
        "store ptr @g, ptr %p, align 4",
        "br label %bb1",
        "br i1 %c, label %bb1, label %bb2",
        "%a = add nuw nsw i64 %x, -1",
        "%a = icmp ult i32 %x, 7",
        "%a = getelementptr inbounds nuw i8, ptr %p, i32 4",
        "%a = alloca [12 x i8], align 4",
    ],
)
def test_the_short_way_reads_what_the_long_way_reads(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.transpile.rustc.body import read_blocks

    assert common.read(line) is not None
    short = read_blocks([line], {})
    monkeypatch.setattr(common, "read", lambda _line: None)
    assert read_blocks([line], {}) == short


@pytest.mark.parametrize(
    "line",
    [
        "%a = load volatile i32, ptr %p, align 4",
        "%a = load atomic i32, ptr %p acquire, align 4",
        "%a = add <4 x i32> %x, %y",
        "store i32 1, ptr getelementptr (i8, ptr @g, i32 4), align 4",
    ],
)
def test_the_short_way_leaves_other_forms_alone(line: str) -> None:
    assert common.read(line) is None


def test_a_construct_without_c_is_named_with_its_function(tmp_path: Path) -> None:
    text = 'define void @f() {\nstart:\n  call void asm "nop", ""()\n  ret void\n}\n'
    with pytest.raises(IrError, match="inline assembly") as caught:
        written(tmp_path, text)
    assert caught.value.where == "f"


def test_assembly_without_an_instruction_is_a_barrier(tmp_path: Path) -> None:
    head = "define void @f(ptr noundef %p) {\nstart:\n  call void asm sideeffect "
    tail = ", !srcloc !3\n  ret void\n}\n"
    text = written(tmp_path, f'{head}"", "r,~{{memory}}"(ptr %p){tail}')
    assert '__asm__ volatile("" : : "r"(p0_p) : "memory");' in text
    text = written(tmp_path, f'{head}"", "~{{memory}}"(){tail}')
    assert '__asm__ volatile("" : :  : "memory");' in text
    with pytest.raises(IrError, match="inline assembly"):
        written(tmp_path, f'{head}"nop", "r,~{{memory}}"(ptr %p){tail}')


def test_floats_are_refused_where_the_kernel_has_none(tmp_path: Path) -> None:
    text = "define noundef i1 @f(ptr noundef %p) {\nstart:\n"
    text += "  %x = load float, ptr %p, align 4\n  ret i1 true\n}\n"
    assert "float" in written(tmp_path, text)
    with pytest.raises(IrError, match="floating point"):
        written(tmp_path, text, floats=False)


@pytest.mark.parametrize(
    "parameter",
    [
        "i32 %x",
        "[3 x i32] %x",
        "ptr noundef byval([8 x i8]) align 4 %x",
        "ptr noalias noundef align 4 captures(address) dereferenceable(12) %x",
        "ptr noalias nocapture noundef dereferenceable(12) %x",
        "ptr noalias noundef sret([12 x i8]) align 4 %x",
    ],
)
def test_an_aggregate_by_value_is_refused_at_the_border(tmp_path: Path, parameter: str) -> None:
    text = f"define void @f({parameter}) {{\nstart:\n  ret void\n}}\n"
    with pytest.raises(IrError, match="by value") as caught:
        written(tmp_path, text)
    assert caught.value.where == "f"
    assert "pointer" in caught.value.mend


def test_references_and_scalars_cross_the_border(tmp_path: Path) -> None:
    text = (
        "define noundef signext i8 @f(ptr noalias noundef readonly align 4 "
        "captures(address, read_provenance) dereferenceable(4) %r, i8 noundef signext %x) {\n"
        "start:\n  ret i8 %x\n}\n"
    )
    made = written(tmp_path, text)
    assert "s8 f(void * p0_r, s8 p1_x)" in made
    assert "return ((u8)p1_x);" in made


def test_only_what_is_reached_is_read(tmp_path: Path) -> None:
    text = "define void @f() {\nstart:\n  ret void\n}\n\ndefine void @g() {\nnonsense here\n}\n"
    assert "nonsense" not in written(tmp_path, text)
    with pytest.raises(IrError, match="the instruction nonsense"):
        written(tmp_path, text, "g")


def test_a_name_of_rustc_is_none_in_c(tmp_path: Path) -> None:
    text = (
        "define void @f() {\nstart:\n  call void @_RNvC1a1g()\n  ret void\n}\n\n"
        "; a::g\ndefine internal void @_RNvC1a1g() {\nstart:\n  ret void\n}\n"
    )
    made = written(tmp_path, text)
    assert "static inline void a_g(void)" in made
    assert "_RNv" not in made


def test_lines_go_back_to_the_file_itself() -> None:
    text = f'a\n#line 7 "lib.rs"\nb\n{OWN}c\n{OWN}d\n'
    lines = own_lines(text, "x.c").splitlines()
    for number, line in enumerate(lines, 1):
        if line.endswith('"x.c"'):
            assert line == f'#line {number + 1} "x.c"'
    assert [line for line in lines if not line.startswith("#")] == ["a", "b", "c", "d"]


def test_numbers_are_as_written() -> None:
    assert read_typed(Cursor("i8 -1", {})).value == Number(-1)
