# SPDX-License-Identifier: GPL-2.0-only
"""What compare works out by itself: paths, layouts, logs, targets, documents."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline import cli
from pipeline.compare.difference import (
    Comparison,
    Differences,
    FunctionRow,
    Part,
    read,
    to_json,
    write,
)
from pipeline.compare.log import compare_logs
from pipeline.compare.reachable import _reprs
from pipeline.compare.rules import Rules, by_rules, fitting
from pipeline.compare.rust_targets import RustTarget
from pipeline.compare.show import print_differences
from pipeline.compare.side import Side, plain
from pipeline.compare.sizes import ratio
from pipeline.compare.symbols import compare_symbols
from pipeline.crate.lexer import tokens
from pipeline.debuginfo.model import Base, Encoding, Member, Pointer, Record, Type
from pipeline.errors import UserError
from pipeline.report.summary import exit_status
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import STT_FUNC, STT_OBJECT
from pipeline.validate.finding import Finding, Severity, Skipped
from tests.unit.elf_writer import Elf, Sec, Sym

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.debuginfo.information import DebugInfo

M68K = Rules({"u8": 1, "u16": 2, "u32": 2, "u64": 2, "f32": 2, "f64": 2, "ptr": 2}, "m68k")
NATURAL = Rules({"u8": 1, "u16": 2, "u32": 4, "u64": 8, "f32": 4, "f64": 8, "ptr": 4}, "natural")


class Types:
    """Debug information of nothing but numbers and a pointer: a type's reference is its size."""

    address_size = 4

    def type(self, ref: int) -> Type:
        return Pointer(0, 4) if ref == 99 else Base(f"u{8 * ref}", ref, Encoding.UNSIGNED)

    def resolved(self, ref: int) -> tuple[int, Type]:
        return ref, self.type(ref)

    def size(self, ref: int) -> int:
        return 4 if ref == 99 else ref


def types() -> DebugInfo:
    return Types()  # type: ignore[return-value]


def record(size: int, *members: tuple[str, int, int]) -> Record:
    made = tuple(Member(name, type_, offset) for name, type_, offset in members)
    return Record("struct", "R", size, made, declaration=False)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a::b::<u8>", "a::b<u8>"),
        ("a::f {.constprop.0.isra.1}", "a::f"),
        ("journal::#0::MODULE", "journal::_::MODULE"),
        ("journal::_::MODULE", "journal::_::MODULE"),
        ("a::f::{closure#3}", "a::f::_"),
        ("a::closure#f_3", "a::_"),
        ("a::_private", "a::_private"),
    ],
)
def test_paths_of_both_compilers_agree(path: str, expected: str) -> None:
    assert plain(path) == expected


def test_rules_give_the_layout_of_c() -> None:
    plain_record = record(20, ("a", 1, 0), ("b", 4, 4), ("c", 8, 8), ("d", 2, 16))
    shape = by_rules(types(), plain_record, NATURAL, None, 1)
    assert (shape.offsets, shape.size) == ((0, 4, 8, 16), 24)
    shape = by_rules(types(), plain_record, M68K, None, 1)
    assert (shape.offsets, shape.size) == ((0, 2, 6, 14), 16)
    assert by_rules(types(), plain_record, NATURAL, 1, 1).size == 15
    assert by_rules(types(), plain_record, NATURAL, None, 64).size == 64


def test_a_layout_fits_only_with_its_own_attributes() -> None:
    packed = record(7, ("_0", 1, 0), ("_1", 4, 1), ("_2", 2, 5))
    assert fitting(types(), packed, NATURAL) == {(1, 1)}
    moved = record(8, ("_0", 1, 0), ("_1", 4, 3), ("_2", 1, 7))
    assert fitting(types(), moved, NATURAL) == set()


def test_members_are_taken_in_the_order_of_their_numbers() -> None:
    reordered = record(8, ("_1", 4, 0), ("_0", 1, 4))
    assert fitting(types(), reordered, NATURAL) == set()
    sorted_ = record(8, ("_1", 4, 4), ("_0", 1, 0))
    assert (None, 1) in fitting(types(), sorted_, NATURAL)


def test_alignments_of_a_target_come_from_its_data_layout() -> None:
    layout = "E-m:e-p:32:16:32-i8:8:8-i16:16:16-i32:16:32-n8:16:32-a:0:16-S16"
    found = RustTarget("m", "m68k", 32, True, "linux", "gnu", layout).alignments
    assert (found["u32"], found["ptr"], found["u8"]) == (2, 2, 1)
    layout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
    found = RustTarget("x", "x86_64", 64, False, "linux", "gnu", layout).alignments
    assert (found["u64"], found["u128"], found["ptr"]) == (8, 16, 8)


def test_equal_logs_have_no_difference() -> None:
    assert list(compare_logs("a\nb\n", "a\nb\n", "native")) == []


def test_each_different_line_is_an_error() -> None:
    found = list(compare_logs("a\nok 1 x 00\nc\n", "a\nok 1 x 01\nc\n", "native"))
    assert [one.severity for one in found] == [Severity.ERROR]
    assert found[0].place == "line 2"
    assert "ok 1 x 00" in found[0].evidence
    assert "ok 1 x 01" in found[0].evidence


def test_a_missing_end_is_an_error() -> None:
    found = list(compare_logs("a\n", "a\nb\n", "native"))
    assert [one.severity for one in found] == [Severity.ERROR]


