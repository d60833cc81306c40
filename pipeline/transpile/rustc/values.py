# SPDX-License-Identifier: GPL-2.0-only
"""Constants as C expressions, inside functions and in initialisers."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from pipeline.transpile.rustc.ir import (
    Aggregate,
    Array,
    Bytes,
    Expression,
    Float,
    FloatBits,
    Global,
    Int,
    IrError,
    Number,
    Ptr,
    Signature,
    Struct,
    Type,
    Typed,
    Value,
    Zero,
)
from pipeline.transpile.rustc.types_c import container, members_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.transpile.rustc.types_c import CTypes


class Constants:
    """Writes constants; ``symbol`` gives a global's C name and remembers that it is needed.

    ``called_as`` says whether a function's own type is that of a call.
    """

    def __init__(
        self,
        types: CTypes,
        symbol: Callable[[str], str],
        called_as: Callable[[str, Signature], bool],
    ) -> None:
        self.types = types
        self.symbol = symbol
        self.called_as = called_as

    def expression(  # noqa: PLR0911 - one for each kind
        self, value: Value, kind: Type, *, static: bool = False
    ) -> str:
        """Return ``value`` as an expression; ``static`` for an initialiser of a global."""
        if isinstance(value, Zero):
            return self._zero(kind, static=static)
        if isinstance(value, Number):
            return self._number(value.value, kind)
        if isinstance(value, FloatBits):
            return _float(value.bits, kind)
        if isinstance(value, Global):
            return f"(void *)&{self.symbol(value.name)}"
        if isinstance(value, Expression):
            return self._constant_expression(value, kind)
        if isinstance(value, Bytes):
            return self._braces([str(byte) for byte in value.data], kind, static=static)
        if isinstance(value, Aggregate) and isinstance(kind, Struct | Array):
            members = [self.expression(m.value, m.type, static=static) for m in value.members]
            return self._braces(members, kind, static=static)
        raise IrError(f"the constant {value}")

    def _braces(self, members: list[str], kind: Type, *, static: bool) -> str:
        text = "{ " + ", ".join(members) + " }"
        return text if static else f"(({self.types.name(kind)}){text})"

    def _zero(self, kind: Type, *, static: bool) -> str:
        if isinstance(kind, Struct | Array):
            if not (isinstance(kind, Array) or members_of(kind)):
                return "{ }" if static else f"(({self.types.name(kind)}){{ }})"
            zero = "{ 0 }" if not isinstance(_first(kind), Struct | Array) else "{ }"
            return zero if static else f"(({self.types.name(kind)}){zero})"
        if isinstance(kind, Ptr):
            return "(void *)0"
        if isinstance(kind, Float):
            return _float(0, kind)
        return self._number(0, kind)

    def _number(self, value: int, kind: Type) -> str:
        if not isinstance(kind, Int):
            raise IrError(f"a number of type {kind}")
        value %= 1 << kind.bits
        size = container(kind.bits)
        if size == 256:
            words = ", ".join(
                f"{value >> shift & (1 << 64) - 1:#x}ull" for shift in (0, 64, 128, 192)
            )
            return f"((u256){{ {{ {words} }} }})"
        if size == 128:
            return f"U128({value >> 64:#x}ull, {value & (1 << 64) - 1:#x}ull)"
        if size == 64:
            return f"{value:#x}ull"
        return f"(u{size}){value}u" if size < 32 else f"{value}u"

    def _constant_expression(self, value: Expression, kind: Type) -> str:
        first = value.operands[0]
        if value.op == "getelementptr":
            return (
                f"(void *)((u8 *){self.expression(first.value, first.type)} + {self.offset(value)})"
            )
        if value.op == "inttoptr":
            return f"(void *)(uptr){self.expression(first.value, first.type)}"
        if value.op in ("ptrtoint", "trunc") and isinstance(kind, Int):
            inner = self.expression(first.value, first.type)
            return f"(u{container(kind.bits)})(uptr){inner}"
        raise IrError(f"the constant expression {value.op}")

    def offset(self, value: Expression) -> int:
        """Return the bytes that a constant getelementptr adds."""
        numbers = []
        for operand in value.operands[1:]:
            if not isinstance(operand.value, Number):
                raise IrError("a constant getelementptr by what is no number")
            numbers.append(operand.value.value)
        return fixed_offset(self.types, value.type, numbers)


def fixed_offset(types: CTypes, kind: Type, numbers: list[int]) -> int:
    """Return the bytes that a getelementptr in ``kind`` adds for these indices."""
    total = numbers[0] * types.layout.size(kind)
    for number in numbers[1:]:
        if isinstance(kind, Struct):
            total += types.layout.offsets(kind)[number]
            kind = kind.members[number]
        elif isinstance(kind, Array):
            kind = kind.element
            total += number * types.layout.size(kind)
        else:
            raise IrError("a getelementptr into what has no members")
    return total


def _first(kind: Struct | Array) -> Type | None:
    members = kind.members if isinstance(kind, Struct) else (kind.element,)
    return members[0] if members else None


def _float(bits: int, kind: Type) -> str:
    """Return a float constant by its bits: no digit is lost, and a NaN keeps its payload."""
    if isinstance(kind, Float) and kind.name == "double":
        return f"ferric_f64({bits:#x}ull)"
    if isinstance(kind, Float) and kind.name == "float":
        # The text has a float as the double of the same value.
        return f"ferric_f32({single_bits(bits):#x}u)"
    raise IrError(f"a constant of type {kind.name if isinstance(kind, Float) else kind}")


def single_bits(bits: int) -> int:
    """Return the bits of the float whose value is that of the double ``bits``."""
    number = struct.unpack(">d", bits.to_bytes(8, "big"))[0]
    if math.isnan(number):  # struct would make another NaN of it
        return (bits >> 63) << 31 | 0x7F800000 | (bits >> 29 & 0x7FFFFF)
    return int.from_bytes(struct.pack(">f", number), "big")


def reached(value: Value | None) -> set[str]:
    """Return the names of all globals that a constant has the address of."""
    if isinstance(value, Global):
        return {value.name}
    if isinstance(value, Aggregate):
        return _of(value.members)
    if isinstance(value, Expression):
        return _of(value.operands)
    return set()


def _of(members: tuple[Typed, ...]) -> set[str]:
    return {name for member in members for name in reached(member.value)}
