# SPDX-License-Identifier: GPL-2.0-only
"""Two transpilers' results side by side: each kind of difference is found, equal ones are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline import cli
from pipeline.compare import border, statics
from pipeline.compare.both import compare_runs, labelled, one_of_both
from pipeline.compare.comparison import Logs
from pipeline.compare.rules import Rules
from pipeline.compare.side import Side
from pipeline.compare.symbols import compare_symbols
from pipeline.debuginfo.model import (
    VOID,
    Array,
    Base,
    Encoding,
    Member,
    Parameter,
    Pointer,
    Record,
    Signature,
    Type,
    Variable,
)
from pipeline.errors import UserError
from pipeline.stages import Options
from pipeline.transpile import choice
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import STT_OBJECT
from pipeline.validate.finding import Finding, Severity, Sizes, Skipped, Verdict
from tests.unit.elf_writer import Elf, Rel, Sec, Sym

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.debuginfo.information import DebugInfo

U16, U32, I32, F32, PTR, PAIR, OWN, SLICE, HALVES, U64, WORDS, NEW, I16 = range(10, 23)
SIZES = {U16: 2, U32: 4, I32: 4, F32: 4, PTR: 4, PAIR: 8, OWN: 8, SLICE: 8, HALVES: 16, U64: 8}
SIZES |= {WORDS: 4, NEW: 4, I16: 2}
REPRS = {("a", "Pair"): "repr(C)"}


def struct(name: str, *members: tuple[str, int, int], size: int) -> Record:
    made = tuple(Member(each, ref, offset) for each, ref, offset in members)
    return Record("struct", name, size, made, declaration=False, path=name)


TYPES: dict[int, Type] = {
    U16: Base("uint16_t", 2, Encoding.UNSIGNED),
    U32: Base("uint32_t", 4, Encoding.UNSIGNED),
    U64: Base("uint64_t", 8, Encoding.UNSIGNED),
    I16: Base("int16_t", 2, Encoding.SIGNED),
    I32: Base("int32_t", 4, Encoding.SIGNED),
    F32: Base("float", 4, Encoding.FLOAT),
    PTR: Pointer(U32, 4),
    PAIR: struct("a::Pair", ("_0", U32, 0), ("_1", U16, 4), size=8),
    OWN: struct("a::Own", ("_0", U32, 0), ("_1", U16, 4), size=8),
    SLICE: struct("SLICE_PTR", ("PTR", PTR, 0), ("META", U32, 4), size=8),
    HALVES: struct("uint128_t", ("lo", U64, 0), ("hi", U64, 8), size=16),
    WORDS: Array(U16, (2,)),
    NEW: struct("a::New", ("_0", U32, 0), size=4),
}


class Types:
    """Debug information of the types above, and of what a test adds."""

    address_size = 4

    def resolved(self, ref: int) -> tuple[int, Type | None]:
        return ref, TYPES.get(ref)

    def size(self, ref: int) -> int:
        return SIZES.get(ref, 0)


def types() -> DebugInfo:
    return Types()  # type: ignore[return-value]


class Described(Side):
    """A side whose variables the test says, in place of debug information."""

    debug = types()
    variables: Mapping[str, Variable] = {}


def side(
    folder: Path, title: str, objects: Mapping[str, bytes], links: Mapping[str, str] | None = None
) -> Side:
    """Write an object with an exported thing of each name; ``links``: a pointer and its aim."""
    data, symbols = b"", []
    for name, content in objects.items():
        symbols.append(Sym(name, ".data", len(data), len(content), type=STT_OBJECT))
        data += content.ljust(-(-len(content) // 4) * 4, b"\0")
    at = {one.name: one.value for one in symbols}
    moves = [Rel(".data", at[name], aim) for name, aim in (links or {}).items()]
    path = folder / f"{title}.o"
    elf = Elf(sections=[Sec(".data", data, flags=3)], symbols=symbols, relocations=moves)
    path.write_bytes(elf.build())
    return Side(Object.read(path), title)


def described(base: Side, kinds: Mapping[str, int]) -> Side:
    """Return a side as mrustc's objects are: each static with its type."""
    places = {one.name: (one.section, one.value) for one in base.obj.symbols if one.name}
    made = Described(base.obj, base.title)
    variables = {
        name: Variable(0, 0, name, name, name, external=True, declaration=False, type=kind,
                       place=places[name])
        for name, kind in kinds.items()
    }  # fmt: skip
    made.__dict__["variables"] = variables
    return made


def compared(
    folder: Path,
    mine: Mapping[str, bytes],
    theirs: Mapping[str, bytes],
    kinds: Mapping[str, int],
    links: Mapping[str, str] | None = None,
) -> list[Finding | Skipped]:
    one = described(side(folder, "mrustc", mine, links), kinds)
    return list(statics.compare_statics(one, side(folder, "rustc", theirs, links), REPRS))


def test_equal_statics_give_nothing(tmp_path: Path) -> None:
    whole = {"N": b"\0\0\0\7", "P": b"\0\0\0\1\0\2\0\0", "W": b"\0\1\0\2"}
    assert compared(tmp_path, whole, whole, {"N": U32, "P": PAIR, "W": WORDS}) == []


