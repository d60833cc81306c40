# SPDX-License-Identifier: GPL-2.0-only
"""``concat!`` of numbers: mrustc 0.12 prints floats as C++ does, and takes no negative ones.

rustc has them as they are written, without ``_`` and suffix: ``4.0`` is ``4.0``, not ``4``.
Numbers that are written in so many words become strings; what a macro is given is refused.

Source: rustc_builtin_macros/src/concat.rs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.errors import UserError
from pipeline.transpile.rewrite.edits import Edit
from pipeline.transpile.rewrite.macros import arguments, calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.transpile.rewrite.macros import Definition

_NAME: Final = "concat"
_FLOAT: Final = re.compile(
    r"(-\s*)?(\d[\d_]*(?:\.(?:\d[\d_]*)?)?(?:[eE][+-]?[\d_]+)?)(?:f(?:16|32|64|128))?"
)
_SUFFIX: Final = re.compile(r"f(?:16|32|64|128)$")
_EXPONENT: Final = re.compile(r"\d[\d_]*[eE][\d_]*(f\d+)?")
_INTEGER: Final = re.compile(r"-\s*(\d[\d_]*?)_*(?:[iu](?:\d+|size))?")


def pasting(
    macros: Sequence[Definition], calling: Mapping[str, AbstractSet[str]]
) -> frozenset[str]:
    """Return the macros that may hand what they are given to ``concat!``, by themselves or not."""
    direct = {
        one.name
        for one in macros
        for arm in one.arms
        for call in calls(arm.body)
        if call.name == _NAME and any(each.text == "$" for each in arm.body[call.start : call.end])
    }
    return frozenset(direct | {name for name, called in calling.items() if called & direct})


def edits(
    source: str,
    stream: Sequence[Token],
    path: Path,
    pasted: AbstractSet[str],
    own: AbstractSet[str],
) -> Iterator[Edit]:
    """Yield the numbers in the calls of ``concat!`` that mrustc prints otherwise, as strings.

    ``own`` are the macros that the sources define, ``pasted`` those of :func:`pasting`.
    :class:`~pipeline.errors.UserError` where one of these is given a float.
    """
    if _NAME in own:
        return
    for call in calls(stream):
        if call.name in pasted and _has_float(stream, call.start, call.end):
            raise UserError(
                "mrustc makes another text of a float that a macro gives to concat!",
                where=f"{path}:{stream[call.start - 3].line}",
                mend="write the text itself; or build with transpiler=rustc",
            )
        if call.name == _NAME:
            for begin, end in arguments(stream, call.start, call.end):
                start, stop = stream[begin].start, stream[end - 1].end
                text = _text(source[start:stop])
                if text is not None:
                    yield Edit(start, stop, f'"{text}"')


def _text(written: str) -> str | None:
    """Return what rustc makes of a number, None where it is none that mrustc prints otherwise."""
    if match := _INTEGER.fullmatch(written):
        return f"-{int(match[1].replace('_', ''))}"
    match = _FLOAT.fullmatch(written)
    if match is None or (match[2].replace("_", "").isdigit() and not _SUFFIX.search(written)):
        return None
    return "-" * bool(match[1]) + match[2].replace("_", "")


def _has_float(stream: Sequence[Token], begin: int, end: int) -> bool:
    """Say whether a float may be among words: a point behind a number, an exponent, a suffix."""
    for at in range(begin, end):
        text = stream[at].text
        if not text[:1].isdigit() or text[:2] in ("0x", "0b", "0o"):
            continue
        point = at + 1 < end and stream[at + 1].text == "."
        if point or _SUFFIX.search(text) or _EXPONENT.fullmatch(text):
            return True
    return False
