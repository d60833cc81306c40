# SPDX-License-Identifier: GPL-2.0-only
"""Symbols as people read them: the Rust paths of what mrustc and rustc mangled.

Whatever the bytes of a name are, the answer comes soon, is short, and is no exception.
"""

from __future__ import annotations

import re

from pipeline.names import legacy, mrustc, v0
from pipeline.names.text import MAX_SYMBOL, MalformedError, TooLongError, Writer

# GCC appends what it did to a copy of a function (gcc/symtab.c, clone_function_name), LLVM a
# number to a symbol that it made unique.
# Of mrustc's functions some have a second form that is told its caller (repair/callers.py).
_SUFFIX = re.compile(r"(?:_at)?(?:\.[A-Za-z0-9_$]+)*")
_READERS = (
    (re.compile(r"ZR[GIQT][0-9A-Za-z_]+?(?:\$[0-9a-f]{1,16})?(?=(?:_at)?(?:\.|$))"), mrustc.read),
    (re.compile(r"_R[A-Z0-9][0-9A-Za-z_]*"), v0.read),
    (re.compile(r"_ZN.*?17h[0-9a-f]{16}E"), legacy.read),
)


def demangle(symbol: str) -> str | None:
    """Return the Rust path of a mangled symbol, None for any other name.

    mrustc 0.12's names, and rustc's of both forms, are known.  The hashes of crates are left out.
    What GCC or LLVM appended (``.constprop.0``, ``.llvm.123``) follows in braces.  A path too long
    to show ends in an ellipsis.
    """
    if len(symbol) > MAX_SYMBOL:
        return None
    for pattern, read in _READERS:
        match = pattern.match(symbol)
        if match is None:
            continue
        suffix = symbol[match.end() :]
        if not _SUFFIX.fullmatch(suffix):
            return None
        text = Writer()
        try:
            read(match[0], text)
        except TooLongError:
            text.cut()
        except MalformedError:
            return None
        return f"{text} {{{suffix}}}" if suffix else str(text)
    return None


def readable(symbol: str) -> str:
    """Return the Rust path of a mangled symbol, and any other name as it is."""
    return demangle(symbol) or symbol
