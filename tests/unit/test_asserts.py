# SPDX-License-Identifier: GPL-2.0-only
"""Assertions of Rust's library, in rustc's words for mrustc."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.transpile.asserts import worded


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("self.is_char_boundary(new_len)", "self.is_char_boundary(new_len)"),
        ("buf[0] > b'0'", "buf[0] > b'0'"),
        ("size_of::<Cell<T>>() == 0", "size_of::<Cell<T>>() == 0"),
        (r'sep != "\""', r"sep != \"\\\"\""),
    ],
)
def test_an_assertion_is_a_branch_with_rustcs_text(line: str, shown: str) -> None:
    text = f"fn f() {{\n    assert!({line});\n}}\n"
    wanted = f'    if !({line}) {{ crate::panicking::panic("assertion failed: {shown}") }};\n'
    assert worded(text, "core", Path("f.rs")) == f"fn f() {{\n{wanted}}}\n"
    assert "::core::panicking::panic(" in worded(text, "alloc", Path("f.rs"))


@pytest.mark.parametrize(
    "line",
    [
        'assert!(at <= len, "no room");',
        "assert!($at <= len);",
        "assert!(\n        at <= len\n    );",
        "assert!(at /* the end */ <= len);",
        "assert!({ at } <= len);",
        "assert!(at <= len,);",
        "assert_eq!(at, len);",
        "// assert!(at <= len);",
        f"assert!({'x' * 61});",
    ],
)
def test_others_stay_as_they_are(line: str) -> None:
    text = f"fn f() {{\n    {line}\n}}\n"
    assert worded(text, "core", Path("f.rs")) == text
