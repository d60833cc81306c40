# SPDX-License-Identifier: GPL-2.0-only
"""One program: its types, its functions and its body; and the text that all programs share."""

from __future__ import annotations

import random
from dataclasses import dataclass

# What registers itself as makers.
from tests.fuzz.generate import heap as _heap
from tests.fuzz.generate import integers as _integers
from tests.fuzz.generate import scenes as _scenes
from tests.fuzz.generate import statements as _statements
from tests.fuzz.generate import values as _values
from tests.fuzz.generate.context import Context, Function, Variable
from tests.fuzz.generate.tree import Node, joined, node, statement
from tests.fuzz.generate.types import Type, Variant, literal, plain

MAKERS = (_heap, _integers, _scenes, _statements, _values)
BATCH = 32
_DERIVES = "#[derive(Clone, Copy, PartialEq, Debug)]\n"

SUPPORT = """\
#![allow(warnings, arithmetic_overflow, unconditional_panic)]
fn bb<T>(value: T) -> T { core::hint::black_box(value) }
macro_rules! say { ($($what:tt)*) => { line(format_args!($($what)*)) } }
fn line(what: core::fmt::Arguments<'_>) {
    let _ = core::fmt::Write::write_fmt(&mut Out, format_args!("{}\\n", what));
}
static mut FUEL: u32 = 150;
fn tired() -> bool {
    unsafe {
        if FUEL == 0 { return true; }
        FUEL -= 1;
        false
    }
}
trait Twist<T: Copy> {
    fn twist(&self, by: T) -> T;
    fn again(&self, by: T) -> T { let once = self.twist(by); self.twist(once) }
}
struct Off<T>(T);
macro_rules! twists { ($($kind:ident)+) => { $(
    impl Twist<$kind> for $kind {
        fn twist(&self, by: $kind) -> $kind { self.rotate_left(3) ^ by }
    }
    impl Twist<$kind> for Off<$kind> {
        fn twist(&self, by: $kind) -> $kind { self.0.wrapping_add(by) }
        fn again(&self, by: $kind) -> $kind { by.wrapping_mul(self.0).wrapping_sub(1) }
    }
)+ } }
twists!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128);
fn generic<T: Copy + PartialOrd + Twist<T>>(a: T, b: T) -> T {
    if a < b { a.twist(b) } else { b.again(a) }
}
fn through<T: Copy>(a: &dyn Twist<T>, b: T) -> T { a.again(b) }
fn twice<T>(f: &impl Fn(T) -> T, x: T) -> T { f(f(x)) }
fn boxed<T>(f: &dyn Fn(T) -> T, x: T) -> T { f(x) }
fn finally<T>(f: impl FnOnce(T) -> T, x: T) -> T { f(x) }
fn repeat<T: Copy>(f: &mut dyn FnMut(T) -> T, x: T) { for _ in 0..3 { f(x); } }
struct End(u32);
impl Drop for End { fn drop(&mut self) { say!("end {}", self.0); } }
struct Pair { one: End, two: End }
"""
HEAP_SUPPORT = """\
use alloc::{boxed::Box, collections::BTreeMap, format, rc::Rc, string::String, vec, vec::Vec};
struct Link<T>(T, End, Option<Box<Link<T>>>);
"""


@dataclass(frozen=True)
class Program:
    """A generated program: the body of a module that has ``pub fn program()``."""

    number: int
    heap: bool
    tree: Node


def needs_heap(number: int) -> bool:
    """Say whether the program has a heap: every third batch does."""
    return number // BATCH % 3 == 2


