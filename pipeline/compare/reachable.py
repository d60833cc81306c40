# SPDX-License-Identifier: GPL-2.0-only
"""Which types of a crate others see: by what it exports, and by what its source says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.graph import order
from pipeline.crate.lexer import Kind, group_end, tokens
from pipeline.crate.sources import sources
from pipeline.debuginfo.model import VOID, Array, Enum, Pointer, Record, Signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.compare.side import Side
    from pipeline.crate.lexer import Token
    from pipeline.crate.model import Crate
    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref, Type

_MAX_TYPES = 20_000
_ITEMS = frozenset({"struct", "union", "enum"})
_BETWEEN = frozenset({"pub", "unsafe"})
# repr(Rust) and repr(transparent) say nothing of a layout of one's own.
_NO_LAYOUT = frozenset({"Rust", "transparent", "align", "packed"})


def exported_types(side: Side, debug: DebugInfo) -> dict[str, Ref]:
    """Return the structs, unions and enums that exported functions and statics lead to, by path."""
    queue = [one.type for one in debug.variables if one.symbol in side.defined]
    for function in debug.functions:
        if function.symbol in side.defined:
            queue += _mentioned(function.signature)
    found: dict[str, Ref] = {}
    seen: set[Ref] = set()
    while queue and len(seen) < _MAX_TYPES:
        ref, kind = debug.resolved(queue.pop())
        if ref in seen:
            continue
        seen.add(ref)
        queue += _next(kind)
        if isinstance(kind, Record | Enum) and "::" in kind.path:
            path = side.type_path(kind) if isinstance(kind, Record) else kind.path
            found.setdefault(path, ref)
    return dict(sorted(found.items()))


def _next(kind: Type | None) -> list[Ref]:
    """Return the types that a type leads to."""
    if isinstance(kind, Pointer):
        return [kind.target]
    if isinstance(kind, Array):
        return [kind.element]
    if isinstance(kind, Signature):
        return _mentioned(kind)
    if isinstance(kind, Record):
        cases = [member.type for variant in kind.variants for member in variant.members]
        return [*(member.type for member in kind.members), *cases]
    return []


def _mentioned(signature: Signature) -> list[Ref]:
    refs = [signature.returns, *(parameter.type for parameter in signature.parameters)]
    return [ref for ref in refs if ref != VOID]


def declared_reprs(crate: Crate) -> dict[tuple[str, str], str]:
    """Return what has C's layout in a crate and its dependencies: (crate, type) to its ``repr``.

    What a macro writes is not seen.
    """
    found: dict[tuple[str, str], str] = {}
    for each in order(crate):
        for path in sources(each).files:
            if path.suffix == ".rs":
                text = path.read_text(encoding="utf-8", errors="replace")
                reprs = _reprs(text, tokens(text, path))
                found.update(((each.crate_name, name), said) for name, said in reprs)
    return found


def _reprs(text: str, stream: list[Token]) -> Iterator[tuple[str, str]]:
    """Yield each type with its ``repr``; the attributes and ``pub`` before it are stepped over."""
    repr_, index = "", 0
    while index < len(stream):
        word = stream[index].text
        if word == "#" and stream[index].kind is Kind.MARK:
            end = group_end(stream, index + 1)
            inside = stream[index + 2 : end - 1]
            if inside and inside[0].text == "repr":
                repr_ = text[inside[0].start : inside[-1].end]
            index = max(end, index + 1)
            continue
        if word in _ITEMS and repr_ and index + 1 < len(stream):
            words = {one for one in repr_[5:-1].replace("(", ",").split(",") if one.strip()}
            named = {one.strip() for one in words if not one.strip(" )").isdigit()}
            if named - _NO_LAYOUT:
                yield stream[index + 1].text, repr_
        if word == "pub" and index + 1 < len(stream) and stream[index + 1].text == "(":
            index = group_end(stream, index + 1)
            continue
        if word not in _BETWEEN:
            repr_ = ""
        index += 1
