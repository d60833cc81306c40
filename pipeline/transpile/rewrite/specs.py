# SPDX-License-Identifier: GPL-2.0-only
"""Format strings (https://doc.rust-lang.org/std/fmt/#syntax), and how to write them for mrustc.

mrustc 0.12 reads most of them rightly (expand/format_args.cpp).  What it does not:

- `{:05}` is for it a fill with zeros.  Where no alignment is given the library that mrustc gets
  puts that right (``mends.yaml``); beside one `-`, which has no meaning in Rust, says it;
- `{:x?}` is read as `{:` and a text `?}`, and forgotten where the placeholder has nothing else.
  The text is left out by the library, and `-` makes the placeholder one with something else;
- `{:.0}` and a width of 0 are none.  65536 is: it is not 0 when mrustc asks, and 0 in 16 bits;
- `{:.*}` it does not take: the arguments are named by their numbers;
- space before `}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from pipeline.transpile.rewrite.edits import UnfitError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = r"[^\W\d]\w*"
_SPEC = re.compile(
    rf"""
    (?P<argument>\d+|{_NAME})?
    (?P<before>\s*)
    (?P<colon>:
      (?:(?P<fill>.)?(?P<align>[<^>]))?
      (?P<sign>[+-])?
      (?P<alternate>\#)?
      (?P<zero>0(?!\$))?
      (?P<width>(?:\d+|{_NAME})\$|\d+)?
      (?:\.(?P<precision>\*|(?:\d+|{_NAME})\$|\d+))?
      (?P<kind>[xX]\?|\?|{_NAME})?
    )?
    (?P<space>\s*)
    """,
    re.VERBOSE | re.DOTALL,
)
# mrustc keeps widths and precisions in 16 bits, and looks whether they are 0 before.
_ZERO: Final = "65536"
_HEX: Final = ("x?", "X?")


@dataclass(frozen=True)
class Placeholder:
    """One ``{…}``: the characters between its braces, and its parts as they are written."""

    start: int
    end: int
    argument: str
    spaced: bool
    colon: bool
    fill: str
    align: str
    sign: str
    alternate: str
    zero: str
    width: str
    precision: str
    kind: str

    @property
    def text(self) -> str:
        """What is between the braces."""
        precision = f".{self.precision}" if self.precision else ""
        spec = (
            f":{self.fill}{self.align}{self.sign}{self.alternate}{self.zero}{self.width}"
            f"{precision}{self.kind}"
        )
        return self.argument + (spec if self.colon and spec != ":" else "")


class Change(NamedTuple):
    """Characters of a format string, from one to before another, and what is to stand there."""

    start: int
    end: int
    text: str


def placeholders(text: str) -> list[Placeholder] | None:
    """Return the placeholders of a format string, None where the text is not one."""
    found = []
    at = 0
    while at < len(text):
        if text[at] not in "{}":
            at += 1
        elif text[at : at + 2] in ("{{", "}}"):
            at += 2
        elif text[at] == "}":
            return None
        else:
            match = _SPEC.match(text, at + 1)
            if match is None or text[match.end() : match.end() + 1] != "}":
                return None
            found.append(_placeholder(match))
            at = match.end() + 1
    return found


def _placeholder(match: re.Match[str]) -> Placeholder:
    part = {name: value or "" for name, value in match.groupdict().items()}
    return Placeholder(
        match.start(), match.end(), part["argument"], bool(part["before"] or part["space"]),
        bool(part["colon"]), part["fill"], part["align"], part["sign"], part["alternate"],
        part["zero"], part["width"], part["precision"], part["kind"],
    )  # fmt: skip


def changes(text: str, *, numbered: bool = True) -> list[Change]:
    """Return what mrustc has to find in a format string in place of what is there.

    Without ``numbered`` it is only a part of one, and arguments cannot be counted.  Raises
    :class:`UnfitError` where there is no other spelling, and for what is not a format string.
    """
    found = placeholders(text)
    if found is None:
        raise UnfitError("its placeholders cannot be told")
    starred = numbered and any(one.precision == "*" for one in found)
    meant = list(_counted(found)) if starred else found
    return [
        Change(one.start, one.end, right.text)
        for one, counted in zip(found, meant, strict=True)
        if (right := _spelled(counted)) != one
    ]


def is_misread(text: str) -> bool:
    """Say whether mrustc reads a format string otherwise than rustc; false for what is none."""
    if placeholders(text) is None:
        return False
    try:
        return bool(changes(text))
    except UnfitError:
        return True


def _counted(found: list[Placeholder]) -> Iterator[Placeholder]:
    """Name the arguments that are taken in their order: a `*` takes one, too."""
    following = 0
    for one in found:
        argument, precision = one.argument, one.precision
        if precision == "*":
            precision = f"{following}$"
            following += 1
        if not argument:
            argument = str(following)
            following += 1
        yield replace(one, argument=argument, precision=precision)


def _spelled(one: Placeholder) -> Placeholder:
    """Return a placeholder as mrustc reads it rightly."""
    right = replace(one, spaced=False)
    if one.sign == "-" and (one.align or one.kind in _HEX):
        raise UnfitError(f"{{{one.text}}} has a `-`, which stands for something else there")
    if one.fill == "}":
        raise UnfitError(f"{{{one.text}}} is filled with what ends a placeholder")
    if right.precision.isdecimal() and int(right.precision) == 0:
        right = replace(right, precision=_ZERO)
    if right.width.isdecimal() and int(right.width) == 0:
        right = replace(right, width=_ZERO)
    if one.align:
        if one.zero and one.sign == "+":
            raise UnfitError(f"{{{one.text}}} has an alignment, a sign, and zeros behind the sign")
        return replace(right, zero="", sign="-" if one.zero else one.sign)
    others = one.sign + one.alternate + one.zero + right.width + right.precision
    return replace(right, sign="-") if one.kind in _HEX and not others else right
