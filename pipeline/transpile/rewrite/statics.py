# SPDX-License-Identifier: GPL-2.0-only
"""Statics: mrustc 0.12 copies the value of one that nobody can change, and gives that address.

``TABLE.as_ptr()`` and ``&TABLE[1]`` of a type that is ``Copy`` point to such a copy
(``static_borrow_constants.cpp``).  It takes none of a ``static mut``, and asks for no ``unsafe``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind, group_end
from pipeline.errors import UserError
from pipeline.transpile.rewrite.edits import Edit
from pipeline.transpile.rewrite.macros import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.transpile.rewrite.macros import Definition

_WORD: Final = "static"
_POINTERS: Final = frozenset({"as_ptr", "as_mut_ptr"})


def edits(stream: Sequence[Token], found: Sequence[Definition]) -> Iterator[Edit]:
    """Yield the statics of a file, and of its macros, as mutable ones."""
    left = _left(stream, found)
    for at in _statics(stream):
        if at not in left:
            yield Edit(stream[at].end, stream[at].end, " mut")


def kept(stream: Sequence[Token], found: Sequence[Definition], *, copied: bool) -> set[str]:
    """Return the names of the statics of a file that stay as they are: all, if it is not copied."""
    left = _left(stream, found)
    return {stream[at + 1].text for at in _statics(stream) if at in left or not copied}


def refuse_copies(stream: Sequence[Token], path: Path, names: AbstractSet[str]) -> None:
    """Refuse pointers to parts of statics of these names: they would point to copies.

    :class:`~pipeline.errors.UserError` names the file and the line.
    """
    for at in range(1, len(stream) - 2):
        if stream[at].text not in names:
            continue
        one, two = stream[at + 1].text, stream[at + 2].text
        if (one == "." and two in _POINTERS) or (
            stream[at - 1].text in ("&", "&&", "mut", "const") and _is_part(stream, at + 1)
        ):
            raise UserError(
                "mrustc makes this pointer one to a copy of the static",
                where=f"{path}:{stream[at].line}",
                mend="&STATIC as *const _; or define the static outside of a macro's arguments, in "
                "a crate that reads no file outside its folder; or build with transpiler=rustc",
            )


def _is_part(stream: Sequence[Token], at: int) -> bool:
    """Say whether fields and elements follow a static's name, and no call."""
    begin = at
    while at < len(stream) and stream[at].text in (".", "["):
        at = group_end(stream, at) if stream[at].text == "[" else at + 2
    return at > begin and (at >= len(stream) or stream[at].text not in ("(", "::"))


def _left(stream: Sequence[Token], found: Sequence[Definition]) -> set[int]:
    """Return where a static stays: mrustc takes no ``static mut`` for an item in a macro's call."""
    left = {
        at
        for call in calls(stream)
        if call.name != "macro_rules"
        for at in range(call.start, call.end)
    }
    for one in found:
        bodies = {at for arm in one.arms for at in range(arm.begin, arm.begin + len(arm.body))}
        left.update(set(range(one.start, one.end)) - bodies)
    return left


def _statics(stream: Sequence[Token]) -> Iterator[int]:
    """Yield where the word stands before a static that has a value: one of C's has none."""
    for at, token in enumerate(stream[:-3]):
        if token.kind is Kind.IDENT and token.text == _WORD:
            name = at + 2 if stream[at + 1].text == "$" else at + 1
            named = stream[name].kind is not Kind.OTHER and stream[name + 1].text == ":"
            if named and _is_defined(stream, name + 2):
                yield at


def _is_defined(stream: Sequence[Token], at: int) -> bool:
    while at < len(stream) and stream[at].text not in ("=", ";", "}"):
        at = group_end(stream, at) if stream[at].text in OPEN else at + 1
    return at < len(stream) and stream[at].text == "="
