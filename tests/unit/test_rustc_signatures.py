# SPDX-License-Identifier: GPL-2.0-only
"""Signatures from rustc's own representation, and signs from signatures."""

from __future__ import annotations

import pytest

from pipeline.transpile.rustc.heads import read_head
from pipeline.transpile.rustc.signatures import RustSignature, Signatures

MIR = """\
fn exported(_1: i32, _2: &'{erased} (u8, i64)) -> Code {
    let mut _6: extern "C" fn(Large) -> Large;
    bb0: {
        _2 = ConstValue(ZeroSized: unsafe extern "C" fn(i64, *const u8, fn(u8) -> i8, ...) -> isize {ffi::far})(move _1) -> [return: bb2, unwind unreachable];
        _3 = ConstValue(ZeroSized: extern "C" fn() {ffi::nothing})() -> [return: bb3];
    }
}
fn <impl at src/lib.rs:3:1: 3:9>::twice(_1: u8) -> () {
fn other::twice(_1: i8) -> () {
fn Code(_1: i16) -> Code {
"""  # noqa: E501 - a line of rustc's


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("exported", RustSignature(("i32", "&(u8, i64)"), "Code")),
        ("far", RustSignature(("i64", "*const u8", "fn(u8) -> i8"), "isize")),
        ("nothing", RustSignature((), "()")),
        ("twice", None),
        ("absent", None),
    ],
)
def test_a_signature_is_found_by_its_name(name: str, wanted: RustSignature | None) -> None:
    assert Signatures([MIR]).get(name) == wanted


def test_signs_are_those_of_rust_also_inside_a_struct_of_one() -> None:
    head, _ = read_head("define noundef i16 @near(i32 noundef %a, ptr noundef %b) {", {}, "")
    signed = Signatures([MIR]).signed(head, "exported")
    assert [sorted(one.attributes) for one in signed.parameters] == [
        ["noundef", "signext"],
        ["noundef"],
    ]
    assert "signext" in signed.result_attributes
    assert Signatures([MIR]).signed(head, "nothing") == head


def test_a_convention_that_unwinds_is_noted() -> None:
    assert Signatures([MIR]).unwinding == ""
    text = 'let _1: extern "C-unwind" fn(u8);'
    assert Signatures([MIR, text]).unwinding == 'extern "C-unwind"'
