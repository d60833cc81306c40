# SPDX-License-Identifier: GPL-2.0-only
"""Leave floating point out of transpiled C, where GCC cannot compile it with kernel flags.

alpha's kernel is compiled with ``-mno-fp-regs``, and GCC then has no way to move a ``float``: it
stops with an internal error (``extract_insn``, ``extract_constrain_insn``).  x86's is compiled with
``-mno-sse``, and GCC then refuses a function that returns a ``double`` or a structure of two.  A
kernel uses no floating point, ``core`` is full of it, so the functions that do are left out of the
C.  A module that reaches one of them does not link, and is told so; nothing is compiled otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMAT = 2
"""A number that changes with what is left out: objects are kept by it."""

# Besides the types, what mrustc writes for literals and conversions.
_FLOAT = r"float|double|make_float|make_double|INFINITY|NAN"
_TYPE_START = re.compile(r"^(?:typedef )?(?:struct|union) *(\w*)")
# An array is a structure on a line of its own; an array of pointers needs no floating point.
_ARRAY = re.compile(r"^typedef struct \w+ *\{([^*}]*)\} *(\w+) *;")
# mrustc writes a member's offset in front of it: /*@8*/.
_INNER = re.compile(r"/\*[^*]*\*/")
_TYPEDEF_NAME = re.compile(r"(\w+) *;\s*(?://.*)?$")


def without_floats(text: str) -> tuple[str, list[str]]:
    """Return mrustc's C without the functions that use floating point, and their names.

    A left-out function's lines become empty, so that line numbers stay.  A type that has a
    floating-point member counts as floating point wherever it is used by value or by name.
    """
    lines = text.split("\n")
    words = re.compile(rf"\b(?:{'|'.join([_FLOAT, *_float_types(lines)])})\b")
    dropped = []
    for start, end in _functions(lines):
        if any(words.search(_code(line)) for line in lines[start : end + 1]):
            dropped.append(_name(lines[start : end + 1]))
            lines[start : end + 1] = [""] * (end + 1 - start)
    return "\n".join(lines), dropped


def _functions(lines: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Yield the first and last line of each function definition.

    mrustc writes a comment, the head over several lines, ``{`` and ``}`` each at the beginning of
    a line of its own.
    """
    start = 0
    for index, line in enumerate(lines):
        if line == "{":
            first = index
            while first > 0 and _is_head(lines[first - 1]):
                first -= 1
            start = first
        elif line == "}" and start:
            yield start, index
            start = 0


def _is_head(line: str) -> bool:
    return not line.startswith(("//", "}", "#")) and not line.rstrip().endswith(";")


def _float_types(lines: Sequence[str]) -> list[str]:
    """Return the names of the types with a floating-point member, directly or in a member."""
    members = _members(lines)
    found = {"float", "double"}
    while True:
        more = {name for name, used in members.items() if name not in found and used & found}
        if not more:
            return sorted(found - {"float", "double"})
        found |= more


def _members(lines: Sequence[str]) -> dict[str, set[str]]:
    """Return the words of each type's members."""
    members: dict[str, set[str]] = {}
    words: set[str] | None = None
    name = ""
    for line in lines:
        code = _code(line)
        if array := _ARRAY.match(code):
            members[array[2]] = set(re.findall(r"\w+", array[1]))
        elif words is None:
            match = _TYPE_START.match(code)
            if match and code.rstrip().endswith("{"):
                name, words = match[1], set()
        elif code.startswith("}"):
            typedef = _TYPEDEF_NAME.search(code)
            key = typedef[1] if typedef else name
            members[key] = members.get(key, set()) | words
            words = None
        elif "*" not in code:
            words.update(re.findall(r"\w+", code))
    return members


def _code(line: str) -> str:
    """Return a line without comments: MIR in them names types that the code has not."""
    return _INNER.sub("", line.partition("//")[0])


def _name(function: Sequence[str]) -> str:
    """Return the name in a function's head: the word before the first parenthesis."""
    match = re.search(r"(\w+)\s*\(", "\n".join(_code(line) for line in function))
    return match[1] if match else ""
