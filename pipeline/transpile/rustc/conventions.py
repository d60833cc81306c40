# SPDX-License-Identifier: GPL-2.0-only
"""Which functions and calls have C's convention, where no name says so: what goes by its address.

A function of C and one of Rust look the same in the representation, and so do calls through
pointers to them.  Where panics unwind they do not: rustc marks what cannot unwind ``nounwind``,
and that is every function and every call with the C convention and none with Rust's
(``compiler/rustc_middle/src/ty/layout.rs``, ``fn_can_unwind``).  So each crate is emitted a second
time with ``-C panic=unwind``, only to be read here; no C is made of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.transpile.rustc.body import read_blocks
from pipeline.transpile.rustc.border import MEND, by_value, check_border
from pipeline.transpile.rustc.index import owners
from pipeline.transpile.rustc.ir import IrError
from pipeline.transpile.rustc.lexer import name_of
from pipeline.transpile.rustc.lines import Lines, rust_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pipeline.transpile.rustc.index import Module
    from pipeline.transpile.rustc.signatures import Signatures

_NAME = r'(?:"[^"\n]*"|[-\w.$]+)'
_REFERENCE = re.compile(rf"(@{_NAME})(\()?")
_CALL = re.compile(rf"^.*?\bcall\b.*?[@%]{_NAME}\(.*$", re.MULTILINE)
_CALLEE = re.compile(rf"\bcall\b.*?([@%]){_NAME}\(")
_GROUP = re.compile(r"\) (#\d+)")
_PLACE = re.compile(r'#line (\d+) "(.*)"')


class Conventions:
    """The second representations of all crates, and what C's convention means for them."""

    def __init__(self, modules: Sequence[Module], signatures: Signatures) -> None:
        self._modules = modules
        self._signatures = signatures
        self._owners = owners(modules)

    def check(self, roots: Iterable[str]) -> None:
        """Refuse what the roots reach and C would pass in its own way.

        That is a function with the C convention whose address is taken, and a call through a
        pointer to one.  :class:`~pipeline.transpile.rustc.ir.IrError` names function and type.
        """
        if unwinding := self._signatures.unwinding:
            what = f"unwinding, which a kernel has not: a function with {unwinding}"
            raise IrError(what, mend='say extern "C"; a panic ends there')
        waiting = [(self._owners[root], root) for root in roots if root in self._owners]
        seen = set(waiting)
        while waiting:
            number, name = waiting.pop()
            module = self._modules[number]
            text = _text(module, name)
            if name in module.functions:
                self._calls(module, name, text)
            for match in _REFERENCE.finditer(text):
                found = self._find(name_of(match[1]), number)
                if found is None:
                    continue
                if not match[2]:
                    self._address(*found)
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)

    def internal(self, pattern: re.Pattern[str]) -> list[str]:
        """Return what the crates define for the library, which calls it by such a name."""
        return [name for name in self._owners if pattern.fullmatch(name)]

    def _find(self, name: str, number: int) -> tuple[int, str] | None:
        """Return the file that has what file ``number`` calls ``name``."""
        own = self._modules[number]
        if (name in own.functions or name in own.variables) and not own.visible(name):
            return number, name
        return (self._owners[name], name) if name in self._owners else None

    def _address(self, number: int, name: str) -> None:
        """Refuse a function whose address is taken, if it has the C convention."""
        module = self._modules[number]
        if name not in module.functions:
            return
        head = module.head(name)
        if "nounwind" in head.attributes:
            try:
                check_border(head, self._signatures.get(rust_name(module, name)))
            except IrError as error:
                what = error.construct.replace(name, module.path_of(name) or name)
                raise IrError(f"{what}, whose address is taken", mend=error.mend) from None

    def _calls(self, module: Module, name: str, text: str) -> None:
        """Refuse calls through pointers with the C convention."""
        for line in _through_pointers(module, text):
            ((call,),) = (block.instructions for block in read_blocks([line], module.types))
            operands = [(one.type, one.attributes) for one in call.operands]
            if what := by_value(operands, (call.type, call.extra["attributes"])):
                place = _PLACE.match(Lines(module).directive(call.location))
                shown = f"{place[2]}:{place[1]}: " if place else ""
                path = module.path_of(name) or name
                raise IrError(
                    f'{shown}a call through a pointer of an extern "C" function that {what}, '
                    f"in {path}",
                    mend=MEND,
                )


def _through_pointers(module: Module, text: str) -> Iterator[str]:
    """Yield the lines that call through a pointer what cannot unwind."""
    for match in _CALL.finditer(text):
        line = match[0]
        callee = _CALLEE.search(line)
        groups = _GROUP.findall(line)
        if callee is None or callee[1] == "@" or not groups:
            continue
        if "nounwind" in module.groups.get(groups[-1], "").split():
            yield line


def _text(module: Module, name: str) -> str:
    """Return a function's body, or the line of a variable behind its name."""
    if name in module.functions:
        start = module.text.index("\n", module.functions[name])
        return module.text[start : module.text.index("\n}", start)]
    start = module.variables[name]
    return module.text[module.text.index("=", start) : module.text.index("\n", start)]
