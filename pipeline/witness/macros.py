# SPDX-License-Identifier: GPL-2.0-only
"""Where a Rust file calls and defines macros, and which of them show their arguments as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind, Token, group_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Macros of core and of the crate `kernel` that evaluate what they get, and show none of it.
_PLAIN: Final = frozenset(
    [
        "assert_eq", "assert_ne", "debug_assert_eq", "debug_assert_ne", "format", "format_args",
        "matches", "panic", "pr_alert", "pr_cont", "pr_crit", "pr_debug", "pr_emerg", "pr_err",
        "pr_info", "pr_notice", "pr_warn", "print", "println", "eprint", "eprintln", "todo",
        "unimplemented", "unreachable", "vec", "write", "writeln",
    ]
)  # fmt: skip
_DEFINING: Final = ("macro_rules", "macro")


@dataclass(frozen=True)
class Group:
    """A macro's call or definition: its ``name``, and the characters of its name and arguments.

    ``inner`` is where the arguments begin, behind their delimiter.
    """

    name: str
    start: int
    inner: int
    end: int
    defined: bool

    def holds(self, start: int, end: int) -> bool:
        """Say whether these characters are among the arguments, or in the definition."""
        return self.inner <= start and end < self.end


def groups(stream: Sequence[Token]) -> list[Group]:
    """Return the macros that are called or defined in a file's tokens, outer ones first."""
    found = []
    for at, token in enumerate(stream):
        if token.kind is not Kind.IDENT:
            continue
        words = [one.text for one in stream[at + 1 : at + 4]]
        if token.text in _DEFINING and words[:1] == ["!"] and len(words) > 2:
            name, opening = words[1], at + 3
        elif token.text == "macro" and words and stream[at + 1].kind is Kind.IDENT:
            name, opening = words[0], at + 2
            if words[1:2] == ["("]:
                after = group_end(stream, opening)
                opening = after if after < len(stream) and stream[after].text == "{" else opening
        elif words[:1] == ["!"] and words[1:2] != ["="]:
            name, opening = token.text, at + 2
        else:
            continue
        if opening < len(stream) and stream[opening].text in OPEN:
            end = stream[group_end(stream, opening) - 1].end
            defined = token.text in _DEFINING
            found.append(Group(name, token.start, stream[opening].end, end, defined))
    return found


def plain_macros(files: Iterable[Sequence[Group]]) -> frozenset[str]:
    """Return the macros that show none of their arguments: core's, and those of these files.

    Whoever shows them (``stringify!``, ``assert!``, or a macro that passes them on to one of these)
    would show what is written into them.
    """
    defined: dict[str, set[str]] = {}
    for found in files:
        for outer in (one for one in found if one.defined):
            inside = (one for one in found if outer.holds(one.start, one.end - 1))
            names = defined.setdefault(outer.name, set())
            names.update(one.name for one in inside if not one.defined)
    plain = set(_PLAIN) | set(defined)
    while True:
        left = {name for name in plain if not defined.get(name, set()) <= plain}
        if not left:
            return frozenset(plain)
        plain -= left
