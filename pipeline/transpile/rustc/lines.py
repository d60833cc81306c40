# SPDX-License-Identifier: GPL-2.0-only
"""From a location in the metadata to a line of Rust."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.transpile.rustc.index import Module

_LINE = re.compile(r"\bline: (\d+)")
_SCOPE = re.compile(r"\bscope: !(\d+)")
_FILE = re.compile(r"\bfile: !(\d+)")
_NAME = re.compile(r'filename: "((?:[^"\\]|\\.)*)"')
_SUBPROGRAM = re.compile(r'\bname: "([^"\\]*)"')
_DEEP = 50
OWN = "#line own\n"
"""Stands for the directive that goes back to the lines of the C file itself."""


def rust_name(module: Module, symbol: str) -> str:
    """Return the name of a function as its debug information has it, without its path.

    It is that of the source, whatever ``#[export_name]`` says.  Without debug information, as for
    what is only declared, it is the symbol.
    """
    location = module.head(symbol).location
    if location is None or location not in module.metadata:
        return symbol
    match = _SUBPROGRAM.search(module.node(location))
    return match[1] if match else symbol


class Lines:
    """Gives ``#line`` directives, each only where the line is another than before."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.last = ""
        self.files: dict[int, str] = {}

    def directive(self, location: int | None) -> str:
        """Return the directive for a node ``!N``; nothing where the line is unknown or the same."""
        if location is None or location not in self.module.metadata:
            return ""
        node = self.module.node(location)
        line = _LINE.search(node)
        name = self._file(location)
        if not line or not name or line[1] == "0":
            return ""
        text = f'#line {line[1]} "{name}"'
        if text == self.last:
            return ""
        self.last = text
        return text

    def end(self) -> str:
        """Return what ends the lines of a function: behind it no line of Rust is meant."""
        return OWN if self.last else ""

    def _file(self, number: int) -> str:
        """Follow scopes up to one that names a file."""
        for _ in range(_DEEP):
            if number in self.files:
                return self.files[number]
            node = self.module.node(number)
            if match := _FILE.search(node):
                found = _NAME.search(self.module.node(int(match[1])))
                name = found[1].replace("\\", "/") if found else ""
                self.files[number] = name
                return name
            scope = _SCOPE.search(node)
            if not scope:
                return ""
            number = int(scope[1])
        return ""


def own_lines(text: str, name: str) -> str:
    """Return C with every :data:`OWN` as the directive that names its own line and file."""
    parts = text.split(OWN)
    done = [parts[0]]
    line = parts[0].count("\n") + 1
    for part in parts[1:]:
        done.append(f'#line {line + 1} "{name}"\n{part}')
        line += 1 + part.count("\n")
    return "".join(done)
