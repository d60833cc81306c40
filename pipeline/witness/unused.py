# SPDX-License-Identifier: GPL-2.0-only
"""Find checked values that are never used, where no rustc tells: mrustc would remove the check.

Types are not known here, nor what a function does with its arguments.  Looked for are statements: a
``let`` whose names do not come again before their block ends, and an expression that is computed
and left.  Where one has an index or a division in it, its panic may be lost.
"""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind, tokens
from pipeline.crate.sources import sources
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.crate.model import Crate

_KEYWORDS: Final = frozenset(
    [
        "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum",
        "extern", "fn", "for", "if", "impl", "in", "let", "loop", "macro",
        "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct",
        "trait", "type", "union", "unsafe", "use", "where", "while", "yield", "_",
    ]
)  # fmt: skip
_DIVISIONS: Final = ("/", "%")
_SUMS: Final = ("+", "-", "*", "<<", ">>")
_CAPTURED = re.compile(r"\{([A-Za-z_]\w*)")


def refuse_unused(crate: Crate, *, overflow_checks: bool) -> None:
    """Refuse a crate, for mrustc, where a check's value is not used.

    :class:`~pipeline.errors.UserError` names the file and the line of each.
    """
    for path in sorted(sources(crate).rust):
        text = path.read_text(encoding="utf-8")
        lines = doubtful(text, path, overflow_checks=overflow_checks)
        if lines:
            raise UserError(
                "a value is computed and never used, and no rustc checked: mrustc removes it, and "
                "the panic that Rust promises where an index or a division fails",
                where=f"{path}:{', '.join(map(str, lines))}",
                mend="remove the statement, or use the value (core::hint::black_box(…)); or have "
                "rustc installed, or build with transpiler=rustc",
            )


def doubtful(source: str, path: Path, *, overflow_checks: bool) -> list[int]:
    """Return the lines of statements with a check in them whose value is not used.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    return _File(source, path, overflow_checks=overflow_checks).doubtful()


class _Let:
    """A ``let``: where its value is, what it binds, and where the names end."""

    def __init__(self, at: int, value: tuple[int, int], names: set[str], end: int) -> None:
        self.at = at
        self.value = value
        self.names = names
        self.end = end


class _File:
    """The tokens of a file, and where each name is."""

    def __init__(self, source: str, path: Path, *, overflow_checks: bool) -> None:
        self.stream = [
            one._replace(text=source[one.start : one.end]) for one in tokens(source, path)
        ]
        self.operators = (*_DIVISIONS, *_SUMS) if overflow_checks else _DIVISIONS
        self.names: dict[str, list[int]] = {}
        self.ends: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self.stream):
            if token.kind in (Kind.IDENT, Kind.RAW):
                self.names.setdefault(token.text, []).append(at)
            elif token.kind is Kind.STRING:
                for name in _CAPTURED.findall(token.text):
                    self.names.setdefault(name, []).append(at)
            elif token.text in OPEN:
                opened.append(at)
            elif token.text in OPEN.values() and opened:
                self.ends[opened.pop()] = at + 1

    def doubtful(self) -> list[int]:
        lets: list[_Let] = []
        lines: set[int] = set()
        block: list[int] = []
        for at, token in enumerate(self.stream):
            while block and self.ends.get(block[-1], len(self.stream)) <= at:
                block.pop()
            end = self.ends.get(block[-1], len(self.stream)) if block else len(self.stream)
            if token.text == "{":
                block.append(at)
            if token.text == "let" and (found := self._let(at, end)) is not None:
                lets.append(found)
            elif self._begins(at) and self._is_left(at):
                lines.add(token.line)
        lines.update(
            self.stream[one.at].line for one in self._dead(lets) if self._checks(one.value)
        )
        return sorted(lines)

    def _dead(self, lets: list[_Let]) -> list[_Let]:
        """Return those whose names come again nowhere but in values that are not used either."""
        dead: list[_Let] = []
        while True:
            unused = [one.value for one in dead]
            more = [
                one
                for one in lets
                if one not in dead and not any(self._comes(name, one, unused) for name in one.names)
            ]
            if not more:
                return dead
            dead += more

    def _comes(self, name: str, let: _Let, unused: Sequence[tuple[int, int]]) -> bool:
        places = self.names.get(name, [])
        later = places[
            bisect.bisect_left(places, let.value[1]) : bisect.bisect_left(places, let.end)
        ]
        return any(not any(start <= at < end for start, end in unused) for at in later)

    def _let(self, at: int, end: int) -> _Let | None:
        before = self.stream[at - 1].text if at else ";"
        if before in ("if", "while", "&&", "(", "|", "||"):
            return None
        equal = self._find(at, "=")
        stop = self._find(equal, ";")
        if equal >= stop or stop >= len(self.stream):
            return None
        colon = min(self._find(at, ":"), equal)
        return _Let(at, (equal + 1, stop), self._bound(at + 1, colon), end)

    def _find(self, at: int, text: str) -> int:
        """Return where ``text`` is next outside of any group, or where the group around ends."""
        while at < len(self.stream) and self.stream[at].text != text:
            if self.stream[at].text in OPEN.values():
                return len(self.stream)
            at = self.ends.get(at, at + 1)
        return at

    def _bound(self, start: int, end: int) -> set[str]:
        found = set()
        for at in range(start, end):
            token, following = self.stream[at], self.stream[at + 1].text
            if token.kind not in (Kind.IDENT, Kind.RAW) or token.text in _KEYWORDS:
                continue
            if following not in ("::", "(", "{", "!") and not token.text[0].isupper():
                found.add(token.text)
        return found

    def _checks(self, part: tuple[int, int]) -> bool:
        """Say whether there is an index or an operator among these tokens."""
        return any(self._is_check(at, part[0]) for at in range(*part))

    def _is_check(self, at: int, start: int) -> bool:
        token = self.stream[at]
        if token.text == "[" and at > start:
            return self._is_value(at - 1)
        return at > start and token.kind is Kind.OTHER and token.text.startswith(self.operators)

    def _is_value(self, at: int) -> bool:
        """Say whether what ends here can be indexed: a name, a field, a group, ``?``, a string."""
        token = self.stream[at]
        if token.kind is Kind.IDENT:
            return token.text not in _KEYWORDS
        if token.kind in (Kind.RAW, Kind.STRING):
            return True
        return token.text in (")", "]") or token.text.endswith("?") or token.text[:1].isdigit()

    def _begins(self, at: int) -> bool:
        return at == 0 or self.stream[at - 1].text in (";", "{", "}")

    def _is_left(self, at: int) -> bool:
        """Say whether an expression begins here that is computed and left, with a check outside."""
        first = self.stream[at]
        following = self.stream[at + 1].text if at + 1 < len(self.stream) else ""
        if first.text in _KEYWORDS or first.text in ("#", "}", ";") or following == "!":
            return False
        stop = self._find(at, ";")
        if stop >= len(self.stream) or self._find(at, "=") < stop:
            return False
        outer, inner = [], at
        while inner < stop:
            outer.append(inner)
            inner = self.ends.get(inner, inner + 1)
        last = self.stream[stop - 1].text
        if last == "]" and self._is_check(outer[-1], at):
            return True
        return any(self.stream[one].kind is Kind.OTHER and self._is_check(one, at) for one in outer)
