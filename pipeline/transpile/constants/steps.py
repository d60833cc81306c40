# SPDX-License-Identifier: GPL-2.0-only
"""One step of mrustc's evaluation of a constant, done again."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.transpile.constants import arithmetic, numbers


@dataclass
class Step:
    """A step whose result is still to come: whose it is, what it does, its type, its operands.

    ``operands`` are bytes, where they are known, and types, where they are; ``said`` has them as
    mrustc writes them, which it does for numbers with a sign.  ``operator`` is mrustc's name for
    that of a sum and the like.
    """

    frame: tuple[int, int]
    what: str
    kind: str
    operands: list[tuple[bytes | None, str]]
    operator: str = ""
    said: list[int] = field(default_factory=list)

    def wrong(self, data: bytes | None, pointer: int, *, floats: bool) -> str:
        """Return what is wrong with a result, None where it is not known; empty for nothing.

        ``pointer`` is the size of a pointer in bytes, ``floats`` whether the source has any.
        """
        if self.what == "cast":
            return self._cast(data, pointer, floats=floats)
        if self.operator:
            return self._operation(data, pointer) if data is not None else ""
        return self._intrinsic(data, pointer)

    def _intrinsic(self, data: bytes | None, pointer: int) -> str:
        size = numbers.width(self.kind, pointer)
        operands = [
            numbers.value(
                self.kind if at == 0 else kind or self.kind,
                one[: numbers.width(kind, pointer) or size],
            )
            for at, (one, kind) in enumerate(self.operands)
            if one is not None
        ]
        if not size or data is None or len(operands) != len(self.operands):
            return f"what `{self.what}` in it is given cannot be known"
        left, right = operands[0], operands[1] if len(operands) > 1 else 0
        right_bytes = numbers.intrinsic(self.what, self.kind, size, left, right)
        if right_bytes is None:
            return ""
        got = data
        if len(right_bytes) == size + 1 and size > 1:
            got = data[:1] + data[-size:]
        return "" if got == right_bytes else f"`{self.what}` in it gives a wrong result"

    def _operation(self, data: bytes, pointer: int) -> str:
        """Do an operation on two integers again.

        mrustc is wrong about signs: of a remainder, of an ``i128`` that is moved by more than 64
        bits, of -2**64 in a product or a quotient.
        """
        name, kind = self.operator, self.kind
        if len(self.said) == 2:
            (left, right), kind = self.said, f"i{8 * len(data)}"
        elif (known := self._numbers(pointer)) is not None:
            left, right = known
        else:
            signed = kind.startswith("i") and name in ("MUL", "DIV", "MOD")
            moved = name == "BIT_SHR" and len(data) == 16 and kind != "u128"
            unknown = f"what `{self.what}` in it is given cannot be known"
            return unknown if signed or moved else ""
        if compare := arithmetic.COMPARISONS.get(name):
            same = data == bytes([compare(left, right)])
            return "" if same else "a comparison in it gives a wrong result"
        operation = (name, left, right, kind, len(data))
        if why := arithmetic.has_no_result(*operation):
            return why
        same = numbers.value(kind, data) == arithmetic.wrapped(*operation)
        return "" if same else f"`{self.what}` in it gives a wrong result"

    def _numbers(self, pointer: int) -> tuple[int, int] | None:
        """Return the two numbers that an operation is given; None where they are not both known."""
        size = numbers.width(self.kind, pointer)
        (left, _), (right, kind) = self.operands
        if not size or left is None or right is None:
            return None
        other = kind if self.operator in arithmetic.SHIFTS else self.kind
        whole = right[: numbers.width(other, pointer) or None]
        return numbers.value(self.kind, left[:size]), numbers.value(other, whole)

    def _cast(self, data: bytes | None, pointer: int, *, floats: bool) -> str:
        of, kind = self.operands[0]
        size = numbers.width(self.kind, pointer)
        if numbers.is_float(self.kind):
            return self._to_float(of, kind, data, pointer)
        if not size or not (numbers.is_float(kind) or (not kind and floats)):
            return ""
        if of is None or data is None:
            return "what a cast in it is given cannot be known"
        extended = {
            int.from_bytes(of, "little", signed=signed) % (1 << 8 * size)
            for signed in (True, False)
        }
        as_number = int.from_bytes(data, "little") in extended and not numbers.is_float(kind)
        same = numbers.to_integer(of, self.kind, size) == data
        if not as_number and len(of) in (4, 8) and not same:
            return "a cast from a float in it gives a wrong result"
        return ""

    def _to_float(self, of: bytes | None, kind: str, data: bytes | None, pointer: int) -> str:
        if numbers.is_float(kind) or kind == "bool":
            return ""
        size = numbers.width(kind, pointer)
        if data is not None and numbers.is_small(self.kind, data):
            return ""  # a negative number without its sign would be 128 or more
        if of is None or data is None or not size:
            return "what a cast to a float in it is given cannot be known"
        same = numbers.to_float(numbers.value(kind, of[:size]), self.kind) == data
        return "" if same else "a cast to a float in it gives a wrong result"