@pytest.mark.parametrize(
    ("kind", "mine", "theirs", "evidence"),
    [
        (F32, b"\0\0\xc0\x3f", b"\x3f\xc0\0\0", "mrustc has float bits 0xc03f, rustc float bits"),
        (I32, b"\xff\xff\xff\xff", b"\0\0\0\1", "rustc 1"),
        (WORDS, b"\0\1\0\2", b"\0\1\0\3", "[1]: mrustc has 2, rustc 3"),
        (PAIR, b"\0\0\0\1\0\2\0\0", b"\0\0\0\1\0\5\0\0", ".1: mrustc has 2, rustc 5"),
        (NEW, b"\0\0\0\1", b"\0\0\0\2", "mrustc has 1, rustc 2"),
        # C reads an exported one: its halves are in the wrong order for a big-endian machine.
        (HALVES, bytes(7) + b"\1" + bytes(8), bytes(15) + b"\1", "rustc 0x1"),
    ],
)
def test_another_value_is_an_error(
    tmp_path: Path, kind: int, mine: bytes, theirs: bytes, evidence: str
) -> None:
    (found,) = compared(tmp_path, {"X": mine}, {"X": theirs}, {"X": kind})
    assert isinstance(found, Finding)
    assert (found.check, found.severity, found.place) == ("compare.constant", Severity.ERROR, "X")
    assert evidence in found.evidence


def test_padding_is_not_compared(tmp_path: Path) -> None:
    mine, theirs = b"\0\0\0\1\0\2\xaa\xaa", b"\0\0\0\1\0\2\0\0"
    assert compared(tmp_path, {"P": mine}, {"P": theirs}, {"P": PAIR}) == []


def test_rusts_own_layout_is_skipped_with_the_reason_where_the_bytes_differ(tmp_path: Path) -> None:
    mine, theirs = b"\0\0\0\1\0\2\0\0", b"\0\2\0\0\0\0\0\1"
    (found,) = compared(tmp_path, {"O": mine}, {"O": theirs}, {"O": OWN})
    assert isinstance(found, Skipped)
    assert "O (a type with Rust's own layout" in found.reason
    assert compared(tmp_path, {"O": mine}, {"O": mine}, {"O": OWN}) == []


@pytest.mark.parametrize(
    ("text", "length", "evidence"),
    [(b"text", 4, ""), (b"best", 4, "b'text'"), (b"text", 3, "4 elements, rustc 3 elements")],
)
def test_texts_are_compared_by_what_the_pointer_leads_to(
    tmp_path: Path, text: bytes, length: int, evidence: str
) -> None:
    mine = {"T": b"\0\0\0\0\0\0\0\4", "literal": b"text"}
    theirs = {"T": b"\0\0\0\0\0\0\0" + bytes([length]), "literal": text}
    found = compared(tmp_path, mine, theirs, {"T": SLICE}, {"T": "literal"})
    texts = [one.evidence for one in found if isinstance(one, Finding)]
    assert (evidence in texts[0]) if evidence else (texts == []), found


def test_a_pointer_and_null_differ(tmp_path: Path) -> None:
    one = described(
        side(tmp_path, "mrustc", {"P": bytes(4), "n": b"\0\0\0\1"}, {"P": "n"}), {"P": PTR}
    )
    other = side(tmp_path, "rustc", {"P": bytes(4), "n": b"\0\0\0\1"})
    (found,) = statics.compare_statics(one, other, REPRS)
    assert isinstance(found, Finding)
    assert "mrustc has a pointer, rustc 0x0" in found.evidence


def test_a_static_of_one_side_only_is_named(tmp_path: Path) -> None:
    name = "rust_RNvCsk6BLxRoNVbQ_5konst5TABLE"
    found = compared(tmp_path, {"N": b"\0\0\0\1"}, {"N": b"\0\0\0\1", name: bytes(4)}, {"N": U32})
    (skip,) = found
    assert isinstance(skip, Skipped)
    assert skip.reason.startswith("only rustc has konst::TABLE")


def test_a_value_past_the_end_of_its_section_is_skipped(tmp_path: Path) -> None:
    (found,) = compared(tmp_path, {"N": bytes(2)}, {"N": bytes(2)}, {"N": HALVES})
    assert isinstance(found, Skipped)
    assert "past the end" in found.reason


def test_missing_symbols_and_other_sizes_are_errors(tmp_path: Path) -> None:
    one = side(tmp_path, "mrustc", {"gone": bytes(4), "table": bytes(4)})
    other = side(tmp_path, "rustc", {"more": bytes(4), "table": bytes(8)})
    found = {each.place: each for each in compare_symbols(one, other, same=True)}
    assert set(found) == {"gone", "more", "table"}
    assert {each.severity for each in found.values()} == {Severity.ERROR}
    assert found["table"].evidence == "mrustc has 4 bytes, rustc 8"


