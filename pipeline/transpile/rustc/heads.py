# SPDX-License-Identifier: GPL-2.0-only
"""Read the heads of functions: linkage, result, parameters and their attributes."""

from __future__ import annotations

from pipeline.transpile.rustc.ir import Function
from pipeline.transpile.rustc.lexer import name_of, unescape
from pipeline.transpile.rustc.parse import LINKAGES, STYLE, Cursor, read_parameters, read_type

CONVENTIONS = frozenset({"ccc", "fastcc", "coldcc", "preserve_mostcc", "preserve_nonecc"})


def read_head(text: str, types: dict[str, str], path: str) -> tuple[Function, str]:
    """Read a line ``define ... {`` or ``declare ...``; the group of attributes is the second."""
    at = Cursor(text, types)
    at.next()
    linkage = "external"
    while (word := at.peek()) in LINKAGES or word in STYLE or word in CONVENTIONS:
        linkage = at.next() if word in LINKAGES else linkage
        at.accept(word)
    attributes = result_attributes(at)
    result = read_type(at)
    name = name_of(at.next())
    parameters, variadic = read_parameters(at)
    section, group, location = "", "", None
    own: set[str] = set()
    while (word := at.next()) not in ("", "{"):
        if word == "section":
            section = unescape(at.next()).decode()
        elif word.startswith("#"):
            group = word
        elif word == "!dbg":
            location = int(at.next()[1:])
        elif word == "align":
            at.next()
        elif word not in STYLE:
            own.add(word)
    head = Function(
        name, result, attributes, parameters, variadic, linkage, frozenset(own), section, path, (),
        location,
    )  # fmt: skip
    return head, group


def result_attributes(at: Cursor) -> frozenset[str]:
    """Step over the attributes of a result, which stand before its type."""
    found = set()
    words = ("zeroext", "signext", "noundef", "noalias", "nonnull", "inreg", "align", "range",
             "dereferenceable", "dereferenceable_or_null", "nofpclass")  # fmt: skip
    while (word := at.peek()) in words:
        at.next()
        found.add(word)
        if word == "align" and at.peek() != "(":
            at.next()
        at.skip_parentheses()
    return frozenset(found & {"zeroext", "signext", "inreg", "noundef"})
