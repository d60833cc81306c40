# SPDX-License-Identifier: GPL-2.0-only
"""Arithmetic, comparisons and conversions as C expressions without C's undefined behaviour.

Operands are unsigned and have no bits above their width.  Narrow ones are computed in 32 bits: C
would promote them to a signed int, whose overflow is undefined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc.ir import Float, Int, IrError, Ptr, Type
from pipeline.transpile.rustc.types_c import container

if TYPE_CHECKING:
    from pipeline.transpile.rustc.types_c import CTypes

_PLAIN = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"}
_DIVISIONS = {"udiv": "/", "urem": "%", "sdiv": "/", "srem": "%"}
_SHIFTS = {"shl": "<<", "lshr": ">>", "ashr": ">>"}
_FLOATS = {"fadd": "+", "fsub": "-", "fmul": "*", "fdiv": "/"}
BINARY = frozenset({*_PLAIN, *_DIVISIONS, *_SHIFTS, *_FLOATS, "frem"})
CASTS = frozenset(
    {"trunc", "zext", "sext", "fptrunc", "fpext", "fptoui", "fptosi", "uitofp", "sitofp",
     "ptrtoint", "inttoptr", "bitcast", "ptrtoaddr"}
)  # fmt: skip
_CONDITIONS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ORDERED = {
    "oeq": "{0} == {1}",
    "ogt": "{0} > {1}",
    "oge": "{0} >= {1}",
    "olt": "{0} < {1}",
    "ole": "{0} <= {1}",
    "one": "__builtin_islessgreater({0}, {1})",
    "ord": "!__builtin_isunordered({0}, {1})",
    "ueq": "!__builtin_islessgreater({0}, {1})",
    "ugt": "!({0} <= {1})",
    "uge": "!({0} < {1})",
    "ult": "!({0} >= {1})",
    "ule": "!({0} > {1})",
    "une": "{0} != {1}",
    "uno": "__builtin_isunordered({0}, {1})",
    "true": "1",
    "false": "0",
}


def cut(text: str, kind: Type) -> str:
    """Return an expression without the bits above the width of an integer type."""
    if not isinstance(kind, Int):
        return text
    size = container(kind.bits)
    if size >= 128:
        if kind.bits == size:
            return text
        if size == 256:
            raise IrError(f"an integer of {kind.bits} bits")
        mask = (1 << kind.bits) - 1
        return f"u128_and({text}, U128({mask >> 64:#x}ull, {mask & (1 << 64) - 1:#x}ull))"
    if kind.bits == size:
        return text if size >= 32 else f"(u{size})({text})"
    return f"(u{size})(({text}) & {(1 << kind.bits) - 1:#x}{'ull' if size == 64 else 'u'})"


def signed(text: str, kind: Type) -> str:
    """Return an integer as C's signed type of the same value in two's complement."""
    if not isinstance(kind, Int):
        raise IrError("a sign of what is no integer")
    size = container(kind.bits)
    if size >= 128:
        raise IrError(f"a signed number of {kind.bits} bits here")
    if kind.bits == size:
        return f"(s{size}){text}"
    gap = size - kind.bits
    return f"((s{size})(u{size})((u{max(size, 32)}){text} << {gap}) >> {gap})"


def binary(op: str, kind: Type, first: str, second: str) -> str:  # noqa: PLR0911 - one for each kind
    """Return the expression of an instruction with two operands of one type."""
    if isinstance(kind, Float):
        if op == "frem":
            # Of two floats as doubles it is exact, and a float.
            return f"ferric_fmod({first}, {second})"
        return f"{first} {_FLOATS[op]} {second}"
    if not isinstance(kind, Int):
        raise IrError(f"{op} of what is no number")
    size = container(kind.bits)
    if size == 256:
        return _widest(op, first, second)
    if size == 128:
        return _wide(op, kind, first, second)
    wide = f"(u{max(size, 32)})"
    if op in _PLAIN:
        return f"{wide}{first} {_PLAIN[op]} {wide}{second}"
    if op in ("udiv", "urem"):
        return f"{wide}{first} {_DIVISIONS[op]} {wide}{second}"
    if op in ("sdiv", "srem"):
        pair = f"{signed(first, kind)} {_DIVISIONS[op]} {signed(second, kind)}"
        return f"(u{size})({pair})"
    if op == "ashr":
        return f"(u{size})({signed(first, kind)} >> {second})"
    return f"{wide}{first} {_SHIFTS[op]} {second}"


def _wide(op: str, kind: Int, first: str, second: str) -> str:
    if kind.bits != 128 and op in ("sdiv", "srem", "ashr"):
        raise IrError(f"{op} of {kind.bits} bits")
    if op in _SHIFTS:
        return f"u128_{op}({first}, (unsigned int)u128_low({second}))"
    return f"u128_{op}({first}, {second})"


def _widest(op: str, first: str, second: str) -> str:
    """Of 256 bits core needs the product of two 128-bit integers, and its halves."""
    if op in ("add", "mul"):
        return f"u256_{op}({first}, {second})"
    if op == "lshr":
        return f"u256_lshr({first}, (unsigned int){second}.word[0])"
    raise IrError(f"{op} of 256 bits")


def compare(op: str, condition: str, kind: Type, first: str, second: str) -> str:
    """Return the expression of icmp and fcmp: 0 or 1."""
    if op == "fcmp":
        return _ORDERED[condition].format(first, second)
    sign = condition[0] if condition not in ("eq", "ne") else ""
    word = condition[1:] if sign else condition
    if isinstance(kind, Ptr):
        cast = "(sptr)" if sign == "s" else "(uptr)"
        return f"{cast}{first} {_CONDITIONS[word]} {cast}{second}"
    if not isinstance(kind, Int):
        raise IrError("icmp of what is no integer")
    if container(kind.bits) == 256:
        raise IrError("a comparison of 256 bits")
    if container(kind.bits) == 128:
        if sign == "s" and kind.bits != 128:
            raise IrError(f"icmp {condition} of {kind.bits} bits")
        return f"u128_{condition}({first}, {second})"
    if sign == "s":
        return f"{signed(first, kind)} {_CONDITIONS[word]} {signed(second, kind)}"
    return f"{first} {_CONDITIONS[word]} {second}"


def cast(  # noqa: PLR0911 - one for each kind
    op: str, source: Type, target: Type, text: str, types: CTypes
) -> str:
    """Return the expression of a conversion."""
    if op == "ptrtoaddr":
        op = "ptrtoint"
    if op == "bitcast":
        return _bitcast(source, target, text)
    if op in ("fptrunc", "fpext"):
        return f"({types.name(target)}){text}"
    if op in ("fptoui", "fptosi"):
        return _from_float(op, target, text)
    if op in ("uitofp", "sitofp"):
        return _to_float(op, source, target, text, types)
    if op == "ptrtoint":
        return widened("zext", Int(8 * types.layout.pointer), target, f"(uptr){text}")
    if op == "inttoptr":
        narrow = widened("zext", source, Int(8 * types.layout.pointer), text)
        return f"(void *)(uptr){narrow}"
    return widened(op, source, target, text)


def widened(op: str, source: Type, target: Type, text: str) -> str:
    """Return an integer made wider (zext, sext) or narrower (whatever ``op`` is)."""
    if not isinstance(source, Int) or not isinstance(target, Int):
        raise IrError(f"{op} of what is no integer")
    old, new = container(source.bits), container(target.bits)
    if 256 in (old, new):
        return _widest_cast(op, source, target, text)
    if new == 128 and old == 128:
        if op == "sext":
            raise IrError(f"sext of {source.bits} bits to {target.bits}")
        return text
    if new == 128:
        if op == "sext":
            return f"u128_from_s64({signed(text, source)})"
        return f"u128_from({text})"
    if old == 128:
        text = f"u128_low({text})"
    elif op == "sext":
        text = signed(text, source)
    return f"(u{new})({text})"


def _widest_cast(op: str, source: Int, target: Int, text: str) -> str:
    """Return a conversion from or to 256 bits."""
    if container(source.bits) <= 128 and op == "zext":
        return f"u256_from({widened(op, source, Int(128), text)})"
    if op == "sext" and (source.bits == 128 or container(source.bits) < 128):
        narrow = text if source.bits == 128 else widened(op, source, Int(128), text)
        return f"u256_from_s128({narrow})"
    if container(target.bits) <= 128 and op == "trunc":
        return widened(op, Int(128), target, f"u256_low({text})")
    raise IrError(f"{op} between {source.bits} and {target.bits} bits")


def _bitcast(source: Type, target: Type, text: str) -> str:
    if isinstance(source, Float) and isinstance(target, Int):
        return f"ferric_bits_f{target.bits}({text})"
    if isinstance(source, Int) and isinstance(target, Float):
        return f"ferric_f{source.bits}({text})"
    if source == target:
        return text
    raise IrError("a bitcast between other types than an integer and a float")


def _from_float(op: str, target: Type, text: str) -> str:
    if not isinstance(target, Int):
        raise IrError(f"{op} to what is no integer")
    size = container(target.bits)
    if size == 128:
        return f"{'u' if op == 'fptoui' else 's'}128_of_float({text})"
    return f"(u{size})({'u' if op == 'fptoui' else 's'}{size})({text})"


def _to_float(op: str, source: Type, target: Type, text: str, types: CTypes) -> str:
    if not isinstance(source, Int) or not isinstance(target, Float):
        raise IrError(f"{op} between other types than an integer and a float")
    if container(source.bits) == 128:
        bits = 64 if target.name == "double" else 32
        return f"{'u' if op == 'uitofp' else 's'}128_to_f{bits}({text})"
    return f"({types.name(target)}){text if op == 'uitofp' else signed(text, source)}"
