# SPDX-License-Identifier: GPL-2.0-only
"""Where constants stand that have no name, by the lines that mrustc writes."""

from __future__ import annotations

from pipeline.transpile.constants.within import Within

LINES = """\
Constant Evaluate-  visit_function: >> (::"v"::first)
Expand HIR Static Borrow-  visit_function: Function code ::"v"::shown
Expand HIR Static Borrow-     operator(): ::"v"::lifted#0 = {}
Expand HIR Static Borrow-    operator(): ::"v"::const#1 = {}
Expand HIR Static Borrow-       operator(): [lvalue_is_copy] ty=u32
Expand HIR Static Borrow-  visit_function: Function code <::"v"::closure#shown_0/*S*/>::call_free
Expand HIR Static Borrow-   operator(): ::"v"::lifted#3 = {}
"""


def read(lines: str) -> Within:
    found = Within()
    for line in lines.splitlines():
        found.line(line)
    return found


def test_a_block_and_what_is_promoted_are_of_the_function_that_mrustc_was_at() -> None:
    found = read(LINES)
    assert found.function('<* as ::"v"::lifted#0>') == '::"v"::shown'
    assert found.function('<* as ::"v"::const#1>') == '::"v"::shown'


def test_a_closures_is_of_the_function_around_it() -> None:
    assert read(LINES).function('<* as ::"v"::lifted#3>') == '::"v"::shown'


def test_what_is_made_before_is_of_what_mrustc_was_at_when_it_began() -> None:
    found = read('Constant Evaluate-  visit_function: >> (::"v"::first)\n')
    found.begins('<* as ::"v"::lifted#C_0>', "")
    found.begins('<* as ::"v"::lifted#C_1>', '::"v"::A')
    assert found.function('<* as ::"v"::lifted#C_0>') == '::"v"::first'
    assert found.function('<* as ::"v"::lifted#C_1>') == '::"v"::A'


def test_what_has_a_name_is_of_no_function() -> None:
    found = read(LINES)
    found.begins('::"v"::A', "")
    assert found.function('::"v"::A') == ""
    assert found.function('<* as ::"v"::B>') == ""
