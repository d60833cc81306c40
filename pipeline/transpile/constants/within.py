# SPDX-License-Identifier: GPL-2.0-only
"""Which function a constant without a name stands in, by what mrustc says on its way.

``const { … }`` and what is promoted (``&[1, 2]``) become statics of mrustc's own, ``lifted#0`` and
``const#1``; nothing in the source is called so.
"""

from __future__ import annotations

import re
from typing import Final

INSIDE: Final = (b" visit_function: ", b" = {}")
"""What stands in the lines that are read."""
_FUNCTION = re.compile(r" visit_function: (?:Function code (?P<code>.*)|>> \((?P<begun>.*)\))$")
_MADE = re.compile(r" operator\(\): (\S.*) = \{\}$")
_NAME = re.compile(r"<\* as (.*)>$")
_UNNAMED = re.compile(r"(?:lifted|const)#(?:C_)?\d+$")
_CLOSURE = re.compile(r"<(::.*?)closure#(\w+?)_\d+/.*$")


class Within:
    """Reads mrustc's lines, and knows the function of each constant that it makes a name for."""

    def __init__(self) -> None:
        self._function = ""
        self._of: dict[str, str] = {}

    def line(self, line: str) -> None:
        """Take a line without its end."""
        if match := _FUNCTION.search(line):
            self._function = match["code"] or match["begun"]
        elif match := _MADE.search(line):
            self._of[match[1]] = self._function

    def begins(self, name: str, outer: str) -> None:
        """Note where a constant is that mrustc begins with; ``outer`` is one that needs it."""
        if (match := _NAME.match(name)) and _UNNAMED.search(match[1]):
            self._of.setdefault(match[1], outer or self._function)

    def function(self, name: str) -> str:
        """Return the path of the function that a constant is in; empty for one with a name."""
        match = _NAME.match(name)
        found = self._of.get(match[1], "") if match else ""
        return _CLOSURE.sub(r"\1\2", found)