@pytest.mark.parametrize(
    ("mine", "theirs", "severity", "evidence"),
    [
        ([U32, PTR], [U32, PTR], None, ""),
        ([U32], [U32, U32], Severity.ERROR, "takes 0 parameters, rustc 1"),
        ([VOID, U32], [VOID, U16], Severity.ERROR, "integer of 2 bytes"),
        ([VOID, F32], [VOID, U32], Severity.ERROR, "parameter 1 is float of 4 bytes"),
        ([VOID, PAIR], [VOID, U64], Severity.ERROR, "struct of 8 bytes"),
        ([I16], [U16], Severity.WARNING, "the result is signed integer"),
        ([VOID, PTR], [VOID, U32], Severity.WARNING, "pointer of 4 bytes"),
        ([VOID, NEW], [VOID, U32], Severity.WARNING, "a struct of integer"),
    ],
)
def test_parameter_lists(
    tmp_path: Path, mine: list[int], theirs: list[int], severity: Severity | None, evidence: str
) -> None:
    empty = side(tmp_path, "mrustc", {"x": bytes(4)}), side(tmp_path, "rustc", {"x": bytes(4)})
    lists = [border.handed_over(types(), signature(*refs)) for refs in (mine, theirs)]
    found = list(border.compare_lists("f", (empty[0], lists[0]), (empty[1], lists[1])))
    assert [one.severity for one in found] == ([] if severity is None else [severity])
    assert all(evidence in one.evidence for one in found)


def signature(returns: int, *parameters: int) -> Signature:
    made = tuple(Parameter(f"p{at}", ref) for at, ref in enumerate(parameters))
    return Signature(made, variadic=False, returns=returns, prototyped=True)


TWO = Rules({"u8": 1, "u16": 2, "u32": 2, "u64": 2, "ptr": 2}, "two")
FOUR = Rules({"u8": 1, "u16": 2, "u32": 4, "u64": 4, "ptr": 4}, "four")


def test_a_layout_that_the_other_alignments_do_not_give_is_an_error() -> None:
    padded = struct("a::R", ("_0", U16, 0), ("_1", U32, 4), size=8)
    assert list(border.different_layout(types(), "a::R", padded, (FOUR, FOUR), "repr(C)")) == []
    tight = struct("a::R", ("_0", U16, 0), ("_1", U32, 2), size=6)
    packed = "repr(C, packed(2))"
    assert list(border.different_layout(types(), "a::R", tight, (TWO, FOUR), packed)) == []
    (found,) = border.different_layout(types(), "a::R", tight, (TWO, FOUR), "repr(C)")
    assert found.severity is Severity.ERROR
    assert "mrustc has 6 bytes with members at 0, 2, rustc 8 bytes" in found.evidence
    odd = struct("a::R", ("_0", U16, 0), ("_1", U32, 3), size=9)
    (found,) = border.different_layout(types(), "a::R", odd, (FOUR, FOUR), "repr(C)")
    assert "repr(C) does not give this by four" in found.evidence


def test_a_test_that_only_one_skips_is_an_error() -> None:
    found = list(compare_runs(Logs("ok 1 a # SKIP no float\n", "ok 1 a 00ff\n")))
    assert [one.severity for one in found if isinstance(one, Finding)] == [Severity.ERROR]
    assert list(compare_runs(Logs("ok 1 a\n", "ok 1 a\n"))) == []
    (skip,) = compare_runs(Logs(reason="no emulator"))
    assert skip == Skipped("compare.log", "no emulator")


def test_the_named_library_source_is_mrustcs() -> None:
    options = Options(Path("c"), "m68k", Path("/o"), rust_src="/src")
    first, second = (one_of_both(options, name) for name in ("mrustc", "rustc"))
    assert (first.rust_src, first.out, first.transpiler) == ("/src", Path("/o/mrustc"), "mrustc")
    assert (second.rust_src, second.out, second.transpiler) == ("", Path("/o/rustc"), "rustc")


def test_a_verdict_says_who_made_the_file() -> None:
    verdict = Verdict(Path("a/hello.ko"), "m68k", "00", Sizes(1, 2, 3), (), (), ())
    assert labelled(verdict, "rustc").path == Path("a/hello.ko (rustc)")
    assert labelled(verdict, "") == verdict


def test_a_missing_mrustc_is_told_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_named: str | None) -> None:
        raise UserError("mrustc not found", mend="build it")

    monkeypatch.setattr(choice, "find_mrustc", absent)
    with pytest.raises(UserError) as caught:
        choice.require_both()
    assert caught.value.what == "transpiler=both needs mrustc, too: mrustc not found"
    assert caught.value.mend == "build it; or build with one: transpiler=rustc"


@pytest.mark.parametrize("words", [["rustc", "--only", "both"], ["both", "--only", "link"]])
def test_stages_belong_to_one_transpiler(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = ["build", str(tmp_path), "--arch", "m68k", "--out", str(tmp_path), "--transpiler"]
    assert cli.main([*usual, *words]) == 1
    assert "does not go with --only" in capsys.readouterr().err


def test_only_build_takes_both(tmp_path: Path) -> None:
    words = [str(tmp_path), "--arch", "m68k", "--out", str(tmp_path), "--transpiler", "both"]
    with pytest.raises(SystemExit) as caught:
        cli.main(["transpile", *words])
    assert caught.value.code == 2
