# SPDX-License-Identifier: GPL-2.0-only
"""The types of the values that generated programs compute with; every one is ``Copy``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Sort = Literal["int", "bool", "char", "array", "tuple", "option", "struct", "enum"]
CHARS = ("'a'", "'Z'", "'0'", "' '", "'\\n'", "'é'", "'ß'", "'\\u{1f600}'", "'\\0'",
         "'\\u{10ffff}'",
         "'ǆ'", "'\\u{301}'", "'\\''")  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """A variant of an enum: its name, its fields, and whether they are named."""

    name: str
    fields: tuple[Type, ...]
    named: bool


@dataclass(frozen=True)
class Type:
    """A Rust type: its name, and what it is made of (fields, elements, variants)."""

    name: str
    sort: Sort
    parts: tuple[Type, ...] = ()
    length: int = 0
    variants: tuple[Variant, ...] = ()
    packed: bool = False

    @property
    def bits(self) -> int:
        """Return the width of an integer."""
        return int(self.name[1:])

    @property
    def signed(self) -> bool:
        """Say whether an integer is signed."""
        return self.name.startswith("i")

    @property
    def ordered(self) -> bool:
        """Say whether ``Ord`` is there: programs derive only ``PartialEq`` for their own types."""
        return self.sort not in {"struct", "enum"} and all(part.ordered for part in self.parts)


INTEGERS = tuple(
    Type(f"{sign}{bits}", "int") for bits in (8, 16, 32, 64, 128) for sign in ("i", "u")
)
BOOL, CHAR = Type("bool", "bool"), Type("char", "char")
BY_NAME = {one.name: one for one in INTEGERS}
U8, U32 = BY_NAME["u8"], BY_NAME["u32"]


def array(element: Type, length: int) -> Type:
    """Return ``[element; length]``."""
    return Type(f"[{element.name}; {length}]", "array", (element,), length)


def option(inner: Type) -> Type:
    """Return ``Option<inner>``."""
    return Type(f"Option<{inner.name}>", "option", (inner,))


def couple(first: Type, second: Type) -> Type:
    """Return ``(first, second)``."""
    return Type(f"({first.name}, {second.name})", "tuple", (first, second))


def integer(kind: Type, rng: random.Random) -> str:
    """Return a literal of an integer type: often an edge, at times any value."""
    low = -(1 << (kind.bits - 1)) if kind.signed else 0
    high = low + (1 << kind.bits) - 1
    near = rng.choice((low, high, 0, 1, 1 << rng.randrange(kind.bits - 1)))
    value = rng.choice(
        (
            rng.randrange(10),
            near + rng.randrange(-2, 3),
            rng.randint(low, high),
            rng.getrandbits(rng.randint(1, kind.bits)) * (-1 if kind.signed else 1),
        )
    )
    value = min(max(value, low), high)
    if value == low and kind.signed:
        return f"{kind.name}::MIN"
    return f"(-{-value}_{kind.name})" if value < 0 else f"{value}_{kind.name}"


def literal(kind: Type, rng: random.Random) -> str:
    """Return a constant of any type."""
    match kind.sort:
        case "int":
            text = integer(kind, rng)
        case "bool":
            text = rng.choice(("true", "false"))
        case "char":
            text = rng.choice(CHARS)
        case "option":
            inner = kind.parts[0]
            none = f"None::<{inner.name}>"
            text = none if rng.random() < 0.3 else f"Some({literal(inner, rng)})"
        case "array":
            items = ", ".join(literal(kind.parts[0], rng) for _ in range(kind.length))
            text = f"[{items}]"
        case "tuple":
            text = f"({literal(kind.parts[0], rng)}, {literal(kind.parts[1], rng)})"
        case "struct":
            text = _struct(kind, [literal(part, rng) for part in kind.parts])
        case "enum":
            one = rng.choice(kind.variants)
            text = variant(kind, one, [literal(part, rng) for part in one.fields])
    return text


def plain(kind: Type) -> str:
    """Return the simplest constant of a type."""
    parts = [plain(part) for part in kind.parts]
    match kind.sort:
        case "int":
            text = f"0_{kind.name}"
        case "bool":
            text = "false"
        case "char":
            text = "'a'"
        case "option":
            text = f"None::<{kind.parts[0].name}>"
        case "array":
            text = f"[{parts[0]}; {kind.length}]"
        case "tuple":
            text = f"({parts[0]}, {parts[1]})"
        case "struct":
            text = _struct(kind, parts)
        case "enum":
            first = kind.variants[0]
            text = variant(kind, first, [plain(part) for part in first.fields])
    return text


def _struct(kind: Type, values: list[str]) -> str:
    fields = ", ".join(f"f{index}: {value}" for index, value in enumerate(values))
    # Between "match" and "{" a struct needs parentheses; as a pattern it may have them.
    return f"({kind.name} {{ {fields} }})"


def variant(kind: Type, one: Variant, values: list[str]) -> str:
    """Return an expression (or a pattern) of a variant with the given fields."""
    path = f"{kind.name}::{one.name}"
    if not values:
        return path
    if one.named:
        return _struct(Type(path, "struct"), values)
    return f"{path}({', '.join(values)})"
