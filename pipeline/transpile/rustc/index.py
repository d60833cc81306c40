# SPDX-License-Identifier: GPL-2.0-only
"""Find what a file of intermediate representation defines, and read a thing only when asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.transpile.rustc.body import read_blocks
from pipeline.transpile.rustc.heads import read_head
from pipeline.transpile.rustc.ir import Function, IrError, Variable
from pipeline.transpile.rustc.lexer import name_of
from pipeline.transpile.rustc.parse import read_variable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HEAD = re.compile(
    r'^(?:(?P<kind>define|declare) [^@\n]*(?P<function>@(?:"[^"]*"|[-\w.$]+))\('
    r'|(?P<variable>@(?:"[^"]*"|[-\w.$]+)) = '
    r'|(?P<type>%(?:"[^"]*"|[-\w.$]+)) = type (?P<body>.*)'
    r"|attributes (?P<group>#\d+) = \{(?P<attributes>.*)\}"
    r"|target datalayout = \"(?P<layout>[^\"]*)\""
    r"|!(?P<meta>\d+) = (?P<data>.*))",
    re.MULTILINE,
)
_NOT_DEFINED = frozenset({"private", "internal", "external", "extern_weak"})
_COMMENT = re.compile(r"; (?!Function Attrs)(.*)")


class Module:
    """One file: names to places in its text; ``path`` is only for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.layout = ""
        self._heads: dict[str, Function] = {}
        self.functions: dict[str, int] = {}
        self.declared: dict[str, int] = {}
        self.variables: dict[str, int] = {}
        self.types: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.metadata: dict[int, tuple[int, int]] = {}
        for match in _HEAD.finditer(self.text):
            self._note(match)

    def _note(self, match: re.Match[str]) -> None:
        if match["kind"]:
            places = self.functions if match["kind"] == "define" else self.declared
            places[name_of(match["function"])] = match.start()
        elif match["variable"]:
            self.variables[name_of(match["variable"])] = match.start()
        elif match["meta"]:
            self.metadata[int(match["meta"])] = match.span("data")
        elif match["type"]:
            self.types[name_of(match["type"])] = match["body"]
        elif match["group"]:
            self.groups[match["group"]] = match["attributes"]
        else:
            self.layout = match["layout"] or self.layout

    def head(self, name: str) -> Function:
        """Read the head of a function that this file defines or declares."""
        if name not in self._heads:
            self._heads[name] = self._read_head(name)
        return self._heads[name]

    def _read_head(self, name: str) -> Function:
        start = self.functions.get(name, self.declared.get(name, -1))
        if start < 0:
            raise IrError("a function that is not there", name)
        end = self.text.index("\n", start)
        try:
            head, group = read_head(self.text[start:end], self.types, self._path_of(start))
        except IrError as error:
            raise IrError(error.construct, name) from None
        words = {word for word in self.groups.get(group, "").split() if word.isidentifier()}
        defined = name in self.functions
        return replace(head, attributes=head.attributes | words, defined=defined)

    def function(self, name: str) -> Function:
        """Read a function that this file defines."""
        head = self.head(name)
        start = self.text.index("\n", self.functions[name]) + 1
        try:
            close = self.text.index("\n}", start)
            return replace(head, blocks=read_blocks(self.text[start:close].split("\n"), self.types))
        except (IrError, ValueError) as error:
            construct = error.construct if isinstance(error, IrError) else "no end"
            raise IrError(construct, name) from None

    def variable(self, name: str) -> Variable:
        """Read a variable."""
        start = self.variables[name]
        try:
            return read_variable(self.text[start : self.text.index("\n", start)], self.types)
        except IrError as error:
            raise IrError(error.construct, name) from None

    def words(self, name: str) -> set[str]:
        """Return the words with which a definition begins: its linkage is one of them."""
        start = self.functions.get(name, self.variables.get(name, self.declared.get(name, 0)))
        line = self.text[start : self.text.index("\n", start)]
        before, _, after = line.partition("=")
        return set((after if name in self.variables else before).split()[:5])

    def visible(self, name: str) -> bool:
        """Say whether a name that is defined or declared here means the same in every file."""
        return not self.words(name) & {"private", "internal"}

    def defines(self, name: str) -> bool:
        """Say whether this file defines a name that means the same in every file."""
        return name not in self.declared and not self.words(name) & _NOT_DEFINED

    def node(self, number: int) -> str:
        """Return the text of a node of metadata."""
        start, end = self.metadata[number]
        return self.text[start:end]

    def path_of(self, name: str) -> str:
        """Return the Rust path of a function that is defined here, else nothing."""
        return self._path_of(self.functions[name]) if name in self.functions else ""

    def _path_of(self, start: int) -> str:
        """Return the Rust path that rustc writes in a comment above a function."""
        for line in reversed(self.text[max(0, start - 4000) : start].rstrip("\n").split("\n")[-2:]):
            if match := _COMMENT.fullmatch(line):
                return match[1]
        return ""


def owners(modules: Sequence[Module]) -> dict[str, int]:
    """Return which of several files has each thing that means the same in all of them."""
    found: dict[str, int] = {}
    for number, module in enumerate(modules):
        for name in (*module.functions, *module.variables):
            if module.defines(name):
                found.setdefault(name, number)
    return found
