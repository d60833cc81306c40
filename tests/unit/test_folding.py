# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc computes wrongly of numbers that it knows is seen in what it writes down."""

from __future__ import annotations

import pytest

from pipeline.transpile.constants.folding import wrong

BEGIN = "MIR Optimise-       MIR_Optimise_ConstPropagate: BB0/2:  "


@pytest.mark.parametrize(
    "step",
    [
        "BinOp(0x1 u8 BIT_SHL +9 i32) = 0x0 u8",
        "BinOp(-128 i8 BIT_SHR +9 i32) = -1 i8",
        "BinOp(0x1 u32 BIT_SHL 0x21 u32) = 0x0 u32",
        "BinOp(+1 i32 BIT_SHL -1 i32) = +0 i32",
        "BinOp(0x1 usize BIT_SHL +32 i32) = 0x0 usize",
        "BinOp(-128 i8 DIV -1 i8) = -128 i8",
        "BinOp(-2147483648 isize MOD -1 isize) = +0 isize",
        "BinOp(+7 i32 MOD -2 i32) = -1 i32",
        "BinOp(+7 i32 DIV -2 i32) = -4 i32",
        "BinOp(0xff u8 ADD 0x2 u8) = 0x101 u8",
        "BinOp(-1 i8 LT +1 i8) = false",
        "UniOp(_86 NEG) = 128 i8",
        "BinOp(1x u8 ADD 0x2 u8) = 0x3 u8",
        "UniOp(_86 NEG) = +2147483648 isize",
        "UniOp(_86 NEG) = +9223372036854775808 i64",
    ],
)
def test_what_mrustc_folds_otherwise(step: str) -> None:
    assert wrong(BEGIN + step, 4)


@pytest.mark.parametrize(
    "step",
    [
        "BinOp(0x1 u8 BIT_SHL +7 i32) = 0x80 u8",
        "BinOp(-7 i32 BIT_SHR +31 i32) = -1 i32",
        "BinOp(0x1 usize BIT_SHL +31 i32) = 0x80000000 usize",
        f"BinOp(0x1 u128 BIT_SHL 0x7f u32) = {1 << 127:#x} u128",
        "BinOp(+1 i32 ADD +40 i32) = +41 i32",
        "BinOp(-127 i8 DIV -1 i8) = +127 i8",
        "BinOp(-128 i8 MOD +2 i8) = +0 i8",
        "BinOp(0x80 u8 DIV 0x1 u8) = 0x80 u8",
        "BinOp(-7 i32 DIV +2 i32) = -3 i32",
        "BinOp(-7 i32 MOD +2 i32) = -1 i32",
        "BinOp(0xff u8 ADD 0x2 u8) = 0x1 u8",
        "BinOp(+127 i8 MUL +2 i8) = -2 i8",
        "BinOp(+0 i8 SUB -128 i8) = -128 i8",
        "BinOp(-1 i8 LT +1 i8) = true",
        f"BinOp(-{-(1 << 127)} i128 ADD +1 i128) = {1 - (1 << 127)} i128",
        "BinOp(0x1p+0 f64 ADD 0x1p+0 f64) = 0x1p+1 f64",
        "UniOp(_86 NEG) = -128 i8",
        "UniOp(_86 NEG) = +127 i8",
        "UniOp(_3 NEG) = -0x1p+0 f64",
        "UniOp(_3 INV) = 0x7f u8",
        "Value _3 known to be 0x21 u32",
    ],
)
def test_what_it_folds_rightly(step: str) -> None:
    assert not wrong(BEGIN + step, 4)


@pytest.mark.parametrize(
    ("step", "panics"),
    [
        ("BinOp(0xff u8 ADD 0x2 u8) = 0x1 u8", True),
        ("BinOp(+127 i8 MUL +2 i8) = -2 i8", True),
        ("BinOp(+0 i8 SUB -128 i8) = -128 i8", True),
        ("BinOp(0x0 usize SUB 0x1 usize) = 0xffffffff usize", True),
        ("BinOp(0xfe u8 ADD 0x1 u8) = 0xff u8", False),
        ("BinOp(-127 i8 SUB +1 i8) = -128 i8", False),
        ("BinOp(0x80 u8 BIT_SHL 0x1 u8) = 0x0 u8", False),
    ],
)
def test_a_sum_that_overflows_is_wrong_where_it_has_to_panic(step: str, panics: bool) -> None:
    assert not wrong(BEGIN + step, 4)
    assert bool(wrong(BEGIN + step, 4, overflow_checks=True)) == panics
