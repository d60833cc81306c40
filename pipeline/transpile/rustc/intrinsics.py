# SPDX-License-Identifier: GPL-2.0-only
"""What the representation calls by ``llvm.`` names, as C (https://llvm.org/docs/LangRef.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc import operations
from pipeline.transpile.rustc.ir import Float, Instruction, Int, IrError, Number, Struct, Type
from pipeline.transpile.rustc.types_c import container

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.transpile.rustc.write_function import FunctionWriter

_WIDTHS = (8, 16, 32, 64, 128)
_MATH = {"fabs", "copysign", "floor", "ceil", "trunc", "rint", "nearbyint", "round", "roundeven",
         "sqrt", "fma", "sin", "cos", "exp", "exp2", "log", "log2", "log10", "pow"}  # fmt: skip


def write(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Write a call of the intrinsic ``name``."""
    words = name.split(".")[1:]
    for length in (3, 2, 1):
        handler = _HANDLERS.get(".".join(words[:length]))
        if handler is not None:
            handler(writer, one, words[0])
            return
    if words[0] in _MATH and isinstance(one.type, Float):
        suffix = "f" if one.type.name == "float" else ""
        arguments = ", ".join(writer.use(operand) for operand in one.operands)
        writer.assign(one, one.type, f"__builtin_{words[0]}{suffix}({arguments})")
        return
    raise IrError(f"the intrinsic {name}")


def _nothing(_writer: FunctionWriter, _one: Instruction, _name: str) -> None:
    """What only helps an optimiser or a debugger."""


def _assume(writer: FunctionWriter, one: Instruction, _name: str) -> None:
    writer.out.append(f"if (!{writer.use(one.operands[0])}) __builtin_unreachable();")


def _expect(writer: FunctionWriter, one: Instruction, _name: str) -> None:
    value, likely = one.operands
    text = f"__builtin_expect({writer.use(value)}, {writer.use(likely)})"
    writer.assign(one, one.type, text)


def _trap(writer: FunctionWriter, _one: Instruction, _name: str) -> None:
    writer.out.append("__builtin_trap();")


def _constant(writer: FunctionWriter, one: Instruction, _name: str) -> None:
    writer.assign(one, one.type, f"!!__builtin_constant_p({writer.use(one.operands[0])})")


