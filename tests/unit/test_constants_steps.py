# SPDX-License-Identifier: GPL-2.0-only
"""mrustc's steps in computing constants: which are kept, done again, and refused."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import ToolError, UserError
from pipeline.transpile.constants import numbers
from pipeline.transpile.constants.source import Sources
from pipeline.transpile.constants.trace import Audit
from pipeline.transpile.constants.traced import Steps, audit, traced
from pipeline.transpile.mrustc import Job

if TYPE_CHECKING:
    from pathlib import Path


def sources(folder: Path, text: str) -> Sources:
    path = folder / "lib.rs"
    path.write_text(text, encoding="utf-8")
    return Sources((path,))


def steps(*lines: str) -> list[str]:
    head = 'Constant Evaluate-  evaluate_constant: >> (::"t"::C)\n'
    return [head, *(f"Constant Evaluate-   run_{line}\n" for line in lines)]


CALL = 'terminator: E1 F0 BB0/TERM: Call( retval = ::"t"::pick( {}, ), bb1, bb2)'
SWITCH = "terminator: E1 F1 BB0/TERM: SwitchValue( a0 : 1 => bb2, 300 => bb4, else bb1)"
INTRINSIC = 'terminator: E1 F0 BB0/TERM: Call( _2 = "{}"::<{},>( {}, ), bb1, bb3)'
RESULT = "terminator: > E1 F0 _2 := ValueRef({{0+{}}}{})"


def checked(lines: list[str], tmp_path: Path, text: str = "pub const C: u32 = 1;") -> None:
    Audit(4, sources(tmp_path, text)).read(lines)


@pytest.mark.parametrize(
    ("value", "block", "right"),
    [("0x12c u32", 4, True), ("0x12c u32", 1, False), ("0x101 u32", 2, False),
     ("0x1 u32", 2, True), ("0x5 u32", 1, True), ("0x1 char", 2, True)],
)  # fmt: skip
def test_the_arm_of_a_match(value: str, block: int, right: bool, tmp_path: Path) -> None:
    lines = steps(CALL.format(value), SWITCH, f"terminator: E1 F1 BB{block}/TERM: Return")
    if right:
        checked(lines, tmp_path)
        return
    with pytest.raises(UserError, match=r'lib\.rs:1: mrustc computes ::"t"::C wrongly: a `match`'):
        checked(lines, tmp_path)


def test_the_result_of_a_function_is_known_where_it_was_called(tmp_path: Path) -> None:
    for block, right in ((4, True), (1, False)):
        lines = steps(
            'terminator: E1 F0 BB0/TERM: Call( _0 = ::"t"::number( ), bb1, bb2)',
            "statement: E1 F1 BB0/0: retval = Constant(0x12c u32)",
            "statement: > E1 F1 retval := ValueRef({0+4}2C010000)",
            "terminator: E1 F1 BB0/TERM: Return",
            "terminator: E1 F0 BB1/TERM: SwitchValue( _0 : 1 => bb2, 300 => bb4, else bb1)",
            f"terminator: E1 F0 BB{block}/TERM: Return",
        )
        if right:
            checked(lines, tmp_path)
            continue
        with pytest.raises(UserError, match="wrong arm"):
            checked(lines, tmp_path)


def test_a_match_on_what_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="may compute"):
        checked(steps(CALL.format('::"t"::OTHER'), SWITCH), tmp_path)


@pytest.mark.parametrize(
    ("name", "kind", "operands", "size", "result", "right"),
    [
        ("mul_with_overflow", "u8", "0x64 u8, 0x7 u8", 2, "BC00", False),
        ("mul_with_overflow", "u8", "0x64 u8, 0x7 u8", 2, "BC01", True),
        ("add_with_overflow", "i32", "<i32 /*- */>::MAX, +1 i32", 8, "01------00000080", True),
        ("add_with_overflow", "i32", "<i32 /*- */>::MAX, +1 i32", 8, "00------00000080", False),
        ("saturating_sub", "i32", "-5 i32, +1 i32", 4, "FAFFFFFF", True),
        ("saturating_sub", "i32", "<i32 /*- */>::MIN, +1 i32", 4, "7F000000", False),
        ("bitreverse", "u8", "0x1 u8", 1, "80", True),
        ("bitreverse", "u8", "0x1 u8", 1, "00", False),
        ("rotate_left", "u32", "0x12345678 u32, 0x8 u32", 4, "12785634", True),
        ("rotate_right", "u64", "0x1 u64, 0x8 u32", 8, "0100000000000000", False),
        ("mul_with_overflow", "T/*I:0*/", "0x1 u8, 0x2 u8", 2, "0200", False),
    ],
)
def test_an_intrinsic(
    name: str,
    kind: str,
    operands: str,
    size: int,
    result: str,
    right: bool,
    tmp_path: Path,
) -> None:
    lines = steps(INTRINSIC.format(name, kind, operands), RESULT.format(size, result))
    if right:
        checked(lines, tmp_path)
        return
    with pytest.raises(UserError, match=name):
        checked(lines, tmp_path)


@pytest.mark.parametrize(
    ("of", "kind", "result", "right"),
    [
        ("0x1.2cp+8 f32", "u8", "2C", False),
        ("0x1.2cp+8 f32", "u8", "FF", True),
        ("-0x1.4p+2 f64", "u32", "00000000", True),
        ("nan f32", "i32", "00000080", False),
        ("-1 i32", "f32", "0000804F", False),
        ("-1 i32", "f32", "000080BF", True),
        ("0x12c u32", "u8", "2C", True),
    ],
)
def test_a_cast(of: str, kind: str, result: str, right: bool, tmp_path: Path) -> None:
    lines = steps(
        f"statement: E1 F0 BB0/0: _2 = Cast({of} as {kind})",
        f"statement: > E1 F0 _2 := ValueRef({{0+{len(result) // 2}}}{result})",
    )
    if right:
        checked(lines, tmp_path, "const C: f32 = 1.0;")
        return
    with pytest.raises(UserError, match="float"):
        checked(lines, tmp_path, "const C: f32 = 1.0;")


def operation(text: str, result: str, *said: int) -> list[str]:
    """Return the lines of ``_2 = BinOp(text)``; ``said`` are the operands that mrustc writes."""
    size = len(result) // 2
    return [
        *steps(f"statement: E1 F0 BB0/0: _2 = BinOp({text})"),
        *(f"Constant Evaluate-   do_arith_checked: {one} from a0\n" for one in said),
        *steps(f"statement: > E1 F0 _2 := ValueRef({{0+{size}}}{result})")[1:],
    ]


@pytest.mark.parametrize(
    ("text", "result", "said", "right"),
    [
        ("a0 MOD a1", "FFFFFFFF", (7, -2), False),
        ("a0 MOD a1", "01000000", (7, -2), True),
        ("a0.1 DIV a1*", "FD", (-7, 2), True),
        ("a0 ADD a1", "00", (-128, -128), True),
        ("a0 LT a1", "01", (-1, 1), True),
        ("a0 LT a1", "00", (-1, 1), False),
        ("a0 MUL a1", "00" * 8 + "03" + "00" * 7, (-(1 << 64), 3), False),
        ("a0 MUL a1", "00" * 8 + "FD" + "FF" * 7, (-(1 << 64), 3), True),
        ("-1 i128 BIT_SHR 0x64 u32", "FF" * 3 + "0F" + "00" * 4 + "FF" * 8, (), False),
        ("-1 i128 BIT_SHR 0x64 u32", "FF" * 16, (), True),
        ("0x10 u8 BIT_SHL +4 i32", "00", (), True),
        ("0x10 u8 BIT_SHL +4 i32", "01", (), False),
        ("0xff u8 ADD 0x2 u8", "01", (), True),
        ("a0 ADD a1", "01", (), True),
        ("0x1 usize LT 0x2 usize", "00", (), False),
        ("0x1 usize LT 0x2 usize", "01", (), True),
    ],
)
def test_an_operator(
    text: str, result: str, said: tuple[int, ...], *, right: bool, tmp_path: Path
) -> None:
    lines = operation(text, result, *said)
    if right:
        checked(lines, tmp_path)
        return
    with pytest.raises(UserError, match="wrongly: (`operator|a comparison)"):
        checked(lines, tmp_path)


@pytest.mark.parametrize(
    ("text", "result"), [("a0 BIT_SHR a1", "00" * 16), ("+1 i32 MOD a1", "01000000")]
)
def test_an_operator_of_what_is_not_known(text: str, result: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be known"):
        checked(operation(text, result), tmp_path)


def test_a_constant_that_is_computed_within_a_step_takes_nothing_from_it(tmp_path: Path) -> None:
    outer = operation("a0 MOD a1", "FFFFFFFF", 7, -2)
    inner = [one.replace("E1 ", "E2 ") for one in operation("a0 ADD a1", "03", 1, 2)]
    with pytest.raises(UserError, match="operator MOD"):
        checked([*outer[:2], *inner[1:], *outer[2:]], tmp_path)


def test_the_type_of_an_element_says_what_is_cast(tmp_path: Path) -> None:
    parts = [("[u8]", "[_1]"), ("(f32, u8, )", ".1"), ("[f32; 2]", "[_1]"), ("(f32, u8, )", ".0")]
    for (whole, part), right in zip(parts, (True, True, False, False), strict=True):
        lines = steps("statement: E1 F0 BB0/0: _2 = Cast(a0*[_1] as u32)")
        lines.append(f"Constant Evaluate-  get_lval: {part} ValueRef({{0+1}}73): {whole}\n")
        lines += steps("statement: > E1 F0 _2 := ValueRef({0+4}73000000)")[1:]
        if right:
            checked(lines, tmp_path, "const C: f32 = 1.0;")
            continue
        with pytest.raises(UserError, match="cannot be known"):
            checked(lines, tmp_path, "const C: f32 = 1.0;")


def test_what_was_folded_before(tmp_path: Path) -> None:
    lines = [
        "MIR Optimise- operator(): BB0/1: Value _1 known to be 0x1.2cp+8 f32\n",
        "MIR Optimise-  MIR_Optimise_ConstPropagate: BB0/1:  Cast(_1 as u8) = 0x2c u8\n",
    ]
    with pytest.raises(UserError, match="float"):
        checked(lines, tmp_path, "fn f() -> u8 { 300.0_f32 as u8 }")
    checked([lines[0], lines[1].replace("0x2c", "0xff")], tmp_path, "fn f() -> f32 { 1.0 }")


@pytest.mark.parametrize(
    ("operands", "right"),
    [
        ("0x1p+24 f32 ADD 0x1p+0 f32", True),
        ("0x1.000001p+24 f32 ADD 0x1p+0 f32", False),
        ("inf f32 MUL nan f32", True),
        ("0x1p+200 f32 MUL 0x1p+0 f32", False),
        ("0x1.000001p+24 f64 ADD 0x1p+0 f64", True),
    ],
)
def test_what_is_computed_with_was_rounded(operands: str, *, right: bool, tmp_path: Path) -> None:
    line = f"MIR Optimise-  MIR_Optimise_ConstPropagate: BB0/1:  BinOp({operands}) = 0x1p+0 f32\n"
    if right:
        checked([line], tmp_path, "fn f() -> f32 { 1.0 }")
        return
    with pytest.raises(UserError, match="not rounded"):
        checked([line], tmp_path, "fn f() -> f32 { 1.0 }")


def test_an_mrustc_that_says_nothing_is_none_to_be_trusted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("Constant Evaluate: V V V\n(0.01 s) Constant Evaluate: DONE\n")
    job = Job("t", "rlib", "2021", "lib.rs", tmp_path, tmp_path, tmp_path / "libt.rlib", "1.90")
    with pytest.raises(ToolError, match="DISABLE_DEBUG"):
        audit(Steps(("Constant Evaluate",), log), job, 4, sources(tmp_path, "const A: u8 = 1;"))


def test_numbers_are_rounded_once() -> None:
    exact = (1 << 60) + (1 << 36) + 1
    assert struct.unpack("<f", numbers.to_float(exact, "f32"))[0] == float((1 << 60) + (1 << 37))
    assert numbers.to_float(-(1 << 24) - 1, "f32") == struct.pack("<f", -float(1 << 24))


def test_what_is_folded_in_a_function_is_told_by_its_name(tmp_path: Path) -> None:
    lines = [
        'MIR Optimise-      MIR_Optimise: >> (::"t"::opposite)',
        "MIR Optimise-       MIR_Optimise: >> (Pass 4)",
        "MIR Optimise-       MIR_Optimise_ConstPropagate: BB0/2:  UniOp(_8 NEG) = +128 i8",
    ]
    with pytest.raises(UserError, match=r"rs:1: mrustc computes .*::opposite wrongly: a number"):
        checked(lines, tmp_path, "fn opposite() -> u8 { -x() }")


def test_each_group_of_phases_has_a_log_of_what_is_read(tmp_path: Path) -> None:
    job = Job("t", "rlib", "2021", "lib.rs", tmp_path, tmp_path, tmp_path / "libt.rlib", "1.90")
    lines = {
        b"Phase A- x\n": "A",  # the first of its phase
        b"Phase A- y\n": "",
        b"Phase A- a: BinOp(1 ADD _0)\n": "",
        b"Phase A- a: BinOp(0x1 u8 ADD 0x1 u8) = 0x2 u8\n": "A",
        b"Phase B- run_statement: E1 F1 BB0/1: _1 = Use(_2)\n": "B",
        b"Phase C- run_statement: E1 F1 BB0/1: _1 = Use(_2)\n": "A",
        b"   _3 = BIT_SHL(0x1 u32, _4);\n": "",
        b"src/lib.rs:3: error:0:no\n": "kept",
        b"Trans Codegen: DONE\n": "kept",
    }
    with traced(job, tmp_path / "x", ("Phase A", "Phase C"), ("Phase B",)) as (told, steps):
        assert told.env == (("MRUSTC_DEBUG", "Phase A:Phase C:Phase B"),)
        assert told.keep is not None
        kept = [line for line in lines if told.keep(line)]
    logs = (kept, *(one.log.read_bytes().splitlines(keepends=True) for one in steps))
    for name, log in zip(("kept", "A", "B"), logs, strict=True):
        assert log == [line for line, of in lines.items() if of == name]


def test_no_more_is_written_of_a_trace_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.transpile.constants.traced.MAX_OUTPUT", 100)
    job = Job("t", "rlib", "2021", "lib.rs", tmp_path, tmp_path, tmp_path / "libt.rlib", "1.90")
    with traced(job, tmp_path, ("Phase",)) as (told, (steps,)):
        assert told.keep is not None
        for _ in range(50):
            told.keep(b"Phase-  run_x\n")
    assert 100 <= steps.log.stat().st_size < 120
    with pytest.raises(ToolError, match="more than can be read"):
        audit(steps, job, 4, sources(tmp_path, "const A: u8 = 1;"))


def test_all_constants_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    one = steps(CALL.format("0x12c u32"), SWITCH, "terminator: E1 F1 BB1/TERM: Return")
    other = [line.replace("::C)", "::D)").replace("E1", "E2") for line in one]
    end = ["Constant Evaluate-  evaluate_constant: << (x)\n"]
    with pytest.raises(UserError) as error:
        checked([*one, *end, *other, *end, *one], tmp_path, "const C: u32 = 1;\nconst D: u32 = 1;")
    assert [line.rpartition("/")[2] for line in str(error.value).splitlines()[:2]] == [
        f'lib.rs:{at}: mrustc computes ::"t"::{name} wrongly: a `match` in it takes the wrong arm'
        for at, name in ((1, "C"), (2, "D"))
    ]
    assert str(error.value).count("mrustc computes") == 2


def test_a_cast_of_a_bool_is_none_from_a_float(tmp_path: Path) -> None:
    lines = steps(CALL.format("false"), "statement: E1 F1 BB0/0: _2 = Cast(a0 as u8)",
                  "statement: > E1 F1 _2 := ValueRef({0+1}00)")  # fmt: skip
    checked(lines, tmp_path, "pub const C: f32 = 1.0;")
    with pytest.raises(UserError, match="what a cast in it is given cannot be known"):
        checked([one.replace("false", "x") for one in lines], tmp_path, "pub const C: f32 = 1.0;")
