# SPDX-License-Identifier: GPL-2.0-only
"""What crosses between Rust and C: only what every C compiler passes as rustc wrote it.

In rustc's representation an aggregate that C takes by value is no longer one: it is an address, or
integers that hold its bytes (``compiler/rustc_target/src/callconv``).  What is left to see are the
attributes.  A scalar has ``noundef``; an address of a copy may be captured as a number only
(``captures(address)``, before LLVM 21 ``nocapture``), which no reference or raw pointer is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc.ir import Float, Function, Int, IrError, Ptr, Type, Void

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.transpile.rustc.signatures import RustSignature
    from pipeline.transpile.rustc.types_c import CTypes

_BY_ADDRESS = frozenset({"sret", "byval", "indirect", "inreg"})
MEND = (
    "pass a pointer to it; or let C, which knows how, take the value: a small function in C that "
    "takes a pointer and makes the call"
)


def check_border(head: Function, rust: RustSignature | None = None) -> None:
    """Refuse a function that C calls, or that is C's, with what C would pass in its own way.

    ``rust`` are its types in Rust, where they are known; the error names them.
    """
    parameters = [(one.type, one.attributes) for one in head.parameters]
    if what := by_value(parameters, (head.result, head.result_attributes), rust):
        raise IrError(f'an extern "C" function that {what}: {head.name}', head.name, MEND)


def by_value(
    parameters: Sequence[tuple[Type, frozenset[str]]],
    result: tuple[Type, frozenset[str]],
    rust: RustSignature | None = None,
) -> str:
    """Say which parameter or result C would pass in its own way; nothing where there is none.

    Each is its type and attributes in the representation of a function with the C convention.
    """
    hidden = bool(parameters) and "sret" in parameters[0][1]
    if hidden or not _scalar(*result):
        name = f" ({rust.result})" if rust is not None else ""
        return f"returns an aggregate{name} by value"
    for number, (kind, attributes) in enumerate(parameters):
        if not _scalar(kind, attributes):
            known = rust is not None and len(rust.parameters) == len(parameters)
            name = f", {rust.parameters[number]}" if rust is not None and known else ""
            return f"takes an aggregate (parameter {number + 1}{name}) by value"
    return ""


def _scalar(kind: Type, attributes: frozenset[str]) -> bool:
    """Say whether a value is a number or an address for every C compiler."""
    if isinstance(kind, Void):
        return True
    if _BY_ADDRESS & attributes or "noundef" not in attributes:
        return False
    if isinstance(kind, Int):
        return kind.bits in (1, 8, 16, 32, 64)
    return isinstance(kind, Ptr | Float)


def passed(types: CTypes, kind: Type, attributes: frozenset[str]) -> str:
    """Return the C type of a parameter or result: C extends it by the sign of the type."""
    name = types.name(kind)
    return f"s{name[1:]}" if isinstance(kind, Int) and "signext" in attributes else name
