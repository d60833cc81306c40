# SPDX-License-Identifier: GPL-2.0-only
"""Calls of which mrustc would make a constant, and Rust does not, found in rustc's MIR.

What is borrowed and made of constants alone is a constant of its own for mrustc, also where it is
the result of a ``const fn``: its interpreter computes it, and stops where the call would panic.
For rustc a call is one only where the function is marked as promotable (``u32::max_value`` and a
few others of core's); MIR has a constant then, and no call (Reference, "Constant promotion").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LOCAL = re.compile(r"_\d+\b")
_NAMED = re.compile(r"debug .* => (_\d+);$")
_GIVEN = re.compile(r"(_\d+) = (.*)")
_CALL = re.compile(r"(?!const |copy |move |&|\[)[^()]*\(.*\) -> \[return: ")
_BORROWED = re.compile(r"&(?!mut |raw )(?:fake \w+ )?\(*\*?(_\d+)\b")
# A value of these types stays what it is where it is handed on: nothing coerces it.
_SETTLED = re.compile(r"(?:&'?\w* ?str|[\w:]+(?:<[\w:<>, ]+>)?|\[\w+; \w+\]|\((?:\w+(?:, )?)+\))$")
_COERCED: Final = ("Box<", "Rc<", "Arc<", "Pin<", "NonNull<")


class Calls:
    """The variables of one function in MIR: its lines of code, and their types by name."""

    def __init__(self, code: Sequence[str], types: Mapping[str, str]) -> None:
        """Take all lines of the function, those that name its variables included."""
        self.types = types
        self.named = {match[1] for line in code if (match := _NAMED.match(line))}
        self.given: dict[str, list[str]] = {}
        for line in code:
            if match := _GIVEN.match(line):
                self.given.setdefault(match[1], []).append(match[2])
        self._constant: dict[str, bool] = {}
        self._borrowed = self._reached()

    def is_run(self, line: str) -> bool:
        """Say whether a line is a call that mrustc would make a constant of."""
        given = _GIVEN.match(line)
        if given is None or not _CALL.match(given[2]) or given[1] not in self._borrowed:
            return False
        kind = self.types.get(given[1], "")
        settled = _SETTLED.match(kind) and not any(one in kind for one in _COERCED)
        return bool(settled) and self._is_constant(given[1])

    def _is_constant(self, name: str) -> bool:
        """Say whether a temporary is made of constants alone: none that depends on itself is."""
        left = [(name, False)]
        while left:
            one, looked_at = left.pop()
            if looked_at:
                parts = all(self._constant[part] for part in self._inner(one))
                self._constant[one] = parts and one not in self.named and one in self.given
            elif one not in self._constant:
                self._constant[one] = False
                left += [(one, True), *((part, False) for part in self._inner(one))]
        return self._constant[name]

    def _inner(self, name: str) -> Iterator[str]:
        for of in self.given.get(name, ()):
            yield from _LOCAL.findall(of.partition(" -> [")[0])

    def _reached(self) -> set[str]:
        """Return the temporaries that are borrowed, and those that these are made of."""
        found = {
            match[1]
            for all_given in self.given.values()
            for of in all_given
            if (match := _BORROWED.match(of))
        }
        left = list(found)
        while left:
            name = left.pop()
            for one in () if name in self.named else self._inner(name):
                if one not in found:
                    found.add(one)
                    left.append(one)
        return found
