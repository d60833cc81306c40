# SPDX-License-Identifier: GPL-2.0-only
"""Atomic accesses by GCC's built-ins: the same orderings, only widths that need no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc.ir import Instruction, Int, IrError, Ptr, Struct, Type

if TYPE_CHECKING:
    from pipeline.transpile.rustc.write_function import FunctionWriter

_ORDERINGS = {
    "unordered": "__ATOMIC_RELAXED",
    "monotonic": "__ATOMIC_RELAXED",
    "acquire": "__ATOMIC_ACQUIRE",
    "release": "__ATOMIC_RELEASE",
    "acq_rel": "__ATOMIC_ACQ_REL",
    "seq_cst": "__ATOMIC_SEQ_CST",
}
_STRONGER = {
    ("__ATOMIC_RELAXED", "__ATOMIC_ACQUIRE"): "__ATOMIC_ACQUIRE",
    ("__ATOMIC_RELEASE", "__ATOMIC_ACQUIRE"): "__ATOMIC_ACQ_REL",
    **{
        (f"__ATOMIC_{word}", "__ATOMIC_SEQ_CST"): "__ATOMIC_SEQ_CST"
        for word in ("RELAXED", "ACQUIRE", "RELEASE", "ACQ_REL")
    },
}
"""A success for a failure that is stronger: GCC has no such pair, and both is what it gives."""
_FETCH = {"add": "add", "sub": "sub", "and": "and", "or": "or", "xor": "xor", "nand": "nand"}
_LIMITS = {"max": (">", "s"), "min": ("<", "s"), "umax": (">", "u"), "umin": ("<", "u")}


def load(writer: FunctionWriter, one: Instruction) -> str:
    """Return the expression of an atomic load."""
    address = _address(writer, one.type, writer.use(one.operands[0]))
    return f"__atomic_load_n({address}, {_orders(one)[0]})"


def store(writer: FunctionWriter, one: Instruction) -> str:
    """Return the statement of an atomic store."""
    value, address = one.operands
    place = _address(writer, value.type, writer.use(address))
    return f"__atomic_store_n({place}, {writer.use(value)}, {_orders(one)[0]});"


def write(writer: FunctionWriter, one: Instruction) -> None:
    """Write a fence, a compare-and-exchange, or a read-modify-write."""
    if one.op == "fence":
        name = (
            "__atomic_signal_fence" if one.extra.get("single_thread") else "__atomic_thread_fence"
        )
        writer.out.append(f"{name}({_orders(one)[0]});")
    elif one.op == "cmpxchg":
        _exchange(writer, one)
    else:
        _modify(writer, one)


def _exchange(writer: FunctionWriter, one: Instruction) -> None:
    address, expected, wanted = one.operands
    name = writer.result(one, Struct((one.type, Int(1))))
    place = _address(writer, one.type, writer.use(address))
    success, failure = _orders(one)
    success = _STRONGER.get((success, failure), success)
    weak = "1" if one.extra["weak"] else "0"
    writer.out.append(f"{name}.f0 = {writer.use(expected)};")
    writer.out.append(
        f"{name}.f1 = __atomic_compare_exchange_n({place}, &{name}.f0, {writer.use(wanted)}, "
        f"{weak}, {success}, {failure});"
    )


def _modify(writer: FunctionWriter, one: Instruction) -> None:
    address, value = one.operands
    operation = one.extra["operation"]
    place = _address(writer, one.type, writer.use(address))
    order = _orders(one)[0]
    word = writer.use(value)
    if operation == "xchg":
        writer.assign(one, one.type, f"__atomic_exchange_n({place}, {word}, {order})")
    elif operation in _FETCH and isinstance(one.type, Int):
        writer.assign(
            one, one.type, f"__atomic_fetch_{_FETCH[operation]}({place}, {word}, {order})"
        )
    elif operation in _LIMITS and isinstance(one.type, Int):
        sign, kind = _LIMITS[operation]
        name = writer.result(one, one.type)
        cast = f"({kind}{one.type.bits})"
        best = f"{cast}{name} {sign} {cast}{word} ? {name} : {word}"
        plain = "__ATOMIC_RELAXED"
        writer.out += [
            f"{name} = __atomic_load_n({place}, {plain});",
            f"while (!__atomic_compare_exchange_n({place}, &{name}, {best}, 0, {order}, {plain}))",
            "\t;",
        ]
    else:
        raise IrError(f"atomicrmw {operation} of this type")


def _address(writer: FunctionWriter, kind: Type, address: str) -> str:
    """Return an address as that of the type, which has to be one that the machine has at once."""
    if isinstance(kind, Int) and (
        kind.bits not in (8, 16, 32, 64) or kind.bits > 8 * writer.types.layout.pointer
    ):
        raise IrError(
            f"an atomic access of {kind.bits} bits, which this machine has only with locks"
        )
    if not isinstance(kind, Int | Ptr):
        raise IrError("an atomic access to what is no integer")
    return f"({writer.types.access(kind, writer.types.layout.size(kind))} *){address}"


def _orders(one: Instruction) -> list[str]:
    """Return the orderings; of a compare-and-exchange two."""
    found = [_ORDERINGS[word] for word in one.extra["orderings"] if word in _ORDERINGS]
    if not found:
        raise IrError(f"an ordering of {one.op}")
    return found
