# SPDX-License-Identifier: GPL-2.0-only
"""``place = value;``: arithmetic, casts and intrinsics as Rust means them.

The place tells the type: MIR's operators give the type of their left operand, so GCC is asked for
the place's type by the macros of ``ferric_guard.h``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.transpile.repair.tokens import UnknownFormError

if TYPE_CHECKING:
    from pipeline.transpile.repair.expression import Expression, Words
    from pipeline.transpile.repair.statement import Line

_OPERATORS: Final = {
    "+": ("FERRIC_ADD", "arithmetic"),
    "-": ("FERRIC_SUB", "arithmetic"),
    "*": ("FERRIC_MUL", "arithmetic"),
    "/": ("FERRIC_DIV", "division"),
    "%": ("FERRIC_REM", "division"),
    "<<": ("FERRIC_SHL", "shift"),
    ">>": ("FERRIC_SHR", "shift"),
}
_UNCHECKED: Final = {"/": ("unchecked_div", "exact_div"), "%": ("unchecked_rem",),
                     "<<": ("unchecked_shl",), ">>": ("unchecked_shr",)}  # fmt: skip
# Intrinsics that compute a place or a size, on pointers and sizes that rustc does not check either.
_OF_POINTERS: Final = frozenset(
    [
        "offset",
        "arith_offset",
        "ptr_offset_from",
        "ptr_offset_from_unsigned",
        "size_of_val",
        "min_align_of_val",
        "align_of_val",
    ]
)
_INTEGERS: Final = frozenset(
    [
        "uint8_t",
        "int8_t",
        "uint16_t",
        "int16_t",
        "uint32_t",
        "int32_t",
        "uint64_t",
        "int64_t",
        "uintptr_t",
        "intptr_t",
    ]
)
_BIT_COUNTS: Final = {
    "__builtin_clz": "FERRIC_CTLZ",
    "__builtin_clz64": "FERRIC_CTLZ",
    "__builtin_ctz": "FERRIC_CTTZ",
    "__builtin_ctz64": "FERRIC_CTTZ",
}
_REMAINDERS: Final = {"remainder": "fmod", "remainderf": "fmodf"}
# round() takes a half away from zero; these intrinsics take it to the even neighbour.
_ROUNDED: Final = {"round": "rint", "roundf": "rintf"}
_TO_EVEN: Final = ("rintf", "round_ties_even_f")
_DIVISIONS_128: Final = frozenset(("div128", "div128s", "mod128", "mod128s"))
_SHIFTS_128: Final = frozenset(("shl128", "shl128s", "shr128", "shr128s"))
_SUMS_128: Final = frozenset(
    f"{name}128{sign}" for name in ("add", "sub", "mul") for sign in ("", "s")
)
_FLOATS: Final = ("float", "double")
# What a `$` in a format string tells becomes 16 bits.
_COUNT: Final = ' = Variant(::"core"::fmt::rt::Count #0, {'
_METADATA = re.compile(r"[\w.]+\.META")
# The size of a slice's element.
_ITEM = re.compile(r"\.META \* (\d+)")


class Assignment:
    """The assignments of one line."""

    def __init__(self, words: Words, line: Line, *, checked: bool) -> None:
        """Take the line's words, and the line for its comments; ``checked``: overflow panics."""
        self.words = words
        self.line = line
        self.checked = checked

    def statement(self, place: Expression, sign: str, value: Expression) -> str:
        """Return the repaired text of an assignment that was just read."""
        if sign != "=":
            return f"{place.text} {sign} {value.text};"
        if place.sign == "lo" and place.kind == "member" and self.line.value == "Cast":
            widened = self._widened(place, value)
            if widened is not None:
                return widened
        place = self._volatile(place)
        return f"{place.text} = {self._value(place, value)};"

    def _value(self, place: Expression, value: Expression) -> str:  # noqa: PLR0911 - by kind
        match value.kind:
            case "binary":
                return self._binary(place, value)
            case "unary" if value.sign == "-" and not value.is_literal:
                return self._negated(place, value)
            case "unary":
                return self._volatile(value).text
            case "cast":
                return self._cast(value)
            case "call":
                return self._call(place, value)
            case "ternary":
                return self._greater_or_less(value)
            case "paren":
                return self._paren(value)
        return value.text

    def _count(self, kind: str) -> None:
        self.words.counts[kind] += 1

    def _binary(self, place: Expression, value: Expression) -> str:
        if value.sign not in _OPERATORS or value.is_literal:
            return value.text
        operation = self.line.value == "BinOp"
        if not operation and self.line.intrinsic in _OF_POINTERS:
            self.words.open.clear()
            return self._size(value)
        if not operation and self.line.intrinsic not in _UNCHECKED.get(value.sign, ()):
            raise UnknownFormError(f"arithmetic that is no operation of MIR: {value.raw}")
        self.words.approve(value)
        macro, kind = _OPERATORS[value.sign]
        if self.checked and operation and kind != "division":
            macro += "_CHECKED"
        self._count(kind)
        left, right = value.parts
        at = self.words.places.marks.of_operation(place.raw, right.raw) if operation else ""
        if at and (self.checked or kind == "division"):
            return f"{macro}_AT({place.raw}, {left.text}, {right.text}, {at})"
        return f"{macro}({place.raw}, {left.text}, {right.text})"

    def _size(self, value: Expression) -> str:
        """Return the size of a value whose metadata tell it; mrustc knows of one structure only."""
        of = self.line.size_of
        if not of or (value.sign == "*" and value.parts[0].sign == "META"):
            return value.text
        meta = _METADATA.search(value.text)
        if meta is None:
            raise UnknownFormError(f"a size that is computed from no metadata: {value.raw[:80]}")
        item = _ITEM.search(value.text)
        size = self.words.places.tails.size(of, meta[0], item[1] if item else "1")
        if size is None:
            return value.text
        self._count("tail")
        return size

    def _negated(self, place: Expression, value: Expression) -> str:
        if self.line.value != "UniOp":
            raise UnknownFormError(f"a negation that is no operation of MIR: {value.raw}")
        self.words.approve(value)
        self._count("arithmetic")
        at = self.words.places.marks.of_operation(place.raw, "")
        if self.checked and at:
            return f"FERRIC_NEG_CHECKED_AT({place.raw}, {value.parts[0].text}, {at})"
        macro = "FERRIC_NEG_CHECKED" if self.checked else "FERRIC_NEG"
        return f"{macro}({place.raw}, {value.parts[0].text})"

    def _cast(self, value: Expression) -> str:
        """Repair a cast to an integer that may come from a floating-point number."""
        of = value.parts[0]
        if self._is_beside(of):
            self.words.open.clear()
        if value.sign not in _INTEGERS:
            return value.text
        known = self.words.places.types.get(of.raw)
        if value.sign == "uint16_t" and _COUNT in self.line.below("// _"):
            self._count("format count")
            return f"ferric_format_count({of.text})"
        if of.is_literal or (known is not None and known not in _FLOATS):
            return value.text
        self._count("cast" if known is None else "float cast")
        return f"FERRIC_CAST({value.sign}, {of.text})"

    @staticmethod
    def _is_beside(of: Expression) -> bool:
        """Say whether this is ``((uint8_t*)&place + n)``: where a field without a size would be."""
        if of.kind != "paren" or of.parts[0].kind != "binary" or of.parts[0].sign != "+":
            return False
        base, offset = of.parts[0].parts
        return base.kind == "cast" and base.sign == "uint8_t *" and offset.kind == "number"

    def _call(self, place: Expression, value: Expression) -> str:
        name = value.sign
        if self.line.value == "BinOp":
            # Panics of 128 bits name no place; a mark of one is used all the same.
            self.words.places.marks.of_operation(place.raw, value.parts[-1].raw)
        if name == "__builtin_popcountll":
            self._count("bit count")
            return f"FERRIC_POPCOUNT({value.parts[1].text})"
        arguments = ", ".join(part.text for part in value.parts[1:])
        if name == "ALIGN_TO" and self.line.intrinsic == "size_of_val":
            # The size of a structure with a slice at its end: rustc checks no sum in it either.
            self.words.open.clear()
            return self._size(value)
        if name in _REMAINDERS:
            self._count("float remainder")
            return f"{_REMAINDERS[name]}({arguments})"
        if name in _ROUNDED and self.line.intrinsic.startswith(_TO_EVEN):
            self._count("float rounding")
            return f"{_ROUNDED[name]}({arguments})"
        if self._may_overflow(name):
            self._count("shift" if name in _SHIFTS_128 else "arithmetic")
            return f"ferric_checked_{name}({arguments})"
        if name in _DIVISIONS_128:
            self._count("division")
        elif name in _SHIFTS_128:
            self._count("shift")
        return value.text

    def _may_overflow(self, name: str) -> bool:
        """Say whether a helper for 128 bits is one of MIR's operators, to be checked."""
        operators = _SUMS_128 | _SHIFTS_128 | {"neg128s"}
        return self.checked and self.line.value in ("BinOp", "UniOp") and name in operators

    def _greater_or_less(self, value: Expression) -> str:
        """``(a > b) ? a : b`` is mrustc's maximum: a number wins over NaN, also over one in b."""
        test, left, right = value.parts
        if test.kind != "paren" or test.parts[0].sign not in ("<", ">"):
            raise UnknownFormError(f"a conditional value: {value.raw}")
        if self.line.intrinsic[:6] not in ("minnum", "maxnum"):
            raise UnknownFormError(f"a conditional value that is no minimum: {value.raw}")
        self._count("float minimum")
        nan = f"{right.text} != {right.text}"
        return f"({test.text} || {nan}) ? {left.text} : {right.text}"

    def _paren(self, value: Expression) -> str:
        inner = value.parts[0]
        if inner.kind == "binary" and self.line.intrinsic == "ptr_offset_from_unsigned":
            self.words.open.clear()
        if inner.kind == "ternary" and self.line.intrinsic == "discriminant_value":
            # `tag < first ? the one with data : tag - first`: the difference is never negative.
            self.words.open.clear()
        if inner.kind != "ternary":
            return value.text
        _test, count, width = inner.parts
        if count.kind != "call" or count.sign not in _BIT_COUNTS:
            return value.text
        sizeof = width.parts[0] if width.kind == "binary" else width
        if sizeof.kind != "sizeof":
            raise UnknownFormError(f"a count of bits: {value.raw}")
        self.words.open.clear()
        self._count("bit count")
        return f"{_BIT_COUNTS[count.sign]}({sizeof.sign}, {count.parts[1].text})"

    def _volatile(self, value: Expression) -> Expression:
        """``*(volatile T **)p`` makes the target volatile; what was meant is the access."""
        if value.kind != "unary" or value.sign != "*" or value.parts[0].kind != "cast":
            return value
        cast = value.parts[0]
        if not cast.sign.startswith("volatile "):
            return value
        self._count("volatile")
        to = cast.sign.removeprefix("volatile ").removesuffix("*").strip()
        return replace(value, text=f"*({to} volatile *){cast.parts[0].text}")

    def _widened(self, place: Expression, value: Expression) -> str | None:
        """``a.lo = x; a.hi = x < 0 ? -1 : 0;`` is a cast to 128 bits, wrong from a float."""
        words = self.words
        start = words.at
        other = words.expression()
        words.expect("=")
        high = words.expression()
        words.expect(";")
        whole = place.parts[0]
        if other.sign != "hi" or other.parts[0].raw != whole.raw:
            raise UnknownFormError(f"a cast to 128 bits: {self.line.line.strip()}")
        if high.kind != "ternary":
            words.at = start
            return None
        if high.raw != f"{value.raw} < 0 ? -1 : 0":
            raise UnknownFormError(f"a cast to 128 bits: {self.line.line.strip()}")
        self._count("cast")
        return f"{whole.text} = FERRIC_CAST_128({whole.raw}, {value.text});"
