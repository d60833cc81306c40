# SPDX-License-Identifier: GPL-2.0-only
"""Which of a function's places in memory are nothing but variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transpile.rustc.ir import (
    Expression,
    Float,
    Global,
    Instruction,
    Int,
    Local,
    Ptr,
    Typed,
)

if TYPE_CHECKING:
    from pipeline.transpile.rustc.ir import Function, Type


def slots(function: Function) -> dict[str, Type | None]:
    """Return the locals in memory, with their type where they only ever have one.

    GCC then sees a variable where there would be bytes.
    """
    found: dict[str, Type | None] = {}
    refused: set[str] = set()
    for block in function.blocks:
        for one in block.instructions:
            if one.op == "alloca":
                found[one.result] = None
    for block in function.blocks:
        for one in block.instructions:
            plain = one.op in ("load", "store") and not (
                one.extra["atomic"] or one.extra["volatile"]
            )
            for position, operand in enumerate(_operands(one)):
                if not isinstance(operand.value, Local) or operand.value.name not in found:
                    refused |= _inside(operand)
                    continue
                name = operand.value.name
                address = plain and position == len(one.operands) - 1
                scalar = isinstance(one.type, Int | Ptr | Float)
                if one.op == "call" and _no_access(one):
                    continue
                if not (address and scalar) or found[name] not in (None, one.type):
                    refused.add(name)
                found[name] = one.type
    return {name: None if name in refused else kind for name, kind in found.items()}


def _operands(one: Instruction) -> list[Typed]:
    found = list(one.operands)
    if one.op == "phi":
        found += [value for value, _ in one.extra["incoming"]]
    if one.op == "call":
        found.append(one.extra["callee"])
    return found


def _inside(operand: Typed) -> set[str]:
    """Return the locals in a constant expression: there are none, by the grammar."""
    if isinstance(operand.value, Expression):
        return {name for inner in operand.value.operands for name in _inside(inner)}
    return set()


def _no_access(one: Instruction) -> bool:
    callee = one.extra["callee"].value
    return isinstance(callee, Global) and callee.name.startswith("llvm.lifetime.")
