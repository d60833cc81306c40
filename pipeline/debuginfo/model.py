# SPDX-License-Identifier: GPL-2.0-only
"""What debug information says of a program: types, functions, variables, compilation units.

A type is named by a :data:`Ref`, the place of its entry; :meth:`DebugInfo.type` makes the type of
it.  Types point at each other in circles, so they hold references and nothing is read before it is
asked for.  All sizes and offsets are in bytes, but those that say bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

Ref: TypeAlias = int  # the place of a type's entry, unique in one object
VOID: Ref = -1  # no type: C's void, Rust's () where it is left out
Place: TypeAlias = tuple[int, int]  # a section's number and an offset in it

LANG_ASSEMBLER = 0x8001  # DW_LANG_Mips_Assembler, which GNU as writes for all architectures
LANG_RUST = 0x1C


class DwarfError(ValueError):
    """The debug information contradicts itself or its size, or is of a kind that is not read."""


class Encoding(IntEnum):
    """How the bits of a base type are to be taken (DWARF 5, 7.8); others are numbers."""

    ADDRESS = 0x01
    BOOLEAN = 0x02
    COMPLEX = 0x03
    FLOAT = 0x04
    SIGNED = 0x05
    SIGNED_CHAR = 0x06
    UNSIGNED = 0x07
    UNSIGNED_CHAR = 0x08
    UTF = 0x10


@dataclass(frozen=True, slots=True)
class Base:
    """An integer, a truth value, a character, a float: ``encoding`` is an :class:`Encoding`."""

    name: str
    size: int
    encoding: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer or a reference; ``size`` is None where it is an address's."""

    target: Ref
    size: int | None


@dataclass(frozen=True, slots=True)
class Array:
    """An array: ``counts`` has the number of elements of each dimension, None where unknown.

    A flexible array member and an array of a length known at run time have None; GCC writes
    nothing (and so None) for ``[0]``, too.
    """

    element: Ref
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member at byte ``offset`` from the start; unnamed ones have the name ``""``.

    A bit-field has ``bit_size`` and ``bit_offset``, both in bits, the latter from the record's
    start: in a big-endian object from the most significant bit of the first byte, in a
    little-endian one from the least (DWARF 5, 5.7.6); ``offset`` is the byte that it begins in.
    """

    name: str
    type: Ref
    offset: int
    bit_offset: int | None = None
    bit_size: int | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """One case of a Rust enum: its ``value`` of the discriminant (None: any other), its members."""

    value: int | None
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A struct or union: ``size`` is None where it is only declared (or known at run time).

    ``path`` are the namespaces (Rust: modules) that it is in, and its name, between ``::``.
    A Rust enum has its cases in ``variants`` and what tells them apart in ``discriminant``.
    """

    kind: Literal["struct", "union"]
    name: str
    size: int | None
    members: tuple[Member, ...]
    declaration: bool
    path: str = ""
    discriminant: Member | None = None
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Enum:
    """A C enum, or a Rust one without fields; ``underlying`` is VOID where it is not said."""

    name: str
    size: int | None
    underlying: Ref
    values: tuple[tuple[str, int], ...]
    declaration: bool
    path: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """A ``typedef`` with its name, or a qualifier (const, volatile, restrict, _Atomic)."""

    kind: Literal["typedef", "qualifier"]
    name: str
    target: Ref


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; a declaration's have no names (``""``)."""

    name: str
    type: Ref


@dataclass(frozen=True, slots=True)
class Signature:
    """The type of a function that a pointer leads to.

    ``prototyped`` False says that C was not told the parameters: ``int (*f)()``.
    """

    parameters: tuple[Parameter, ...]
    variadic: bool
    returns: Ref
    prototyped: bool


@dataclass(frozen=True, slots=True)
class Unspecified:
    """A type of which only the name is known (Rust's ``!``)."""

    name: str


Type: TypeAlias = Base | Pointer | Array | Record | Enum | Alias | Signature | Unspecified


@dataclass(frozen=True, slots=True)
class Unit:
    """A compilation unit; ``language`` is DWARF's number, None where it does not say.

    ``offset`` is where it begins in its section ``.debug_info``.  A ``type_unit`` holds one type
    for others and names no producer.
    """

    number: int
    offset: int
    name: str
    producer: str | None
    language: int | None
    version: int
    type_unit: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a unit defines or declares.

    ``name`` is the source's, ``symbol`` the linker's.  ``place`` is where its code begins, None for
    a declaration, for one that was only inlined, and where the code was dropped from the link.
    GCC 12 writes a declaration for each function that the unit calls or takes the address of, with
    the types of its parameters, and for no other.
    """

    ref: int
    unit: int
    name: str
    symbol: str
    path: str
    external: bool
    declaration: bool
    signature: Signature
    place: Place | None


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable outside functions; ``place`` as for a :class:`Function`."""

    ref: int
    unit: int
    name: str
    symbol: str
    path: str
    external: bool
    declaration: bool
    type: Ref
    place: Place | None
