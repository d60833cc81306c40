# SPDX-License-Identifier: GPL-2.0-only
"""One function as C: every value a variable, every block a label, every rule of the IR kept.

Integers are unsigned and hold no bits above their width; what is signed is cast where the
operation is.  Memory is read and written through types that alias everything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.transpile.rustc import atomics, intrinsics, operations
from pipeline.transpile.rustc.border import passed
from pipeline.transpile.rustc.ir import (
    Array,
    Block,
    Expression,
    Function,
    Global,
    Instruction,
    Int,
    IrError,
    Local,
    Number,
    Ptr,
    Signature,
    Struct,
    Type,
    Typed,
    Void,
)
from pipeline.transpile.rustc.types_c import members_of
from pipeline.transpile.rustc.values import fixed_offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.transpile.rustc.types_c import CTypes
    from pipeline.transpile.rustc.values import Constants

_WORD = re.compile(r"\W")


class FunctionWriter:
    """Writes the body of one function; ``line`` gives a ``#line`` for a location, or nothing."""

    def __init__(
        self,
        function: Function,
        types: CTypes,
        constants: Constants,
        line: Callable[[int | None], str],
    ) -> None:
        self.function = function
        self.types = types
        self.constants = constants
        self.line = line
        self.names: dict[str, str] = {}
        self.kinds: dict[str, Type] = {}
        self.declared: list[str] = []
        self.out: list[str] = []
        self.slots = _slots(function)
        for parameter, name in zip(function.parameters, parameter_names(function), strict=True):
            self.kinds[parameter.name] = parameter.type
            kind = types.name(parameter.type)
            signed = "signext" in parameter.attributes
            self.names[parameter.name] = f"(({kind}){name})" if signed else name

    def body(self) -> str:
        """Return the function's body with its braces."""
        lines = []
        for block in self.function.blocks:
            lines += self._block(block)
        return "\n".join(["{", *(f"\t{one}" for one in self.declared), *lines, "}"])

    def _block(self, block: Block) -> list[str]:
        self.out = [f"{self.label(block.label)}: __attribute__((unused));"]
        for instruction in block.instructions:
            before = len(self.out)
            self._write(instruction, block)
            if len(self.out) > before and (line := self.line(instruction.location)):
                self.out.insert(before, line)
        return [one if one.startswith("#") else f"\t{one}" for one in self.out]

    # Names

    def variable(self, name: str) -> str:
        """Return the C name of a value."""
        if name not in self.names:
            plain = _WORD.sub("_", name)
            self.names[name] = f"v{len(self.names)}_{plain}"[:48]
        return self.names[name]

    def label(self, name: str) -> str:
        """Return the C label of a block."""
        return f"L_{self.variable('block ' + name)}"

    def result(self, instruction: Instruction, kind: Type) -> str:
        """Declare the variable of an instruction's result and return its name."""
        name = self.variable(instruction.result)
        self.kinds[instruction.result] = kind
        self.declared.append(f"{self.types.name(kind)} {name};")
        return name

    def temporary(self, kind: Type) -> str:
        """Declare a variable that no instruction names."""
        name = f"t{len(self.declared)}"
        self.declared.append(f"{self.types.name(kind)} {name};")
        return name

    def use(self, typed: Typed) -> str:
        """Return the C expression of an operand."""
        if isinstance(typed.value, Local):
            if typed.value.name in self.slots:
                return f"(void *)&{self.variable(typed.value.name)}"
            return self.variable(typed.value.name)
        return self.constants.expression(typed.value, typed.type)

    def assign(self, instruction: Instruction, kind: Type, expression: str) -> None:
        """Write an assignment to the instruction's result; bits above its width are cut."""
        self.out.append(f"{self.result(instruction, kind)} = {operations.cut(expression, kind)};")

    # Instructions

    def _write(self, one: Instruction, block: Block) -> None:
        writer = _WRITERS.get(one.op)
        if writer is not None:
            writer(self, one, block)
        elif one.op in operations.BINARY:
            first, second = (self.use(operand) for operand in one.operands)
            self.assign(one, one.type, operations.binary(one.op, one.type, first, second))
        elif one.op in operations.CASTS:
            (operand,) = one.operands
            text = operations.cast(one.op, operand.type, one.type, self.use(operand), self.types)
            self.assign(one, one.type, text)
        else:
            raise IrError(f"the instruction {one.op}")

    def _compare(self, one: Instruction, _block: Block) -> None:
        first, second = one.operands
        text = operations.compare(
            one.op, one.extra["condition"], first.type, self.use(first), self.use(second)
        )
        self.assign(one, Int(1), text)

    def _alloca(self, one: Instruction, _block: Block) -> None:
        name = self.variable(one.result)
        self.kinds[one.result] = Ptr()
        slot = self.slots[one.result]
        if slot is not None:
            self.declared.append(f"{self.types.name(slot)} {name};")
            return
        size = max(1, self.types.layout.size(one.type))
        alignment = one.extra["alignment"]
        self.declared.append(f"u8 {name}[{size}] __attribute__((aligned({alignment})));")

    def _slot(self, address: Typed) -> tuple[str, Type] | None:
        """Return variable and type where an address is that of a local with one type only."""
        if isinstance(address.value, Local):
            kind = self.slots.get(address.value.name)
            if kind is not None:
                return self.variable(address.value.name), kind
        return None

    def _load(self, one: Instruction, _block: Block) -> None:
        (address,) = one.operands
        slot = self._slot(address)
        if slot:
            self.assign(one, one.type, slot[0])
        elif one.extra["atomic"]:
            self.assign(one, one.type, atomics.load(self, one))
        elif isinstance(one.type, Struct | Array):
            name = self.result(one, one.type)
            self._load_members(one.type, self.use(address), name, one.extra, 0)
        else:
            self.assign(one, one.type, self.read(one.type, self.use(address), one.extra))

    def _load_members(
        self, kind: Type, address: str, target: str, extra: dict[str, object], at: int
    ) -> None:
        """Write the load of an aggregate: of each member, with the alignment that it has there."""
        for number, (member, offset) in enumerate(self._members(kind)):
            place = at + offset
            inner = {**extra, "alignment": self._alignment(extra, kind, place)}
            if isinstance(member, Struct | Array):
                self._load_members(member, address, f"{target}.f{number}", extra, place)
            else:
                value = self.read(member, f"((u8 *){address} + {place})", inner)
                self.out.append(f"{target}.f{number} = {operations.cut(value, member)};")

    def _members(self, kind: Type) -> list[tuple[Type, int]]:
        """Return the members of an aggregate with their offsets in bytes."""
        if isinstance(kind, Struct):
            return list(zip(kind.members, self.types.layout.offsets(kind), strict=False))
        if isinstance(kind, Array):
            size = self.types.layout.size(kind.element)
            return [(one, at * size) for at, one in enumerate(members_of(kind))]
        return []

    def _alignment(self, extra: dict[str, object], kind: Type, place: int) -> int:
        """Return the alignment of a member ``place`` bytes into an access."""
        whole = int(str(extra["alignment"])) or self.types.layout.alignment(kind)
        return min(whole, place & -place) if place else whole

    def read(self, kind: Type, address: str, extra: dict[str, object]) -> str:
        """Return the expression that reads a value of a type at an address."""
        alignment = int(str(extra["alignment"])) or self.types.layout.alignment(kind)
        volatile = "volatile " if extra["volatile"] else ""
        if isinstance(kind, Int) and not _whole(kind):
            if volatile or kind.bits > 128:
                raise IrError(f"a load of {kind.bits} bits")
            wide = "_wide" if kind.bits > 64 else ""
            return f"ferric_load{wide}({address}, {self.types.layout.stored(kind)})"
        return f"*(const {volatile}{self.types.access(kind, alignment)} *){address}"

    def _store(self, one: Instruction, _block: Block) -> None:
        value, address = one.operands
        slot = self._slot(address)
        if slot:
            self.out.append(f"{slot[0]} = {self.use(value)};")
            return
        if one.extra["atomic"]:
            self.out.append(atomics.store(self, one))
            return
        self.store(value.type, self.use(address), self.use(value), one.extra)

    def store(self, kind: Type, address: str, value: str, extra: dict[str, object]) -> None:
        """Write a store of a value of a type at an address."""
        alignment = int(str(extra["alignment"])) or self.types.layout.alignment(kind)
        volatile = "volatile " if extra["volatile"] else ""
        if isinstance(kind, Int) and not _whole(kind):
            if volatile or kind.bits > 128:
                raise IrError(f"a store of {kind.bits} bits")
            size = self.types.layout.stored(kind)
            wide = "_wide" if kind.bits > 64 else ""
            self.out.append(f"ferric_store{wide}({address}, {value}, {size});")
        elif isinstance(kind, Struct | Array):
            for number, (member, offset) in enumerate(self._members(kind)):
                inner = {**extra, "alignment": self._alignment(extra, kind, offset)}
                self.store(member, f"((u8 *){address} + {offset})", f"{value}.f{number}", inner)
        else:
            access = self.types.access(kind, alignment)
            self.out.append(f"*({volatile}{access} *){address} = {value};")

    def _getelementptr(self, one: Instruction, _block: Block) -> None:
        base, *indices = one.operands
        kind = one.type
        if all(isinstance(index.value, Number) for index in indices):
            numbers = [index.value.value for index in indices if isinstance(index.value, Number)]
            offset = str(fixed_offset(self.types, kind, numbers))
        else:
            offset = self._offset(kind, indices)
        self.assign(one, Ptr(), f"(void *)((u8 *){self.use(base)} + {offset})")

    def _offset(self, kind: Type, indices: list[Typed]) -> str:
        """Return what a getelementptr with an index that is no constant adds."""
        words = []
        for position, index in enumerate(indices):
            if position and isinstance(kind, Struct):
                if not isinstance(index.value, Number):
                    raise IrError("a member of a structure by a variable")
                words.append(str(self.types.layout.offsets(kind)[index.value.value]))
                kind = kind.members[index.value.value]
                continue
            if position and isinstance(kind, Array):
                kind = kind.element
            elif position:
                raise IrError("a getelementptr into what has no members")
            size = self.types.layout.size(kind)
            signed = operations.signed(self.use(index), index.type)
            words.append(f"(uptr){signed} * {size}u")
        return f"(sptr)({' + '.join(words)})"

    def _br(self, one: Instruction, block: Block) -> None:
        targets = one.extra["targets"]
        if not one.operands:
            self._go(block, targets[0])
            return
        self.out.append(f"if ({self.use(one.operands[0])}) {{")
        self._go(block, targets[0])
        self.out.append("} else {")
        self._go(block, targets[1])
        self.out.append("}")

    def _switch(self, one: Instruction, block: Block) -> None:
        (value,) = one.operands
        if not isinstance(value.type, Int):
            raise IrError("a switch on what is no integer")
        word = self.use(value)
        if value.type.bits > 64:
            for number, target in one.extra["cases"]:
                case = self.constants.expression(Number(number), value.type)
                self.out.append(f"if (u128_eq({word}, {case})) {{")
                self._go(block, target)
                self.out.append("}")
            self._go(block, one.extra["default"])
            return
        self.out.append(f"switch ({word}) {{")
        for number, target in one.extra["cases"]:
            suffix = "ull" if value.type.bits > 32 else "u"
            self.out.append(f"case {number % (1 << value.type.bits)}{suffix}:")
            self._go(block, target)
        self.out.append("default:")
        self._go(block, one.extra["default"])
        self.out.append("}")

    def _go(self, block: Block, target: str) -> None:
        """Write a jump, and before it what the target's phis take from this block."""
        moves = []
        for phi in self._phis(target):
            for value, source in phi.extra["incoming"]:
                if source == block.label:
                    moves.append((phi, value))
                    break
        copies = []
        for phi, value in moves:
            # All are read before any is written: one may be another's value.
            name = self.temporary(phi.type) if len(moves) > 1 else self.variable(phi.result)
            self.out.append(f"\t{name} = {self.use(value)};")
            if len(moves) > 1:
                copies.append(f"\t{self.variable(phi.result)} = {name};")
        self.out += copies
        self.out.append(f"\tgoto {self.label(target)};")

    def _phis(self, label: str) -> list[Instruction]:
        for block in self.function.blocks:
            if block.label == label:
                return [one for one in block.instructions if one.op == "phi"]
        raise IrError(f"a jump to {label}, which is no block")

    def _phi(self, one: Instruction, _block: Block) -> None:
        self.result(one, one.type)

    def _ret(self, one: Instruction, _block: Block) -> None:
        self.out.append(f"return {self.use(one.operands[0])};" if one.operands else "return;")

    def _unreachable(self, _one: Instruction, _block: Block) -> None:
        self.out.append("__builtin_unreachable();")

    def _select(self, one: Instruction, _block: Block) -> None:
        condition, first, second = (self.use(operand) for operand in one.operands)
        self.assign(one, one.type, f"{condition} ? {first} : {second}")

    def _extractvalue(self, one: Instruction, _block: Block) -> None:
        (value,) = one.operands
        kind, path = _into(value.type, one.extra["indices"])
        self.assign(one, kind, f"{self.use(value)}{path}")

    def _insertvalue(self, one: Instruction, _block: Block) -> None:
        value, member = one.operands
        _, path = _into(value.type, one.extra["indices"])
        name = self.result(one, value.type)
        self.out.append(f"{name} = {self.use(value)};")
        self.out.append(f"{name}{path} = {self.use(member)};")

    def _fneg(self, one: Instruction, _block: Block) -> None:
        self.assign(one, one.type, f"-{self.use(one.operands[0])}")

    def _freeze(self, one: Instruction, _block: Block) -> None:
        self.assign(one, one.type, self.use(one.operands[0]))

    def _atomic(self, one: Instruction, _block: Block) -> None:
        atomics.write(self, one)

    def _call(self, one: Instruction, _block: Block) -> None:
        callee = one.extra["callee"]
        if isinstance(callee.value, Global) and callee.value.name.startswith("llvm."):
            intrinsics.write(self, one, callee.value.name)
            return
        arguments = [self.use(operand) for operand in one.operands]
        kinds = tuple(operand.type for operand in one.operands)
        fixed = kinds[: one.extra["fixed"]] if one.extra["variadic"] else kinds
        signature = Signature(one.type, fixed, one.extra["variadic"])
        text = f"{self._callee(one, callee, signature)}({', '.join(arguments)})"
        if isinstance(one.type, Void):
            self.out.append(f"{text};")
        elif one.result:
            self.assign(one, one.type, text)
        else:
            self.out.append(f"(void){text};")

    def _callee(self, one: Instruction, callee: Typed, signature: Signature) -> str:
        """Return a function to call: by name where its own type is the call's."""
        if isinstance(callee.value, Global):
            symbol = self.constants.symbol(callee.value.name)
            if self.constants.called_as(callee.value.name, signature):
                return symbol
            return f"(({self._pointer(one, signature)})(void *)&{symbol})"
        return f"(({self._pointer(one, signature)}){self.use(callee)})"

    def _pointer(self, one: Instruction, signature: Signature) -> str:
        """Return the C type of a pointer to the function that is called."""
        fixed = one.operands[: len(signature.parameters)]
        words = [passed(self.types, operand.type, operand.attributes) for operand in fixed]
        words += ["..."] if signature.variadic else []
        result = passed(self.types, signature.result, one.extra["attributes"])
        return f"{result} (*)({', '.join(words) or 'void'})"


