# SPDX-License-Identifier: GPL-2.0-only
"""Labels in macros: each macro's get names that no other code has.

A label in a macro's body is another one than a label of the same name in what the macro gets (the
Rust Reference, "Hygiene").  mrustc 0.12 keeps them apart until it lowers the syntax, and goes by
the name alone from there (``from_ast_expr.cpp``): the innermost loop of that name is left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, group_end
from pipeline.errors import UserError
from pipeline.transpile.rewrite.edits import Edit
from pipeline.transpile.rewrite.macros import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.transpile.rewrite.macros import Arm, Call, Definition

_LIFETIME = re.compile(r"'(?:r#)?[^\W\d]\w*$")
_LOOPS: Final = frozenset({"loop", "while", "for", "{", "unsafe"})
_JUMPS: Final = frozenset({"break", "continue"})
# What stands before a lifetime in a type, and before no label.
_OF_TYPES: Final = frozenset({"&", "&&", "<", "+", ":"})
_MEND: Final = "give the labels other names; or build with transpiler=rustc"


class Labels:
    """The labels of one file; ``suffix`` makes its names other ones than those of other files."""

    def __init__(
        self,
        stream: Sequence[Token],
        path: Path,
        found: Sequence[Definition],
        reached: Mapping[str, frozenset[str]],
        suffix: str,
    ) -> None:
        """Take a file's words and its macros; ``reached`` says which macros a macro calls."""
        self.stream = stream
        self.path = path
        self.found = found
        self.reached = reached
        self.suffix = suffix
        # The innermost macro in whose body a word is, as mrustc will have it.
        self.owner = [-1] * len(stream)
        for number, one in enumerate(found):
            self.owner[one.start : one.end] = [number] * (one.end - one.start)

    def edits(self) -> Iterator[Edit]:
        """Yield the changes; :class:`~pipeline.errors.UserError` where renaming does not help."""
        bodies: list[tuple[Arm, dict[str, str]]] = []
        for number, one in enumerate(self.found):
            outer = {}
            for around, names in bodies:
                if around.begin <= one.start < around.begin + len(around.body):
                    outer = names
            for turn, arm in enumerate(one.arms):
                own = self._defined(number, arm)
                new = outer | {name: f"{name}__{self.suffix}{number}_{turn}" for name in own}
                bodies.append((arm, new))
                yield from self._renamed(number, one, arm, new, own)

    def _within(self, number: int, arm: Arm) -> Iterator[int]:
        """Yield the indices of an arm's words that are of no macro inside."""
        for at in range(arm.begin, arm.begin + len(arm.body)):
            if self.owner[at] == number:
                yield at

    def _defined(self, number: int, arm: Arm) -> set[str]:
        """Return the labels of loops and blocks in an arm."""
        return {self.stream[at].text for at in self._within(number, arm) if self._defines(at, arm)}

    def _defines(self, at: int, arm: Arm) -> bool:
        if not _LIFETIME.match(self.stream[at].text):
            return False
        colon, loop, name = (self.stream[at + ahead].text for ahead in (1, 2, 3))
        if colon != ":":
            return False
        return loop in _LOOPS or (loop == "$" and arm.variables.get(name) == "block")

    def _renamed(
        self, number: int, one: Definition, arm: Arm, new: dict[str, str], own: set[str]
    ) -> Iterator[Edit]:
        inner = calls(arm.body)
        for at in self._within(number, arm):
            token = self.stream[at]
            if not _LIFETIME.match(token.text):
                continue
            jumps = self.stream[at - 1].text in _JUMPS
            if jumps and token.text not in new:
                self._refuse_free(at)
            if token.text not in new:
                continue
            place = at - arm.begin
            around = [call for call in inner if call.start <= place < call.end]
            if not (jumps or self._defines(at, arm)) and (
                not around or self.stream[at - 1].text in _OF_TYPES
            ):
                continue
            if jumps and token.text in own:
                self._refuse_again(at, one, arm, around)
            yield Edit(token.start, token.end, new[token.text])

    def _refuse_again(self, at: int, one: Definition, arm: Arm, around: Sequence[Call]) -> None:
        """Refuse a jump out of a macro that is called inside itself: both have the same label."""
        for call in around:
            begin = arm.begin + call.start
            # What a macro is given may be the name of any other.
            named = self.stream[begin - 4].text == "$"
            again = named or call.name == one.name or one.name in self.reached.get(call.name, ())
            if again and not any(
                self.stream[other].text == self.stream[at].text and self._defines(other, arm)
                for other in range(begin, at)
            ):
                self._refuse(at, f"{one.name}! is used inside itself")

    def _refuse_free(self, at: int) -> None:
        """Refuse a jump to a loop around the macro's definition, where another has its label."""
        label = self.stream[at].text
        places = [
            other
            for other in range(len(self.stream) - 2)
            if self.owner[other] < 0
            and self.stream[other].text == label
            and self.stream[other + 1].text == ":"
            and self.stream[other + 2].text in _LOOPS
        ]
        for place in places:
            end = self._loop_end(place)
            if any(place < other < end for other in places):
                self._refuse(at, "it is the label of several loops")

    def _loop_end(self, at: int) -> int:
        """Return the index behind the loop whose label is at ``at``."""
        while at < len(self.stream) and self.stream[at].text != "{":
            at = group_end(self.stream, at) if self.stream[at].text in OPEN else at + 1
        return group_end(self.stream, at)

    def _refuse(self, at: int, why: str) -> None:
        token = self.stream[at]
        raise UserError(
            f"mrustc may leave another loop than the one that {token.text} means: {why}",
            where=f"{self.path}:{token.line}",
            mend=_MEND,
        )
