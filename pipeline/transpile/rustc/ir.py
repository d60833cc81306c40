# SPDX-License-Identifier: GPL-2.0-only
"""What rustc's intermediate representation is made of: types, values, instructions.

Names and meanings are those of LLVM's language reference (https://llvm.org/docs/LangRef.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class IrError(Exception):
    """A construct that is not understood, with the function or global that has it, and a mend."""

    def __init__(self, construct: str, where: str = "", mend: str = "") -> None:
        super().__init__(construct)
        self.construct = construct
        self.where = where
        self.mend = mend


@dataclass(frozen=True)
class Void:
    """No value."""


@dataclass(frozen=True)
class Int:
    """An integer of ``bits`` bits, without a sign."""

    bits: int


@dataclass(frozen=True)
class Float:
    """A binary floating-point number: half, float, double, fp128."""

    name: str


@dataclass(frozen=True)
class Ptr:
    """An address."""


@dataclass(frozen=True)
class Array:
    """``count`` elements of one type."""

    count: int
    element: Type


@dataclass(frozen=True)
class Struct:
    """Members in order; ``packed`` without padding."""

    members: tuple[Type, ...]
    packed: bool = False


@dataclass(frozen=True)
class Signature:
    """The type of a function."""

    result: Type
    parameters: tuple[Type, ...]
    variadic: bool


Type = Void | Int | Float | Ptr | Array | Struct | Signature


@dataclass(frozen=True)
class Local:
    """A value of the function: ``%name``."""

    name: str


@dataclass(frozen=True)
class Global:
    """The address of a function or a variable: ``@name``."""

    name: str


@dataclass(frozen=True)
class Number:
    """An integer constant, as written (it may be negative)."""

    value: int


@dataclass(frozen=True)
class FloatBits:
    """A floating-point constant as the bits of a double."""

    bits: int


@dataclass(frozen=True)
class Zero:
    """All bytes zero: null, zeroinitializer; and what has no defined bytes, undef and poison."""

    defined: bool = True


@dataclass(frozen=True)
class Bytes:
    """An array of bytes."""

    data: bytes


@dataclass(frozen=True)
class Aggregate:
    """The members of a structure or an array, each with its type."""

    members: tuple[Typed, ...]


@dataclass(frozen=True)
class Expression:
    """A constant expression: ``op`` on ``operands``; ``type`` is the result's or a GEP's source."""

    op: str
    type: Type
    operands: tuple[Typed, ...]


Value = Local | Global | Number | FloatBits | Zero | Bytes | Aggregate | Expression


@dataclass(frozen=True)
class Typed:
    """A value with its type and the attributes that bear on a call (zeroext, signext, sret...)."""

    type: Type
    value: Value
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Instruction:
    """One instruction: what it is called, its result's name or "", and what it works on.

    ``type`` is what the operation is about: the result's type, or the type that is loaded or that
    a getelementptr counts in.  ``extra`` has what only this kind of instruction has.
    """

    op: str
    result: str
    type: Type
    operands: tuple[Typed, ...]
    extra: dict[str, Any] = field(default_factory=dict)
    location: int | None = None


@dataclass(frozen=True)
class Block:
    """A basic block: its label and its instructions, the last of which ends it."""

    label: str
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function."""

    type: Type
    name: str
    attributes: frozenset[str]


@dataclass(frozen=True)
class Function:
    """A function; a head that was read alone has no blocks, whether ``defined`` or not."""

    name: str
    result: Type
    result_attributes: frozenset[str]
    parameters: tuple[Parameter, ...]
    variadic: bool
    linkage: str
    attributes: frozenset[str]
    section: str
    path: str
    blocks: tuple[Block, ...]
    location: int | None = None
    defined: bool = False


@dataclass(frozen=True)
class Variable:
    """A global variable or constant; ``value`` is None for one that is defined elsewhere."""

    name: str
    type: Type
    value: Value | None
    constant: bool
    linkage: str
    section: str
    alignment: int
    thread_local: bool