def program(seed: int, number: int, *, atomics: bool = True, guarded: bool = False) -> Program:
    """Return program ``number`` of the run ``seed``: always the same one.

    ``atomics`` and ``guarded`` leave forms out, so that other programs come out.
    """
    rng = random.Random(f"{seed} {number}")  # noqa: S311 - for tests only
    c = Context(rng, needs_heap(number), atomics, guarded, depth=rng.choice((1, 2, 2, 3)))
    for _ in range(rng.randint(1, 3)):
        c.items.append(_own_type(c))
    for _ in range(rng.randint(0, 2)):
        c.items.append(_global(c))
    for _ in range(rng.randint(1, 2)):
        c.items.append(_function(c))
    body = c.statements(rng.randint(3, 7))
    whole = node('§pub fn program() {\n§say!("done");\n}\n', joined(c.items), body)
    return Program(number, c.heap, whole)


def _own_type(c: Context) -> Node:
    name, rng = c.fresh("T"), c.rng
    if rng.random() < 0.5:
        layout = rng.choice(("", "", "C", "packed", "C, packed", "C, align(16)", "C, packed(2)"))
        fields = tuple(c.type(1) for _ in range(rng.randint(1, 5)))
        if "packed" in layout:
            fields = tuple(c.integer() if one in c.own else one for one in fields)
        kind = Type(name, "struct", fields)
        listed = "".join(f"f{index}: {one.name}, " for index, one in enumerate(fields))
        c.own.append(kind)
        head = f"#[repr({layout})]\n" * bool(layout)
        return statement(f"{_DERIVES}{head}struct {name} {{ {listed}}}\n")
    layout = rng.choice(("", "", "", "u8", "i16", "u32", "i64", "C"))
    variants = []
    for index in range(rng.randint(1 if not layout else 2, 5)):
        count = rng.choice((0, 0, 1, 1, 2, 3))
        variants.append(
            Variant(f"V{index}", tuple(c.type(1) for _ in range(count)), rng.random() < 0.3)
        )
    if c.guarded and any(len(set(one.fields)) > 1 for one in variants):
        layout = ""
    kind = Type(name, "enum", variants=tuple(variants))
    listed = "".join(_variant(one) for one in variants)
    c.own.append(kind)
    head = f"#[repr({layout})]\n" * bool(layout)
    return statement(f"{_DERIVES}{head}enum {name} {{ {listed}}}\n")


def _variant(one: Variant) -> str:
    if not one.fields:
        return f"{one.name}, "
    if one.named:
        fields = ", ".join(f"f{index}: {part.name}" for index, part in enumerate(one.fields))
        return f"{one.name} {{ {fields} }}, "
    return f"{one.name}({', '.join(part.name for part in one.fields)}), "


def _global(c: Context) -> Node:
    """A constant or a static of any type."""
    kind, name = c.type(), c.fresh("G")
    c.variables.append(Variable(name, kind))
    word = c.rng.choice(("const", "static"))
    return statement(f"{word} {name}: {kind.name} = {literal(kind, c.rng)};\n")


def _function(c: Context) -> Node:
    name = c.fresh("f")
    takes = tuple(c.type(1) for _ in range(c.rng.randint(0, 4)))
    gives = c.type()
    names = [c.fresh("p") for _ in takes]
    known = [one for one in c.variables if one.name.startswith("G")]
    with c.alone(*known, *map(Variable, names, takes)):
        body = c.statements(c.rng.randint(0, 3))
        result = c.expression(gives)
    simple = all(_crosses(part) for part in (*takes, gives))
    abi = 'extern "C" ' if simple and c.rng.random() < 0.5 else ""
    c.functions.append(Function(name, takes, gives, abi))
    taken = ", ".join(f"{one}: {kind.name}" for one, kind in zip(names, takes, strict=True))
    inline = c.rng.choice(("", "", "#[inline(never)] ", "#[inline(always)] "))
    return statement(
        f"{inline}{abi}fn {name}({taken}) -> {gives.name} {{ if tired() {{ return "
        f"{plain(gives)}; }}\n§§ }}\n",
        body,
        result,
    )


def _crosses(kind: Type) -> bool:
    """Say whether C has such a type, and passes it as a plain value."""
    return kind.sort in {"bool", "char"} or (kind.sort == "int" and kind.bits <= 64)
