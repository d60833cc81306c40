# SPDX-License-Identifier: GPL-2.0-only
"""Read each kind of instruction word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.transpile.rustc.heads import CONVENTIONS, result_attributes
from pipeline.transpile.rustc.ir import (
    Array,
    Global,
    Int,
    IrError,
    Local,
    Number,
    Ptr,
    Signature,
    Type,
    Typed,
    Void,
)
from pipeline.transpile.rustc.lexer import name_of
from pipeline.transpile.rustc.operations import BINARY, CASTS
from pipeline.transpile.rustc.parse import Cursor, read_type, read_typed, read_value

if TYPE_CHECKING:
    from collections.abc import Callable

_FAST = frozenset({"fast", "nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"})
_Read = tuple[Type, tuple[Typed, ...], dict[str, Any]]


def reader(op: str) -> Callable[[Cursor, str], _Read]:
    """Return what reads an instruction behind its name: its type, its operands, and the rest."""
    if op in BINARY:
        return _binary
    if op in CASTS:
        return _cast
    if op not in _READERS:
        raise IrError(f"the instruction {op}")
    return _READERS[op]


def _skip_fast(at: Cursor) -> None:
    while at.peek() in _FAST:
        at.next()


def _second(at: Cursor, kind: Type) -> Typed:
    """Read the value behind a comma, of the same type as the first."""
    at.expect(",")
    return Typed(kind, read_value(at, kind))


def _binary(at: Cursor, _op: str) -> _Read:
    at.skip_flags()
    _skip_fast(at)
    first = read_typed(at)
    return first.type, (first, _second(at, first.type)), {}


def _cast(at: Cursor, _op: str) -> _Read:
    at.skip_flags()
    _skip_fast(at)
    value = read_typed(at)
    at.expect("to")
    return read_type(at), (value,), {}


def _compare(at: Cursor, _op: str) -> _Read:
    at.skip_flags()
    _skip_fast(at)
    condition = at.next()
    first = read_typed(at)
    lanes = first.type.count if isinstance(first.type, Array) else 0
    kind = Array(lanes, Int(1)) if lanes else Int(1)
    return kind, (first, _second(at, first.type)), {"condition": condition}


def _alloca(at: Cursor, _op: str) -> _Read:
    kind = read_type(at)
    alignment = 1
    while at.accept(","):
        if at.accept("align"):
            alignment = at.integer()
        elif at.peek().startswith("!"):
            break
        else:
            raise IrError("an alloca of a variable size")
    return kind, (), {"alignment": alignment}


def _load(at: Cursor, _op: str) -> _Read:
    extra = _access(at)
    kind = read_type(at)
    at.expect(",")
    address = read_typed(at)
    _ordering(at, extra)
    return kind, (address,), extra


def _store(at: Cursor, _op: str) -> _Read:
    extra = _access(at)
    value = read_typed(at)
    at.expect(",")
    address = read_typed(at)
    _ordering(at, extra)
    return value.type, (value, address), extra


def _access(at: Cursor) -> dict[str, Any]:
    return {"atomic": at.accept("atomic"), "volatile": at.accept("volatile"), "alignment": 0}


def _ordering(at: Cursor, extra: dict[str, Any]) -> None:
    """Read what stands behind an access: a scope, orderings, an alignment."""
    extra["orderings"] = []
    while (word := at.peek()) and not word.startswith("!"):
        at.next()
        if word == "syncscope":
            extra["single_thread"] = True
            at.skip_parentheses()
        elif word == "align":
            extra["alignment"] = at.integer()
        elif word != ",":
            extra["orderings"].append(word)


def _getelementptr(at: Cursor, _op: str) -> _Read:
    at.skip_flags()
    kind = read_type(at)
    operands = []
    while at.accept(",") and not at.peek().startswith("!"):
        operands.append(read_typed(at))
    return kind, tuple(operands), {}


def _branch(at: Cursor, _op: str) -> _Read:
    if at.accept("label"):
        return Void(), (), {"targets": [name_of(at.next())]}
    condition = read_typed(at)
    targets = []
    while at.accept(",", "label"):
        targets.append(name_of(at.next()))
    return Void(), (condition,), {"targets": targets}


def _switch(at: Cursor, _op: str) -> _Read:
    value = read_typed(at)
    at.expect(",")
    at.expect("label")
    default = name_of(at.next())
    at.expect("[")
    cases = []
    while not at.accept("]"):
        case = read_typed(at)
        if not isinstance(case.value, Number):
            raise IrError("a case that is no number")
        at.expect(",")
        at.expect("label")
        cases.append((case.value.value, name_of(at.next())))
    return Void(), (value,), {"default": default, "cases": cases}


def _return(at: Cursor, _op: str) -> _Read:
    if at.accept("void"):
        return Void(), (), {}
    value = read_typed(at)
    return value.type, (value,), {}


def _unreachable(_at: Cursor, _op: str) -> _Read:
    return Void(), (), {}


_BARRIERS = [
    ["sideeffect", '""', ",", f'"{constraint}"'] for constraint in ("r,~{memory}", "~{memory}")
]


def _call(at: Cursor, _op: str) -> _Read:
    _skip_fast(at)
    while at.peek() in CONVENTIONS:
        at.next()
    attributes = result_attributes(at)
    kind = read_type(at)
    if at.accept("asm"):
        return _barrier(at)
    callee = Typed(Ptr(), read_value(at, Ptr()))
    if not isinstance(callee.value, Local | Global):
        raise IrError("a call of a constant address")
    at.expect("(")
    arguments = []
    while not at.accept(")"):
        if at.peek() == "metadata":
            raise IrError("a call with metadata")
        arguments.append(read_typed(at))
        at.accept(",")
    result = kind.result if isinstance(kind, Signature) else kind
    variadic = isinstance(kind, Signature) and kind.variadic
    extra = {"callee": callee, "attributes": attributes, "variadic": variadic}
    if isinstance(kind, Signature):
        extra["fixed"] = len(kind.parameters)
    return result, tuple(arguments), extra


def _barrier(at: Cursor) -> _Read:
    """Read assembly without an instruction, as ``core::hint::black_box`` is: of no machine."""
    words = []
    while at.peek() != "(":
        words.append(at.next())
    if words not in _BARRIERS:
        raise IrError("inline assembly")
    at.expect("(")
    addresses = () if at.peek() == ")" else (read_typed(at),)
    at.expect(")")
    return Void(), addresses, {"callee": Typed(Void(), Number(0)), "barrier": True}


def _phi(at: Cursor, _op: str) -> _Read:
    _skip_fast(at)
    kind = read_type(at)
    incoming = []
    while at.accept("["):
        value = read_value(at, kind)
        at.expect(",")
        incoming.append((Typed(kind, value), name_of(at.next())))
        at.expect("]")
        at.accept(",")
    return kind, (), {"incoming": incoming}


def _select(at: Cursor, _op: str) -> _Read:
    _skip_fast(at)
    condition = read_typed(at)
    at.expect(",")
    first = read_typed(at)
    at.expect(",")
    return first.type, (condition, first, read_typed(at)), {}


def _extractvalue(at: Cursor, _op: str) -> _Read:
    value = read_typed(at)
    return Void(), (value,), {"indices": _indices(at)}


def _insertvalue(at: Cursor, _op: str) -> _Read:
    value = read_typed(at)
    at.expect(",")
    member = read_typed(at)
    return value.type, (value, member), {"indices": _indices(at)}


def _indices(at: Cursor) -> list[int]:
    found = []
    while at.accept(",") and not at.peek().startswith("!"):
        found.append(at.integer())
    return found


def _lanes(at: Cursor, _op: str) -> _Read:
    """Read extractelement, insertelement and shufflevector: values with commas between them."""
    operands = [read_typed(at)]
    while at.accept(",") and not at.peek().startswith("!"):
        operands.append(read_typed(at))
    return operands[0].type, tuple(operands), {}


def _unary(at: Cursor, _op: str) -> _Read:
    _skip_fast(at)
    value = read_typed(at)
    return value.type, (value,), {}


def _cmpxchg(at: Cursor, _op: str) -> _Read:
    extra: dict[str, Any] = {"weak": at.accept("weak"), "volatile": at.accept("volatile")}
    address = read_typed(at)
    at.expect(",")
    expected = read_typed(at)
    at.expect(",")
    wanted = read_typed(at)
    _ordering(at, extra)
    return wanted.type, (address, expected, wanted), extra


def _atomicrmw(at: Cursor, _op: str) -> _Read:
    extra: dict[str, Any] = {"volatile": at.accept("volatile"), "operation": at.next()}
    address = read_typed(at)
    at.expect(",")
    value = read_typed(at)
    _ordering(at, extra)
    return value.type, (address, value), extra


def _fence(at: Cursor, _op: str) -> _Read:
    extra: dict[str, Any] = {}
    _ordering(at, extra)
    return Void(), (), extra


_READERS: dict[str, Callable[[Cursor, str], _Read]] = {
    "icmp": _compare,
    "fcmp": _compare,
    "alloca": _alloca,
    "load": _load,
    "store": _store,
    "getelementptr": _getelementptr,
    "br": _branch,
    "switch": _switch,
    "ret": _return,
    "unreachable": _unreachable,
    "call": _call,
    "phi": _phi,
    "select": _select,
    "extractvalue": _extractvalue,
    "insertvalue": _insertvalue,
    **dict.fromkeys(["extractelement", "insertelement", "shufflevector"], _lanes),
    "fneg": _unary,
    "freeze": _unary,
    "cmpxchg": _cmpxchg,
    "atomicrmw": _atomicrmw,
    "fence": _fence,
}
