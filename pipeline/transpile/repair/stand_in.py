# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc has no C for, or wrong C that cannot be mended: it does not link.

Its stand-ins for LLVM's functions are one: a crate reaches them by ``#[link_name = "llvm.…"]``, as
``core::arch`` does for vectors.  mrustc writes C for a dozen of them (codegen_c.cpp,
``emit_function_ext``), else an abort.  Functions of ``core`` that show a type's name are another.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.transpile.repair.tokens import UnknownFormError

NO_C: Final = "ferric_mrustc_has_no_"
"""What the names of functions begin with that nobody defines: the rest says what is missing."""
_FOREIGN: Final = "// EXTERN extern "
# core's functions that ask for a type's name, which mrustc gives as its parser has types: with
# quotes around the crate, lifetimes, a comma behind the last of several.
_SHOWS_A_NAME = re.compile(
    r"// <::\"core\"::(?:"
    r"mem::maybe_uninit::MaybeUninit<.*"
    r"|(?:marker::PhantomData|marker::variance::Phantom\w+)<.*[\"',#].*,"
    r")>/\*[SU]\*/ as ::\"core\"::fmt::Debug>::fmt<"
)
# Whole bodies that do what the instruction does.  Of the others, pshufb takes no index from its
# mask, pmovmskb keeps eight of 16 bits, addcarryx adds to a byte, and a lane's shift is undefined
# from its width on.
_RIGHT: Final = frozenset(
    [
        ('\t__asm__ __volatile__ ("pause");', "\treturn ;"),
        (
            "\tuint32_t lo, hi;",
            '\t__asm__ __volatile__ ("xgetbv" : "=a" (lo), "=d" (hi) : "c" (arg0) );',
            "\treturn lo | ((uint64_t)hi << 32);",
        ),
        ("\tmemcpy(arg0, &arg1, sizeof(arg1));",),
        (
            "\trv._0 = __builtin_add_overflow(arg1, arg2, &rv._1);",
            "\tif(arg0) rv._0 |= __builtin_add_overflow(rv._1, 1, &rv._1);",
            "\treturn rv;",
        ),
        (
            "\trv._0 = __builtin_sub_overflow(arg1, arg2, &rv._1);",
            "\tif(arg0) rv._0 |= __builtin_sub_overflow(rv._1, 1, &rv._1);",
            "\treturn rv;",
        ),
    ]
)


def refused(name: str) -> str:
    """Return C for what mrustc has wrong: a call of nothing, which is refused where it is reached.

    It is dropped with the function around it where nothing reaches that.
    """
    if not name.isidentifier():
        raise UnknownFormError(f"what mrustc has wrong has no name: {name}")
    symbol = f"{NO_C}{name}"
    return f"{{ extern void {symbol}(void); {symbol}(); }}"


def is_stand_in(lines: list[str], start: int) -> bool:
    """Say whether the function whose ``{`` is line ``start`` stands for one of LLVM's."""
    return lines[_head(lines, start)].startswith(_FOREIGN)


def refuse_wrong(lines: list[str], start: int, end: int) -> bool:
    """Make the body between two braces, a stand-in's, one that does not link where it is wrong.

    Say whether it was.
    """
    body = lines[start + 1 : end]
    rest = tuple(line for line in body if not line.endswith(" rv;"))
    if rest in _RIGHT:
        return False
    name = lines[_head(lines, start)].rpartition("::")[2]
    lines[start + 1 : end] = [f"\t{refused(name)} abort();", *[""] * (len(body) - 1)]
    return True


def shows_a_name(lines: list[str], start: int) -> bool:
    """Say whether the function whose ``{`` is line ``start`` shows a type's name otherwise."""
    return _SHOWS_A_NAME.match(lines[_head(lines, start)]) is not None


def _head(lines: list[str], start: int) -> int:
    """Return the line of the comment that says which function this is."""
    for at in range(start, -1, -1):
        if lines[at].startswith("// "):
            return at
    raise UnknownFormError("a function without a comment above it")