_WRITERS = {
    "icmp": FunctionWriter._compare,
    "fcmp": FunctionWriter._compare,
    "alloca": FunctionWriter._alloca,
    "load": FunctionWriter._load,
    "store": FunctionWriter._store,
    "getelementptr": FunctionWriter._getelementptr,
    "br": FunctionWriter._br,
    "switch": FunctionWriter._switch,
    "phi": FunctionWriter._phi,
    "ret": FunctionWriter._ret,
    "unreachable": FunctionWriter._unreachable,
    "select": FunctionWriter._select,
    "extractvalue": FunctionWriter._extractvalue,
    "insertvalue": FunctionWriter._insertvalue,
    "fneg": FunctionWriter._fneg,
    "freeze": FunctionWriter._freeze,
    "cmpxchg": FunctionWriter._atomic,
    "atomicrmw": FunctionWriter._atomic,
    "fence": FunctionWriter._atomic,
    "call": FunctionWriter._call,
}


def parameter_names(function: Function) -> list[str]:
    """Return the C names of a function's parameters."""
    plain = (_WORD.sub("_", one.name) for one in function.parameters)
    return [f"p{number}_{name}"[:48] for number, name in enumerate(plain)]


def _whole(kind: Int) -> bool:
    """Say whether a C type has exactly these bits in memory (i1 takes a byte)."""
    return kind.bits in (1, 8, 16, 32, 64, 128)


def _into(kind: Type, indices: list[int]) -> tuple[Type, str]:
    """Return the type of a member of a value, and the C that follows the value to reach it."""
    path = ""
    for index in indices:
        if isinstance(kind, Struct):
            kind = kind.members[index]
        elif isinstance(kind, Array):
            kind = kind.element
        else:
            raise IrError("a member of what has none")
        path += f".f{index}"
    return kind, path


def _slots(function: Function) -> dict[str, Type | None]:
    """Return the locals in memory, with their type where they are only ever read and written as one.

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
            plain = one.op in ("load", "store") and not (one.extra["atomic"] or one.extra["volatile"])
            for position, operand in enumerate(_operands(one)):
                if not isinstance(operand.value, Local) or operand.value.name not in found:
                    refused |= _inside(operand)
                    continue
                name = operand.value.name
                address = plain and position == len(one.operands) - 1
                scalar = isinstance(one.type, Int | Ptr) or type(one.type).__name__ == "Float"
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
