# SPDX-License-Identifier: GPL-2.0-only
"""The source of the tests of floats, as mrustc can take it.

It finds no macro by a path.  These tests have each macro twice, one to run and one for constants,
and take either by the same name with ``use``.  A crate has tests of one kind alone, so that it can
have the macros of that kind.  And it knows no float of 16 or 128 bits.
"""

from __future__ import annotations

import re

_USE = re.compile(
    r"(?P<root>^pub\(crate\) )?\buse (?:super|\$crate::floats|crate::floats)?(?:::)?"
    r"(?P<what>\{[^{}]*\}|\w+);",
    re.MULTILINE,
)
_WIDTHS = ("f16", "f128")
_OF_WIDTH = re.compile(r"\b(?=impl \w+ for (?:f16|f128) \{|fn test_(?:f16|f128)\(\))")
_MACRO = re.compile(r"(?P<of>assert_\w+?)_(?:rt|const)(?: as (?P=of))?")


def by_their_names(text: str, *, constant: bool) -> str:
    """Return a file of the tests of floats, line by line the same, without macros in a ``use``.

    Where the file takes those that run for all others, they are those for constants with
    ``constant``.
    """

    def instead(found: re.Match[str]) -> str:
        items = [one.strip() for one in found["what"].strip("{}").split(",") if one.strip()]
        if not all(one.startswith("assert_") for one in items):
            return found[0]
        made = [
            f"macro_rules! {one['of']} {{ ($($t:tt)*) => {{ {one['of']}_{kind}!($($t)*) }} }} "
            for item in items
            if found["root"] and " as " in item and (one := _MACRO.fullmatch(item))
        ]
        return "".join(made) + "\n" * found[0].count("\n")

    kind = "const" if constant else "rt"
    return _USE.sub(instead, text)


def unusual(path: str) -> bool:
    """Say whether a test, by its path, is one of floats of 16 or 128 bits."""
    return any(part.removeprefix("test_") in _WIDTHS for part in path.split("::"))


def without_unusual(text: str) -> str:
    """Return a file of the tests of floats, line by line the same, without those two widths."""
    return _OF_WIDTH.sub("#[cfg(any())] ", text)
