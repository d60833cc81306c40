# SPDX-License-Identifier: GPL-2.0-only
"""One function as C: every value a variable, every block a label, every rule of the IR kept.

Integers are unsigned and hold no bits above their width; what is signed is cast where the
operation is.  Memory is read and written through types that alias everything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pipeline.transpile.rustc import atomics, intrinsics, memory, operations, vectors
from pipeline.transpile.rustc.border import passed
from pipeline.transpile.rustc.ir import (
    Array,
    Block,
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
from pipeline.transpile.rustc.slots import slots
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
        self.slots = slots(function)
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
            self.write(instruction, block)
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

    def write(self, one: Instruction, block: Block) -> None:
        """Write an instruction of a block."""
        if vectors.write(self, one, block):
            return
        writer = self._WRITERS.get(one.op)
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

    def _load(self, one: Instruction, _block: Block) -> None:
        memory.load(self, one)

    def _store(self, one: Instruction, _block: Block) -> None:
        memory.store(self, one)

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
        if one.extra.get("barrier"):
            inputs = ", ".join(f'"r"({self.use(operand)})' for operand in one.operands)
            self.out.append(f'__asm__ volatile("" : : {inputs} : "memory");')
            return
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

    _WRITERS: ClassVar[dict[str, Callable[[FunctionWriter, Instruction, Block], None]]] = {
        "icmp": _compare,
        "fcmp": _compare,
        "alloca": _alloca,
        "load": _load,
        "store": _store,
        "getelementptr": _getelementptr,
        "br": _br,
        "switch": _switch,
        "phi": _phi,
        "ret": _ret,
        "unreachable": _unreachable,
        "select": _select,
        "extractvalue": _extractvalue,
        "insertvalue": _insertvalue,
        "fneg": _fneg,
        "freeze": _freeze,
        "cmpxchg": _atomic,
        "atomicrmw": _atomic,
        "fence": _atomic,
        "call": _call,
    }


def parameter_names(function: Function) -> list[str]:
    """Return the C names of a function's parameters."""
    plain = (_WORD.sub("_", one.name) for one in function.parameters)
    return [f"p{number}_{name}"[:48] for number, name in enumerate(plain)]


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
