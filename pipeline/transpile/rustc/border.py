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
    from pipeline.transpile.rustc.types_c import CTypes

_BY_ADDRESS = frozenset({"sret", "byval", "indirect", "inreg"})
_MEND = "pass a pointer to it: a module sees what C makes of an aggregate only through C"


def check_border(head: Function) -> None:
    """Refuse a function that C calls, or that is C's, with what C would pass in its own way."""
    for number, one in enumerate(head.parameters, 1):
        if "sret" in one.attributes:
            raise _refused("returns an aggregate", head)
        if _BY_ADDRESS & one.attributes or "noundef" not in one.attributes:
            raise _refused(f"takes an aggregate (parameter {number})", head)
        if not _plain(one.type):
            raise _refused(f"takes what C has no such parameter for (parameter {number})", head)
    if isinstance(head.result, Void):
        return
    if "noundef" not in head.result_attributes or not _plain(head.result):
        raise _refused("returns an aggregate", head)


def _refused(what: str, head: Function) -> IrError:
    return IrError(f'an extern "C" function that {what} by value: {head.name}', head.name, _MEND)


def _plain(kind: Type) -> bool:
    if isinstance(kind, Int):
        return kind.bits in (1, 8, 16, 32, 64)
    return isinstance(kind, Ptr | Float)


def passed(types: CTypes, kind: Type, attributes: frozenset[str]) -> str:
    """Return the C type of a parameter or result: C extends it by the sign of the type."""
    name = types.name(kind)
    return f"s{name[1:]}" if isinstance(kind, Int) and "signext" in attributes else name
