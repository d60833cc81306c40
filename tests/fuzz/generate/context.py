# SPDX-License-Identifier: GPL-2.0-only
"""What is known while a program is made: its types, functions and variables; and the makers.

A maker returns one form of an expression of a sort of types, or one form of statement; modules
register theirs with :func:`makes` and :func:`does`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fuzz.generate.tree import Node, joined, node, statement
from tests.fuzz.generate.types import BOOL, CHAR, INTEGERS, Type, array, couple, literal, option
from tests.fuzz.generate.types import plain as plain_text

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Maker = Callable[["Context", Type, int], Node | None]
    Doer = Callable[["Context"], Node | None]

FORMATS = ("{}", "{}", "{:?}", "{:x}", "{:#x}", "{:08X}", "{:#010b}", "{:o}", "{:+}", "{:>12}",
           "{:^+9}",
           "{:_<7}", "{:#?}", "{:02x?}", "{:+07}", "{:<#20X}", "{:e}")  # fmt: skip

_EXPRESSIONS: dict[str, list[tuple[Maker, float]]] = {}
_STATEMENTS: list[tuple[Doer, float, bool]] = []


def makes(*sorts: str, weight: float = 1.0) -> Callable[[Maker], Maker]:
    """Register a maker of expressions of ``sorts``; it may return None where it has nothing."""

    def register(maker: Maker) -> Maker:
        for sort in sorts:
            _EXPRESSIONS.setdefault(sort, []).append((maker, weight))
        return maker

    return register


def does(*, weight: float = 1.0, heap: bool = False) -> Callable[[Doer], Doer]:
    """Register a maker of statements; with ``heap``, one for programs with a heap alone."""

    def register(maker: Doer) -> Doer:
        _STATEMENTS.append((maker, weight, heap))
        return maker

    return register


@dataclass(frozen=True)
class Variable:
    """A variable (or constant, or static) in scope."""

    name: str
    kind: Type
    mutable: bool = False


@dataclass(frozen=True)
class Function:
    """A function that can be called by what comes after it."""

    name: str
    takes: tuple[Type, ...]
    gives: Type
    abi: str = ""


@dataclass
class Context:
    """The program so far, and the source of chance.

    Where it is ``guarded``, forms that Ferric refuses on the way through mrustc are left out.
    """

    rng: random.Random
    heap: bool = False
    atomics: bool = True
    guarded: bool = False
    own: list[Type] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    nesting: int = 0
    depth: int = 3
    _count: int = 0

    def fresh(self, prefix: str) -> str:
        """Return a name that nothing has."""
        self._count += 1
        return f"{prefix}{self._count}"

    def integer(self) -> Type:
        """Return an integer type."""
        return self.rng.choice(INTEGERS)

    def type(self, depth: int = 2) -> Type:
        """Return any type."""
        chance = self.rng.random()
        if depth == 0 or chance < 0.5:
            return self.integer()
        if chance < 0.6:
            return self.rng.choice((BOOL, CHAR))
        if chance < 0.7:
            return option(self.type(depth - 1))
        if chance < 0.8:
            return array(self.type(depth - 1), self.rng.randint(1, 6))
        if chance < 0.87 or not self.own:
            return couple(self.type(depth - 1), self.type(depth - 1))
        return self.rng.choice(self.own)

    def literal(self, kind: Type) -> Node:
        """Return a constant, at times one that no compiler sees through."""
        text = literal(kind, self.rng)
        if self.rng.random() < 0.4:
            text = f"bb({text})"
        return Node((text,), kind.name, (plain_text(kind),))

    def expression(self, kind: Type, depth: int | None = None) -> Node:
        """Return an expression of a type, in at most ``depth`` levels."""
        depth = self.depth if depth is None else depth
        known = [one for one in self.variables if one.kind == kind]
        if known and self.rng.random() < (0.3 if depth else 0.75):
            name = self.rng.choice(known).name
            return Node((name,), kind.name, (plain_text(kind),))
        if depth <= 0 or self.rng.random() < 0.12:
            return self.literal(kind)
        makers = _EXPRESSIONS[kind.sort]
        for maker, _ in self.rng.choices(makers, [weight for _, weight in makers], k=4):
            made = maker(self, kind, depth - 1)
            if made is not None:
                # Where a statement may stand, a block would be one: "{ x } + 1" is not a sum.
                block = made.text().startswith(("{", "'"))
                parts: tuple[str | Node, ...] = ("(", *made.parts, ")") if block else made.parts
                return Node(parts, kind.name, (plain_text(kind),))
        return self.literal(kind)

    def statements(self, count: int) -> Node:
        """Return statements that see each other's variables, in a scope of their own."""
        with self.scope():
            made: list[Node] = []
            before = len(self.variables)
            weights = [weight * (self.heap or not heap) for _, weight, heap in _STATEMENTS]
            while len(made) < count:
                maker, _, _ = self.rng.choices(_STATEMENTS, weights)[0]
                one = maker(self)
                if one is not None:
                    made.append(one)
            made += [said(self, one) for one in self.variables[before:]]
        return joined(made)

    @contextlib.contextmanager
    def scope(self, *variables: Variable) -> Iterator[None]:
        """What is declared inside is forgotten at the end."""
        before = len(self.variables)
        self.variables += variables
        self.nesting += 1
        try:
            yield
        finally:
            self.nesting -= 1
            del self.variables[before:]

    @contextlib.contextmanager
    def alone(self, *variables: Variable) -> Iterator[None]:
        """Hide all variables but these: the body of a function begins."""
        kept, self.variables = self.variables, list(variables)
        try:
            yield
        finally:
            self.variables = kept


def said(c: Context, one: Variable) -> Node:
    """Return the statement that logs a variable, in a random format."""
    form = c.rng.choice(FORMATS if one.kind.sort == "int" else ("{:?}", "{:?}", "{:#?}", "{:x?}"))
    return statement(f'say!("{one.name} {form}", {one.name});\n')


def small_index(c: Context, depth: int) -> Node:
    """Return an index (``usize``) that is below 256 whatever the width of a pointer is."""
    return node(
        "(§ as usize)", c.expression(INTEGERS[1], depth), kind="usize", instead=("0_usize",)
    )