def _memory(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """memcpy, memmove, memset: with a length of 0 no address is looked at."""
    target, source, length, volatile = one.operands
    if length.value == Number(0):
        return
    words = ", ".join(writer.use(operand) for operand in (target, source, length))
    if volatile.value != Number(0):
        writer.out.append(f"ferric_{'set' if name == 'memset' else 'copy'}_volatile({words});")
    else:
        writer.out.append(f"__builtin_{name}({words});")


def _overflow(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Return the result and whether it is not the exact one."""
    first, second = one.operands
    kind, op = first.type, name[1:]
    words = writer.use(first), writer.use(second)
    variable = writer.result(one, Struct((kind, Int(1))))
    if not isinstance(kind, Int) or kind.bits not in _WIDTHS:
        raise IrError(f"{name}.with.overflow of this width")
    if kind.bits == 128:
        text = f"{name[0]}128_{op}_overflow({words[0]}, {words[1]}, &{variable}.f0)"
    else:
        cast = f"{name[0]}{kind.bits}"
        text = (
            f"__builtin_{op}_overflow(({cast}){words[0]}, ({cast}){words[1]}, "
            f"({cast} *)&{variable}.f0)"
        )
    writer.out.append(f"{variable}.f1 = {text};")


def _saturate(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Add or subtract; what does not fit becomes the number nearest to it."""
    first, second = one.operands
    kind = _integer(one.type, name)
    words = writer.use(first), writer.use(second)
    variable = writer.result(one, kind)
    signed, op = name[0] == "s", name[1:]
    most, least = (1 << kind.bits - signed) - 1, (1 << kind.bits - 1) if signed else 0
    high = writer.constants.expression(Number(most), kind)
    low = writer.constants.expression(Number(least), kind)
    if kind.bits == 128:
        test = f"{name[0]}128_{op}_overflow({words[0]}, {words[1]}, &{variable})"
        negative = f"u128_slt({words[0]}, U128(0, 0))"
    else:
        cast = f"{name[0]}{kind.bits}"
        pair = f"({cast}){words[0]}, ({cast}){words[1]}"
        test = f"__builtin_{op}_overflow({pair}, ({cast} *)&{variable})"
        negative = f"(s{kind.bits}){words[0]} < 0"
    if signed:
        writer.out.append(f"if ({test}) {variable} = {negative} ? {low} : {high};")
    else:
        writer.out.append(f"if ({test}) {variable} = {high if op == 'add' else low};")


def _count(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Count leading or trailing zeros, or ones: of 0 all bits."""
    kind = _integer(one.type, name)
    word = writer.use(one.operands[0])
    bits = kind.bits
    if container(bits) == 128:
        if bits != 128:
            raise IrError(f"{name} of {bits} bits")
        writer.assign(one, kind, f"u128_from(u128_{name}({word}))")
        return
    ending = "ll" if bits > 32 else ""
    size = 64 if bits > 32 else 32
    if name == "ctpop":
        text = f"__builtin_popcount{ending}({word})"
    elif name == "ctlz":
        text = f"({word} ? __builtin_clz{ending}({word}) - {size - bits} : {bits})"
    else:
        text = f"({word} ? __builtin_ctz{ending}({word}) : {bits})"
    writer.assign(one, kind, text)


def _bswap(writer: FunctionWriter, one: Instruction, name: str) -> None:
    kind = _integer(one.type, name)
    word = writer.use(one.operands[0])
    if kind.bits == 128:
        text = f"U128(__builtin_bswap64(u128_low({word})), __builtin_bswap64(u128_high({word})))"
    elif kind.bits in (16, 32, 64):
        text = f"__builtin_bswap{kind.bits}({word})"
    else:
        raise IrError(f"bswap of {kind.bits} bits")
    writer.assign(one, kind, text)


def _bitreverse(writer: FunctionWriter, one: Instruction, name: str) -> None:
    kind = _integer(one.type, name)
    word = writer.use(one.operands[0])
    if kind.bits == 128:
        text = f"U128(ferric_reverse(u128_low({word})), ferric_reverse(u128_high({word})))"
    elif kind.bits <= 64:
        text = f"ferric_reverse({word}) >> {64 - kind.bits}"
    else:
        raise IrError(f"bitreverse of {kind.bits} bits")
    writer.assign(one, kind, text)


def _carryless(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Multiply without carries: what the type has room for is kept."""
    kind = _integer(one.type, name)
    words = ", ".join(writer.use(operand) for operand in one.operands)
    if kind.bits not in _WIDTHS:
        raise IrError(f"{name} of {kind.bits} bits")
    function = "u128_clmul" if kind.bits == 128 else "ferric_clmul"
    writer.assign(one, kind, f"{function}({words})")


def _funnel(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Shift two integers as if they were one; the count is taken modulo the width."""
    kind = _integer(one.type, name)
    high, low, count = (writer.use(operand) for operand in one.operands)
    bits = kind.bits
    if bits == 128:
        by = writer.temporary(Int(32))
        writer.out.append(f"{by} = u128_low({count}) & 127;")
        shifts = ("shl", "lshr") if name == "fshl" else ("lshr", "shl")
        kept, filled = (high, low) if name == "fshl" else (low, high)
        text = (
            f"{by} ? u128_or(u128_{shifts[0]}({kept}, {by}), "
            f"u128_{shifts[1]}({filled}, 128 - {by})) : {kept}"
        )
        writer.assign(one, kind, text)
        return
    if bits not in _WIDTHS:
        raise IrError(f"{name} of {bits} bits")
    wide = max(32, bits)
    by = writer.temporary(Int(32))
    writer.out.append(f"{by} = (u32)({count} % {bits}u);")
    first, second = (by, f"({bits} - {by})") if name == "fshl" else (f"({bits} - {by})", by)
    kept = high if name == "fshl" else low
    joined = f"((u{wide}){high} << {first} | (u{wide}){low} >> {second})"
    writer.assign(one, kind, f"{by} ? {joined} : {kept}")


def _order(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Compare three ways: -1, 0 or 1."""
    first, second = one.operands
    sign = name[0]
    words = writer.use(first), writer.use(second)
    more = operations.compare("icmp", f"{sign}gt", first.type, *words)
    less = operations.compare("icmp", f"{sign}lt", first.type, *words)
    kind = _integer(one.type, name)
    writer.assign(one, kind, f"(u{container(kind.bits)})(({more}) - ({less}))")


def _limit(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """The larger or the smaller of two."""
    first, second = one.operands
    words = writer.use(first), writer.use(second)
    condition = f"{name[0]}{'gt' if name.endswith('max') else 'lt'}"
    test = operations.compare("icmp", condition, first.type, *words)
    writer.assign(one, one.type, f"{test} ? {words[0]} : {words[1]}")


def _abs(writer: FunctionWriter, one: Instruction, name: str) -> None:
    kind = _integer(one.type, name)
    word = writer.use(one.operands[0])
    zero = writer.constants.expression(Number(0), kind)
    test = operations.compare("icmp", "slt", kind, word, zero)
    writer.assign(one, kind, f"{test} ? {operations.binary('sub', kind, zero, word)} : {word}")


def _saturating_cast(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """Make an integer of a float: NaN is 0, what does not fit the number nearest to it."""
    kind = _integer(one.type, name)
    (operand,) = one.operands
    word = writer.use(operand)
    signed = name == "fptosi"
    bits = kind.bits - signed
    most = writer.constants.expression(Number((1 << bits) - 1), kind)
    least = writer.constants.expression(Number(1 << bits if signed else 0), kind)
    # Powers of two are exact as floats, and beyond the largest float they are infinite.
    high = f"0x1p{bits}" if bits < 1024 else "__builtin_inf()"
    low = f"-0x1p{bits}" if signed else "0.0"
    inside = operations.cast(name, operand.type, kind, word, writer.types)
    writer.assign(
        one,
        kind,
        f"__builtin_isnan({word}) ? {writer.constants.expression(Number(0), kind)} : "
        f"(double){word} >= {high} ? {most} : (double){word} <= {low} ? {least} : {inside}",
    )


def _extreme(writer: FunctionWriter, one: Instruction, name: str) -> None:
    """The number of two where one is no number, else the larger or the smaller."""
    first, second = (writer.use(operand) for operand in one.operands)
    sign = ">" if "max" in name else "<"
    writer.assign(
        one, one.type,
        f"__builtin_isnan({first}) ? {second} : __builtin_isnan({second}) ? {first} : "
        f"{first} {sign} {second} ? {first} : {second}",
    )  # fmt: skip


def _multiply_add(writer: FunctionWriter, one: Instruction, _name: str) -> None:
    """A product and a sum, which may be rounded once or twice: LLVM leaves it open."""
    first, second, third = (writer.use(operand) for operand in one.operands)
    writer.assign(one, one.type, f"{first} * {second} + {third}")


def _ptrmask(writer: FunctionWriter, one: Instruction, _name: str) -> None:
    pointer, mask = (writer.use(operand) for operand in one.operands)
    writer.assign(one, one.type, f"(void *)((uptr){pointer} & {mask})")


def _integer(kind: Type, name: str) -> Int:
    if not isinstance(kind, Int):
        raise IrError(f"{name} of what is no integer")
    return kind


_HANDLERS: dict[str, Callable[[FunctionWriter, Instruction, str], None]] = {
    **dict.fromkeys(
        ["lifetime", "experimental.noalias", "dbg", "donothing", "prefetch", "invariant"], _nothing
    ),
    "assume": _assume,
    "expect": _expect,
    "trap": _trap,
    "is.constant": _constant,
    **dict.fromkeys(["memcpy", "memmove", "memset"], _memory),
    **{f"{op}.with.overflow": _overflow for op in
       ("uadd", "sadd", "usub", "ssub", "umul", "smul")},
    **{f"{op}.sat": _saturate for op in ("uadd", "sadd", "usub", "ssub")},
    **dict.fromkeys(["ctlz", "cttz", "ctpop"], _count),
    "bswap": _bswap,
    "bitreverse": _bitreverse,
    "clmul": _carryless,
    **dict.fromkeys(["fshl", "fshr"], _funnel),
    **dict.fromkeys(["scmp", "ucmp"], _order),
    **dict.fromkeys(["smax", "smin", "umax", "umin"], _limit),
    "abs": _abs,
    "fptoui.sat": _saturating_cast,
    "fptosi.sat": _saturating_cast,
    **dict.fromkeys(["minnum", "maxnum", "minimumnum", "maximumnum"], _extreme),
    "fmuladd": _multiply_add,
    "ptrmask": _ptrmask,
}  # fmt: skip
