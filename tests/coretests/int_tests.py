# SPDX-License-Identifier: GPL-2.0-only
"""The source of the tests of integers: what their assertions are made of has the test's name.

Each is a block with a function and a constant of its own, and mrustc numbers blocks.  What is
refused of one by its path (``num::u8::#73::runtime``) is then of a known test.
"""

from __future__ import annotations

import re

_MACRO = re.compile(r"^macro_rules! assert_eq_const_safe \{\n.*?^\}\n", re.DOTALL | re.MULTILINE)
_CALL = re.compile(r"\bassert_eq_const_safe!\(")


def told_their_test(text: str) -> str:
    """Return the file that has the macro, line by line the same, with a name for it to be told."""

    def named(found: re.Match[str]) -> str:
        rule = found[0].replace("($t:ty:", "($test:ident; $t:ty:").replace("!($t:", "!($test; $t:")
        return re.sub(r"\b(?:runtime|PAT)\b", "$test", rule)

    return _MACRO.sub(named, text)


def tell(text: str, name: str) -> str:
    """Return a test of that name, which tells the assertions in it what it is."""
    return _CALL.sub(rf"\g<0>{name}; ", text)
