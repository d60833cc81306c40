# SPDX-License-Identifier: GPL-2.0-only
"""Loads and stores: through types that alias everything, at the alignment that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc import atomics, operations
from pipeline.transpile.rustc.ir import Array, Instruction, Int, IrError, Local, Struct, Type, Typed
from pipeline.transpile.rustc.types_c import members_of

if TYPE_CHECKING:
    from pipeline.transpile.rustc.write_function import FunctionWriter


def _slot(writer: FunctionWriter, address: Typed) -> tuple[str, Type] | None:
    """Return variable and type where an address is that of a local with one type only."""
    if isinstance(address.value, Local):
        kind = writer.slots.get(address.value.name)
        if kind is not None:
            return writer.variable(address.value.name), kind
    return None


def load(writer: FunctionWriter, one: Instruction) -> None:
    """Write a load."""
    (address,) = one.operands
    slot = _slot(writer, address)
    if slot:
        writer.assign(one, one.type, slot[0])
    elif one.extra["atomic"]:
        writer.assign(one, one.type, atomics.load(writer, one))
    elif isinstance(one.type, Struct | Array):
        name = writer.result(one, one.type)
        _load_members(writer, one.type, writer.use(address), name, one.extra, 0)
    else:
        writer.assign(one, one.type, _read(writer, one.type, writer.use(address), one.extra))


def _load_members(
    writer: FunctionWriter, kind: Type, address: str, target: str, extra: dict[str, object], at: int
) -> None:
    """Write the load of an aggregate: of each member, with the alignment that it has there."""
    for number, (member, offset) in enumerate(_members(writer, kind)):
        place = at + offset
        inner = {**extra, "alignment": _alignment(writer, extra, kind, place)}
        if isinstance(member, Struct | Array):
            _load_members(writer, member, address, f"{target}.f{number}", extra, place)
        else:
            value = _read(writer, member, f"((u8 *){address} + {place})", inner)
            writer.out.append(f"{target}.f{number} = {operations.cut(value, member)};")


def _members(writer: FunctionWriter, kind: Type) -> list[tuple[Type, int]]:
    """Return the members of an aggregate with their offsets in bytes."""
    if isinstance(kind, Struct):
        return list(zip(kind.members, writer.types.layout.offsets(kind), strict=False))
    if isinstance(kind, Array):
        size = writer.types.layout.size(kind.element)
        return [(one, at * size) for at, one in enumerate(members_of(kind))]
    return []


def _alignment(writer: FunctionWriter, extra: dict[str, object], kind: Type, place: int) -> int:
    """Return the alignment of a member ``place`` bytes into an access."""
    whole = int(str(extra["alignment"])) or writer.types.layout.alignment(kind)
    return min(whole, place & -place) if place else whole


def _read(writer: FunctionWriter, kind: Type, address: str, extra: dict[str, object]) -> str:
    """Return the expression that reads a value of a type at an address."""
    alignment = int(str(extra["alignment"])) or writer.types.layout.alignment(kind)
    volatile = "volatile " if extra["volatile"] else ""
    if isinstance(kind, Int) and not _whole(kind):
        if volatile or kind.bits > 128:
            raise IrError(f"a load of {kind.bits} bits")
        wide = "_wide" if kind.bits > 64 else ""
        return f"ferric_load{wide}({address}, {writer.types.layout.stored(kind)})"
    return f"*(const {volatile}{writer.types.access(kind, alignment)} *){address}"


def store(writer: FunctionWriter, one: Instruction) -> None:
    """Write a store."""
    value, address = one.operands
    slot = _slot(writer, address)
    if slot:
        writer.out.append(f"{slot[0]} = {writer.use(value)};")
        return
    if one.extra["atomic"]:
        writer.out.append(atomics.store(writer, one))
        return
    _put(writer, value.type, writer.use(address), writer.use(value), one.extra)


def _put(
    writer: FunctionWriter, kind: Type, address: str, value: str, extra: dict[str, object]
) -> None:
    """Write a store of a value of a type at an address."""
    alignment = int(str(extra["alignment"])) or writer.types.layout.alignment(kind)
    volatile = "volatile " if extra["volatile"] else ""
    if isinstance(kind, Int) and not _whole(kind):
        if volatile or kind.bits > 128:
            raise IrError(f"a store of {kind.bits} bits")
        size = writer.types.layout.stored(kind)
        wide = "_wide" if kind.bits > 64 else ""
        writer.out.append(f"ferric_store{wide}({address}, {value}, {size});")
    elif isinstance(kind, Struct | Array):
        for number, (member, offset) in enumerate(_members(writer, kind)):
            inner = {**extra, "alignment": _alignment(writer, extra, kind, offset)}
            _put(writer, member, f"((u8 *){address} + {offset})", f"{value}.f{number}", inner)
    else:
        access = writer.types.access(kind, alignment)
        writer.out.append(f"*({volatile}{access} *){address} = {value};")


def _whole(kind: Int) -> bool:
    """Say whether a C type has exactly these bits in memory (i1 takes a byte)."""
    return kind.bits in (1, 8, 16, 32, 64, 128)
