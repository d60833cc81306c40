# SPDX-License-Identifier: GPL-2.0-only
"""Vectors as structures of their lanes: each operation is written once for every lane.

No vector instruction comes of it, and every processor has it.  In memory a vector is what an array
is, as long as its lanes are whole bytes (https://llvm.org/docs/LangRef.html#vector-type).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.transpile.rustc import operations
from pipeline.transpile.rustc.ir import (
    Aggregate,
    Array,
    Float,
    Global,
    Instruction,
    Int,
    IrError,
    Local,
    Number,
    Ptr,
    Type,
    Typed,
    Zero,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.transpile.rustc.ir import Block
    from pipeline.transpile.rustc.write_function import FunctionWriter

_LANES = operations.BINARY | operations.CASTS | {"icmp", "fcmp", "select", "fneg", "call"}
_REDUCED = {"add": "add", "mul": "mul", "and": "and", "or": "or", "xor": "xor", "fadd": "fadd",
            "fmul": "fmul", "smax": "llvm.smax", "smin": "llvm.smin", "umax": "llvm.umax",
            "umin": "llvm.umin", "fmax": "llvm.maxnum", "fmin": "llvm.minnum"}  # fmt: skip


def write(writer: FunctionWriter, one: Instruction, block: Block) -> bool:
    """Write an instruction on vectors; say whether it was one."""
    if one.op in _WRITERS:
        _WRITERS[one.op](writer, one)
        return True
    if one.op not in _LANES and one.op != "getelementptr":
        return False
    kinds = [it.type for it in one.operands] + ([one.type] if one.op in _LANES else [])
    shape = next((kind for kind in kinds if _is(kind)), None)
    if shape is None or (one.op == "select" and not _is(one.operands[0].type)):
        return False
    if one.op == "getelementptr":
        _addresses(writer, one, shape, block)
    elif one.op == "bitcast":
        _bitcast(writer, one)
    elif one.op == "call":
        return _call(writer, one, shape, block)
    else:
        _by_lanes(writer, one, shape, block)
    return True


def _call(writer: FunctionWriter, one: Instruction, shape: Type, block: Block) -> bool:
    """Write an intrinsic on vectors; a function takes them as they are."""
    callee = one.extra["callee"].value
    if not isinstance(callee, Global) or not callee.name.startswith("llvm."):
        return False
    words = callee.name.split(".")
    if words[1:3] == ["vector", "reduce"]:
        _reduce(writer, one, words[3], block)
    elif words[1] in ("vector", "masked"):
        _masked(writer, one, ".".join(words[1:3]), block)
    else:
        _by_lanes(writer, one, shape, block)
    return True


def _is(kind: Type) -> bool:
    return isinstance(kind, Array)


def _array(kind: Type) -> Array:
    if not isinstance(kind, Array):
        raise IrError("a lane of what is no vector")
    return kind


def _lane(writer: FunctionWriter, operand: Typed, number: int) -> Typed:
    """Return a lane of an operand as an operand; what is no vector is the same for all lanes."""
    if not isinstance(operand.type, Array):
        return operand
    name = f"lane {len(writer.names)}"
    writer.names[name] = f"{writer.use(operand)}.f{number}"
    return Typed(operand.type.element, Local(name))


def _by_lanes(writer: FunctionWriter, one: Instruction, shape: Type, block: Block) -> None:
    count = _array(shape).count
    element = _array(one.type).element
    target = writer.result(one, Array(count, element))
    for number in range(count):
        operands = tuple(_lane(writer, operand, number) for operand in one.operands)
        result = f"{one.result} lane {number}"
        writer.write(replace(one, result=result, type=element, operands=operands), block)
        writer.out.append(f"{target}.f{number} = {writer.variable(result)};")


def _addresses(writer: FunctionWriter, one: Instruction, shape: Type, block: Block) -> None:
    """Write a getelementptr of many addresses: its type is the one that it counts in."""
    target = writer.result(one, Array(_array(shape).count, Ptr()))
    for number in range(_array(shape).count):
        operands = tuple(_lane(writer, operand, number) for operand in one.operands)
        result = f"{one.result} lane {number}"
        writer.write(replace(one, result=result, operands=operands), block)
        writer.out.append(f"{target}.f{number} = {writer.variable(result)};")


def _reduce(writer: FunctionWriter, one: Instruction, name: str, block: Block) -> None:
    """Join all lanes, from the first to the last; floats begin with an operand of their own."""
    op = _REDUCED.get(name)
    if op is None:
        raise IrError(f"the intrinsic llvm.vector.reduce.{name}")
    vector = one.operands[-1]
    lanes = [_lane(writer, vector, number) for number in range(_array(vector.type).count)]
    lanes = [*one.operands[:-1], *lanes]
    joined = lanes[0]
    for number, lane in enumerate(lanes[1:]):
        result = f"{one.result} step {number}"
        callee = {"callee": Typed(Ptr(), Global(op))} if op.startswith("llvm.") else {}
        word = "call" if callee else op
        step = Instruction(word, result, one.type, (joined, lane), {**one.extra, **callee})
        writer.write(step, block)
        joined = Typed(one.type, Local(result))
    writer.assign(one, one.type, writer.use(joined))


def _masked(writer: FunctionWriter, one: Instruction, name: str, block: Block) -> None:
    """Load or store the lanes that a mask has."""
    if name not in ("masked.load", "masked.store", "masked.gather", "masked.scatter"):
        raise IrError(f"the intrinsic llvm.{name}")
    stores = name in ("masked.store", "masked.scatter")
    operands = [it for it in one.operands if not isinstance(it.type, Int)]
    value, address, mask = operands if stores else (operands[2], operands[0], operands[1])
    shape = _array(value.type)
    size = writer.types.layout.size(shape.element)
    extra = {"atomic": False, "volatile": False, "alignment": 1}
    target = "" if stores else writer.result(one, shape)
    for number in range(shape.count):
        lane = _lane(writer, value, number)
        place = _lane(writer, address, number)
        if not _is(address.type):
            moved = f"lane {len(writer.names)}"
            writer.names[moved] = f"(void *)((u8 *){writer.use(address)} + {number * size})"
            place = Typed(Ptr(), Local(moved))
        if not stores:
            writer.out.append(f"{target}.f{number} = {writer.use(lane)};")
        writer.out.append(f"if ({writer.use(_lane(writer, mask, number))}) {{")
        if stores:
            writer.write(Instruction("store", "", lane.type, (lane, place), extra), block)
        else:
            result = f"{one.result} lane {number}"
            writer.write(Instruction("load", result, lane.type, (place,), extra), block)
            writer.out.append(f"{target}.f{number} = {writer.variable(result)};")
        writer.out.append("}")


def _bitcast(writer: FunctionWriter, one: Instruction) -> None:
    (operand,) = one.operands
    source, target = operand.type, one.type
    bits = [_array(kind).count for kind in (source, target) if _is_mask(kind)]
    if bits:
        _mask_cast(writer, one, bits[0])
        return
    for kind in (source, target):
        lane = kind.element if isinstance(kind, Array) else kind
        if isinstance(lane, Int) and lane.bits not in (8, 16, 32, 64, 128):
            raise IrError(f"a bitcast of a vector with lanes of {lane.bits} bits")
        if not isinstance(lane, Int | Float | Ptr):
            raise IrError("a bitcast of a vector of what are no numbers")
    held = writer.temporary(source)
    name = writer.result(one, target)
    writer.out.append(f"{held} = {writer.use(operand)};")
    writer.out.append(f"__builtin_memcpy(&{name}, &{held}, sizeof({name}));")


def _is_mask(kind: Type) -> bool:
    return isinstance(kind, Array) and kind.element == Int(1)


def _mask_cast(writer: FunctionWriter, one: Instruction, count: int) -> None:
    """Convert between lanes of one bit and an integer: the first lane is first in memory."""
    (operand,) = one.operands
    if count > 64 or not (isinstance(operand.type, Int) or isinstance(one.type, Int)):
        raise IrError(f"a bitcast of a vector of {count} bits")
    places = range(count)
    if writer.types.layout.big_endian:
        places = range(count - 1, -1, -1)
    word = writer.use(operand)
    if isinstance(one.type, Int):
        lanes = [f"(u64){word}.f{number} << {place}" for number, place in enumerate(places)]
        writer.assign(one, one.type, " | ".join(lanes))
        return
    name = writer.result(one, one.type)
    for number, place in enumerate(places):
        writer.out.append(f"{name}.f{number} = {word} >> {place} & 1;")


def _extract(writer: FunctionWriter, one: Instruction) -> None:
    vector, index = one.operands
    element = _array(vector.type).element
    if isinstance(index.value, Number):
        text = f"{writer.use(vector)}.f{index.value.value}"
    else:
        held = writer.temporary(vector.type)
        writer.out.append(f"{held} = {writer.use(vector)};")
        text = f"(({writer.types.name(element)} *)&{held})[{writer.use(index)}]"
    writer.assign(one, element, text)


def _insert(writer: FunctionWriter, one: Instruction) -> None:
    vector, member, index = one.operands
    element = _array(vector.type).element
    name = writer.result(one, vector.type)
    writer.out.append(f"{name} = {writer.use(vector)};")
    if isinstance(index.value, Number):
        place = f"{name}.f{index.value.value}"
    else:
        place = f"(({writer.types.name(element)} *)&{name})[{writer.use(index)}]"
    writer.out.append(f"{place} = {writer.use(member)};")


def _shuffle(writer: FunctionWriter, one: Instruction) -> None:
    first, second, mask = one.operands
    count = _array(first.type).count
    shape = _array(mask.type)
    name = writer.result(one, Array(shape.count, _array(first.type).element))
    for number in range(shape.count):
        at = 0
        if isinstance(mask.value, Aggregate):
            value = mask.value.members[number].value
            at = value.value if isinstance(value, Number) else 0
        elif not isinstance(mask.value, Zero):
            raise IrError("a shuffle by what is no constant")
        source, lane = (first, at) if at < count else (second, at - count)
        writer.out.append(f"{name}.f{number} = {writer.use(source)}.f{lane};")


_WRITERS: dict[str, Callable[[FunctionWriter, Instruction], None]] = {
    "extractelement": _extract,
    "insertelement": _insert,
    "shufflevector": _shuffle,
}
