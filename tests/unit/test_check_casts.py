# SPDX-License-Identifier: GPL-2.0-only
"""A cast that changes no type is refused for mrustc where it is borrowed, not where it is used."""

from __future__ import annotations

import pytest

from pipeline.check.diagnostics import Diagnostic, read, without
from pipeline.check.gate import _borrowed


@pytest.mark.parametrize(
    "before", ["let b = &(", "f(&mut (", "x = &raw const (", "return &(", "[a, &(", "    &(x"]
)
def test_a_borrow_before_the_cast_is_seen(before: str) -> None:
    assert _borrowed(before)


@pytest.mark.parametrize(
    "before", ["let b = (", "a & (", "a && (", "f(x) & (", "v[0] & (", "b = x"]
)
def test_an_operator_before_the_cast_is_none(before: str) -> None:
    assert not _borrowed(before)


def test_the_line_before_the_place_is_read() -> None:
    line = (
        '{"rendered": "x", "code": {"code": "trivial_casts"}, "spans": [{"is_primary": true, '
        '"text": [{"text": "let b = &(a as i32);", "highlight_start": 10, "highlight_end": 20}]}]}'
    )
    (one,) = read(line)
    assert (one.code, one.before) == ("trivial_casts", "let b = &(")


@pytest.mark.parametrize(
    "count", ["warning: 1 warning emitted", "\x1b[33mwarning\x1b[0m: 2 warnings emitted\n\n"]
)
def test_rustcs_count_is_not_shown_of_what_is_not(count: str) -> None:
    cast, total, other = (
        Diagnostic("trivial_casts", "a"),
        Diagnostic("", count),
        Diagnostic("", "b"),
    )
    assert without([cast, cast, total], {"trivial_casts"}) == []
    assert without([cast, other, total], {"trivial_casts"}) == [other, total]
    assert without([cast, total], ()) == [cast, total]