def test_a_skipped_test_is_a_note_and_its_line_is_not_compared() -> None:
    ours = "ok 1 a 00\nok 2 b # SKIP no swap\n# passed 1, failed 0, skipped 1\n"
    native = "ok 1 a 00\nok 2 b 77\n# passed 2, failed 0, skipped 0\n"
    found = list(compare_logs(ours, native, "native"))
    assert [one.severity for one in found] == [Severity.NOTE]
    assert "no swap" in found[0].evidence


def test_reprs_are_read_from_the_source() -> None:
    text = """
    #[repr(C)] #[derive(Clone)] pub struct A { x: u8 }
    #[repr(C, packed(2))] pub(crate) union B { x: u8 }
    #[repr(u8)] enum C { X }
    #[repr(transparent)] struct D(u8);
    #[repr(align(8))] struct E(u8);
    #[derive(Clone)] struct F { x: u8 }
    #[repr(C)] fn not_a_type() {} struct G;
    """
    found = dict(_reprs(text, tokens(text, Path("lib.rs"))))
    assert found == {"A": "repr(C)", "B": "repr(C, packed(2))", "C": "repr(u8)"}


def test_ratio() -> None:
    assert ratio(30, 20) == "1.50 times"
    assert ratio(0, 0) == "equal"
    assert ratio(3, 0) == "none there"


def side(folder: Path, title: str, exported: Sequence[tuple[str, int]], size: int = 4) -> Side:
    symbols = [Sym(name, ".text", 0, size, type=kind) for name, kind in exported]
    path = folder / f"{title}.o"
    path.write_bytes(Elf(sections=[Sec(".text", bytes(16), flags=6)], symbols=symbols).build())
    return Side(Object.read(path), title)


def test_exported_symbols_of_one_side_and_of_another_kind_are_errors(tmp_path: Path) -> None:
    ours = side(tmp_path, "ours", [("both", STT_FUNC), ("kind", STT_FUNC), ("extra", STT_FUNC)])
    native = side(
        tmp_path, "native", [("both", STT_FUNC), ("kind", STT_OBJECT), ("gone", STT_FUNC)]
    )
    found = {one.place: one for one in compare_symbols(ours, native)}
    assert set(found) == {"kind", "extra", "gone"}
    assert {one.severity for one in found.values()} == {Severity.ERROR}
    assert found["gone"].evidence.startswith("missing")
    assert found["extra"].evidence.startswith("extra")


def test_another_size_without_debug_information_is_a_warning(tmp_path: Path) -> None:
    ours = side(tmp_path, "ours", [("table", STT_OBJECT)], size=4)
    native = side(tmp_path, "native", [("table", STT_OBJECT)], size=8)
    (found,) = compare_symbols(ours, native)
    assert found.severity is Severity.WARNING
    assert found.evidence == "ours has 4 bytes, native 8"


@pytest.fixture
def document() -> Differences:
    part = Part("a.o", "00", "ours", {"text": 1, "data": 2, "rodata": 3})
    finding = Finding("compare.constant", Severity.ERROR, "a::\x1b[2J", "1 and 2", "m", "d", "")
    comparison = Comparison(
        part,
        dataclasses.replace(part, title="native"),
        (finding,),
        (Skipped("compare.log", "no log"),),
        ("compare.symbols",),
        (FunctionRow("a::f", 10, 5, None, 8),),
    )
    return Differences("a", "m68k", (comparison,), (Skipped("compare.native", "no \x1b rustc"),))


def test_a_document_is_read_as_it_was_written(document: Differences, tmp_path: Path) -> None:
    path = tmp_path / "differences.json"
    write(document, path)
    assert read(path) == document
    assert json.loads(path.read_text())["worst"] == "error"
    assert "\x1b" not in path.read_text()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "worst": null}'])
def test_any_other_document_is_one_clear_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "differences.json"
    path.write_text(text)
    with pytest.raises(UserError, match="compare again"):
        read(path)


def test_exit_status(document: Differences) -> None:
    clean = Differences("b", "m68k", (), ())
    assert exit_status([clean]) == 0
    assert exit_status([clean, document]) == 2


def test_no_control_character_reaches_a_terminal(
    document: Differences, capsys: pytest.CaptureFixture[str]
) -> None:
    print_differences([document], notes=True)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "compare.constant" in shown
    assert "no log" in shown
    assert "skipped compare.native" in shown


def test_differences_are_judged_together(document: Differences, tmp_path: Path) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    write(document, first)
    write(Differences("b", "m68k", (), ()), second)
    out = tmp_path / "all.json"
    words = ["differences", "--quiet", str(first), str(second), "-o", str(out)]
    assert cli.main(words) == 2
    assert len(json.loads(out.read_text())) == 2
    assert cli.main(["differences", "--quiet", str(second)]) == 0


def test_a_file_that_is_no_object_is_status_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "text.o"
    path.write_text("no object")
    assert cli.main(["compare", str(path), str(path)]) == 3
    assert "cannot be judged" in capsys.readouterr().err


def test_nothing_to_compare_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", str(tmp_path / "a.o")]) == 1
    assert "--crate" in capsys.readouterr().err


def test_json_has_every_key(document: Differences) -> None:
    found = json.loads(to_json(document))
    assert set(found) == {"schema", "crate", "arch", "comparisons", "skipped", "worst"}
