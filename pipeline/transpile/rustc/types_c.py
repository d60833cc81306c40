# SPDX-License-Identifier: GPL-2.0-only
"""The C types that stand for the representation's, and the declarations that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc.ir import (
    Array,
    Float,
    Int,
    IrError,
    Ptr,
    Struct,
    Type,
    Void,
)

if TYPE_CHECKING:
    from pipeline.transpile.rustc.layout import DataLayout

_FLOATS = {"float": "float", "double": "double"}
CONTAINERS = (8, 16, 32, 64, 128, 256)


def container(bits: int) -> int:
    """Return the bits of the C type that holds an integer of ``bits`` bits."""
    for size in CONTAINERS:
        if bits <= size:
            return size
    raise IrError(f"an integer of {bits} bits")


class CTypes:
    """Names for types; what has to be declared first is collected in ``declarations``."""

    def __init__(self, layout: DataLayout, *, floats: bool = True) -> None:
        self.layout = layout
        self.floats = floats
        self.declarations: list[str] = []
        self._structs: dict[Type, str] = {}
        self._accesses: dict[tuple[str, int], str] = {}

    def name(self, kind: Type) -> str:
        """Return the C type of a value."""
        if isinstance(kind, Int):
            return f"u{container(kind.bits)}"
        if isinstance(kind, Ptr):
            return "void *"
        if isinstance(kind, Void):
            return "void"
        if isinstance(kind, Float) and not self.floats:
            raise IrError(f"floating point ({kind.name}), which this architecture's kernel has not")
        if isinstance(kind, Float) and kind.name in _FLOATS:
            return _FLOATS[kind.name]
        if isinstance(kind, Struct | Array):
            return self._aggregate(kind)
        raise IrError(f"the type {kind.name if isinstance(kind, Float) else kind}")

    def _aggregate(self, kind: Struct | Array) -> str:
        if kind in self._structs:
            return self._structs[kind]
        members = members_of(kind)
        fields = "".join(f" {self.name(one)} f{at};" for at, one in enumerate(members))
        name = f"struct t{len(self._structs)}"
        self._structs[kind] = name
        self.declarations.append(f"{name} {{{fields} }};")
        return name

    def access(self, kind: Type, alignment: int) -> str:
        """Return the C type through which a value is read and written at an address."""
        base = self.name(kind)
        key = (base, alignment)
        if key not in self._accesses:
            name = f"{base.replace('void *', 'ptr').replace(' ', '_')}_a{alignment}"
            self._accesses[key] = name
            wide = "_WIDE" if base == "u128" else ""
            self.declarations.append(f"FERRIC_AT{wide}({base}, {name}, {alignment});")
        return self._accesses[key]


def members_of(kind: Struct | Array) -> tuple[Type, ...]:
    """Return the types of an aggregate's members."""
    if isinstance(kind, Struct):
        return kind.members
    if kind.count > 64:
        raise IrError(f"an array of {kind.count} elements as a value")
    return (kind.element,) * kind.count
