# SPDX-License-Identifier: GPL-2.0-only
"""What Rust says of functions that cross to C, as rustc prints it in its own representation (MIR).

LLVM's representation has integers without a sign and aggregates without a name.  Both stand in
MIR: in the first line of a function that is defined, and with each use of one that is not, since
``-Z verbose-internals`` prints the type of every function that is named.  Only how C is declared
and what an error says depend on it: where nothing is found, an integer stays unsigned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.transpile.rustc.ir import Function

_DEFINED = re.compile(r"^fn (?:.*::)?(\w+)(?=\()", re.MULTILINE)
_USED = re.compile(r'extern "[^"\n]*" fn(?=\()')
_UNWINDING = re.compile(r'(extern "[^"\n]*-unwind") fn\(')
_NAMED = re.compile(r" \{(?:[^{}\n]*::)?(\w+)\}")
_RESULT = re.compile(r" -> ([^{}\n]*?)(?= \{)")
_PLACE = re.compile(r"_\d+: ")
_LIFETIME = re.compile(r"'\{\w+\} ")
_SIGNED = frozenset({"i8", "i16", "i32", "i64", "i128", "isize"})
_OPEN, _CLOSE = "([<", ")]>"
_LONGEST = 4000
_WRAPPERS = 8


@dataclass(frozen=True)
class RustSignature:
    """The Rust types of a function's parameters and of its result, as text; ``()`` is none."""

    parameters: tuple[str, ...]
    result: str


class Signatures:
    """The signatures of functions by their own names, without the path."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read the MIR of several crates."""
        self._found: dict[str, set[RustSignature]] = {}
        self.unwinding = ""
        """A calling convention of functions that may unwind, where a crate names one."""
        for text in texts:
            plain = _LIFETIME.sub("", text)
            match = _UNWINDING.search(plain)
            self.unwinding = self.unwinding or (match[1] if match else "")
            for name, signature in (*_defined(plain), *_used(plain)):
                self._found.setdefault(name, set()).add(signature)

    def get(self, name: str) -> RustSignature | None:
        """Return the signature of the one function of that name; None where there is not just one.

        That also holds where two of that name have the same signature.
        """
        found = self._found.get(name, set())
        return next(iter(found)) if len(found) == 1 else None

    def signed(self, head: Function, name: str) -> Function:
        """Return ``head`` with signs: what is signed in Rust has the attribute ``signext``.

        ``name`` is the function's name in Rust.
        """
        signature = self.get(name)
        if signature is None or len(signature.parameters) != len(head.parameters):
            return head
        parameters = [
            replace(one, attributes=one.attributes | self._sign(kind))
            for one, kind in zip(head.parameters, signature.parameters, strict=True)
        ]
        result = head.result_attributes | self._sign(signature.result)
        return replace(head, parameters=tuple(parameters), result_attributes=result)

    def _sign(self, kind: str) -> frozenset[str]:
        """Return the attribute of a signed integer, and of a ``struct`` of one in parentheses."""
        for _ in range(_WRAPPERS):
            if kind in _SIGNED:
                return frozenset({"signext"})
            # Its constructor is a function, too.
            made = self.get(kind)
            if made is None or made.result != kind or len(made.parameters) != 1:
                break
            kind = made.parameters[0]
        return frozenset()


def _defined(text: str) -> Iterator[tuple[str, RustSignature]]:
    """Yield the functions whose bodies are there: ``fn path::name(_1: i32) -> i32 {``."""
    for match in _DEFINED.finditer(text):
        if found := _signature(text, match.end()):
            signature, _ = found
            yield match[1], signature


def _used(text: str) -> Iterator[tuple[str, RustSignature]]:
    """Yield functions that are called or named: ``extern "C" fn(i32) -> i32 {path::name}``."""
    for match in _USED.finditer(text):
        found = _signature(text, match.end())
        if found and (name := _NAMED.match(text, found[1])):
            yield name[1], found[0]


def _signature(text: str, start: int) -> tuple[RustSignature, int] | None:
    """Read parameters in parentheses and a result; the second is where they end in ``text``."""
    parameters = []
    begin, depth = start + 1, 0
    for at in range(start, min(len(text), start + _LONGEST)):
        letter = text[at]
        if letter in _OPEN:
            depth += 1
        elif letter in _CLOSE and text[at - 1] != "-":
            depth -= 1
        if (letter == "," and depth == 1) or depth == 0:
            parameters.append(_PLACE.sub("", text[begin:at].strip()))
            begin = at + 1
        if depth == 0:
            result = _RESULT.match(text, at + 1)
            kinds = tuple(one for one in parameters if one and one != "...")
            end = result.end() if result else at + 1
            return RustSignature(kinds, result[1] if result else "()"), end
    return None
