# SPDX-License-Identifier: GPL-2.0-only
"""A Rust file as marks are written into it: its text, tokens and macros, by rustc's places."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, split_arguments, tokens
from pipeline.witness.macros import groups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.witness.macros import Group
    from pipeline.witness.mir import Span


# What no expression begins with, or ends in.
_NO_BEGIN: Final = frozenset(["/", "%", "+", "^", "=", ","])
_NO_END: Final = frozenset(["+", "-", "*", "/", "%", "&", "|", "^", "<", "=", "!", ","])


def _is_whole(part: Sequence[Token]) -> bool:
    """Say whether some tokens may be an expression, as far as brackets and operators tell."""
    depth = 0
    for token in part:
        depth += (token.text in OPEN) - (token.text in OPEN.values())
        if depth < 0:
            return False
    return depth == 0 and part[0].text not in _NO_BEGIN and part[-1].text not in _NO_END


class SourceFile:
    """A source file's text, tokens and macros."""

    def __init__(self, path: Path, name: str, text: str) -> None:
        self.path = path
        self.name = name
        self.text = text
        # The lexer keeps no text of what is neither a name nor a mark.
        self.stream = [one._replace(text=text[one.start : one.end]) for one in tokens(text, path)]
        self.groups = groups(self.stream)
        self._starts = [one.start for one in self.stream]
        # Where an assert! begins that has a message.
        self.shown = {one.start for one in self.groups if self._has_message(one)}
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def _has_message(self, group: Group) -> bool:
        if group.name != "assert":
            return False
        first, end = (bisect.bisect_left(self._starts, at) for at in (group.inner, group.end - 1))
        return len(split_arguments(self.stream[first:end])) > 1

    def is_plain(self, group: Group, plain: AbstractSet[str]) -> bool:
        """Say whether a macro's call shows nothing of its arguments."""
        return group.name in plain or group.start in self.shown

    def between(self, span: Span) -> tuple[int, int] | None:
        """Return the first token of a place and the one behind it, None where it is none.

        In a macro's body rustc may tell of a place that is no expression: of ``$f), ($e) /``
        where it means the quotient in ``assert_eq!(($e).wrapping_div($f), ($e) / $f)``.
        """
        if max(span.line, span.end_line) >= len(self._lines):
            return None
        start = self._lines[span.line - 1] + span.column - 1
        end = self._lines[span.end_line - 1] + span.end_column - 1
        first, last = (bisect.bisect_left(self._starts, at) for at in (start, end))
        if first >= last or self._starts[first] != start or self.stream[last - 1].end != end:
            return None
        return (first, last) if _is_whole(self.stream[first:last]) else None

    def position(self, at: int) -> tuple[int, int, bool]:
        """Return a character's line and column, and whether a panic there names just these.

        In a macro's definition it names the macro's call.
        """
        line = bisect.bisect_right(self._lines, at)
        known = not any(one.defined for one in self.around(at, at))
        return line, at - self._lines[line - 1] + 1, known

    def is_plain_call(self, group: Group) -> bool:
        """Say whether a macro is called by its bare name, in parentheses, without an attribute.

        Whoever defines a macro of this name has another one.
        """
        at = bisect.bisect_left(self._starts, group.start)
        before = self.stream[at - 1].text if at else ""
        own = any(one.defined and one.name == group.name for one in self.groups)
        return (
            not own
            and before != "]"
            and not before.endswith("::")
            and self.text[group.inner - 1] == "("
        )

    def around(self, start: int, end: int) -> list[Group]:
        """Return the macros whose arguments or definition these characters are in."""
        return [one for one in self.groups if one.holds(start, end)]
