# SPDX-License-Identifier: GPL-2.0-only
"""Expressions of the other types, and those that any type has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.generate.context import Variable, makes, small_index
from tests.fuzz.generate.tree import Node, joined, node
from tests.fuzz.generate.types import (
    BOOL,
    CHAR,
    U8,
    U32,
    array,
    couple,
    literal,
    option,
    variant,
)  # fmt: skip

if TYPE_CHECKING:
    from tests.fuzz.generate.context import Context
    from tests.fuzz.generate.types import Type

ANY = ("int", "bool", "char", "array", "tuple", "option", "struct", "enum")
WORDS = ("größe", "", "a,b,,c", " trim me\\t", "0x1f", "日本語 text", "ǅŸß", "e\\u{301}x",
         "line\\nline\\r\\nend",
         "\\u{1f600}!", "AbC")  # fmt: skip


@makes(*ANY, weight=1)
def either(c: Context, kind: Type, depth: int) -> Node:
    """An if with a value."""
    return node(
        "(if § { § } else { § })",
        c.expression(BOOL, depth),
        c.expression(kind, depth),
        c.expression(kind, depth),
    )


@makes(*ANY, weight=0.5)
def block(c: Context, kind: Type, depth: int) -> Node | None:
    """A block with a variable, which may be left early."""
    if c.guarded:
        return None  # mrustc stops at a label in a macro's arguments
    name, inner, label = c.fresh("v"), c.type(1), c.fresh("'b")
    value = c.expression(inner, depth)
    with c.scope(Variable(name, inner)):
        leaves = c.expression(BOOL, depth), c.expression(kind, depth), c.expression(kind, depth)
    return node(
        f"{label}: {{ let {name}: {inner.name} = §; if § {{ break {label} §; }} § }}",
        value,
        *leaves,
    )


@makes(*ANY, weight=1.5)
def called(c: Context, kind: Type, depth: int) -> Node | None:
    """A call of one of the program's functions, directly or through a pointer."""
    fitting = [one for one in c.functions if one.gives == kind]
    if not fitting:
        return None
    one = c.rng.choice(fitting)
    taken = joined([c.expression(part, depth) for part in one.takes], ", ")
    if c.rng.random() < 0.2:
        types = ", ".join(part.name for part in one.takes)
        return node(f"bb({one.name} as {one.abi}fn({types}) -> {kind.name})(§)", taken)
    return node(f"{one.name}(§)", taken)


@makes(*ANY, weight=1)
def indexed(c: Context, kind: Type, depth: int) -> Node | None:
    """An element of an array."""
    if len(kind.name) > 60:
        return None
    length = c.rng.randint(1, 6)
    items = c.expression(array(kind, length), depth)
    if c.rng.random() < 0.02:
        return node("§[§]", items, small_index(c, depth))
    if c.rng.random() < 0.3:
        return node("§.get(§).copied().unwrap_or(§)", items, small_index(c, depth),
                    c.expression(kind, depth))  # fmt: skip
    return node(f"§[§ % {length}]", items, small_index(c, depth))


@makes(*ANY, weight=1)
def unpacked(c: Context, kind: Type, depth: int) -> Node | None:
    """A part of something bigger: a field, a tuple's half, what an Option holds."""
    owners = [one for one in c.own if one.sort == "struct" and kind in one.parts]
    if owners and c.rng.random() < 0.6:
        owner = c.rng.choice(owners)
        return node(f"{{ §.f{owner.parts.index(kind)} }}", c.expression(owner, depth))
    if len(kind.name) > 60:
        return None
    if c.rng.random() < 0.5:
        whole = couple(kind, c.type(1))
        return node("§.0", c.expression(whole, depth))
    maybe = c.expression(option(kind), depth)
    return node("§.unwrap_or(§)", maybe, c.expression(kind, depth))


@makes(*ANY, weight=0.7)
def matched(c: Context, kind: Type, depth: int) -> Node | None:
    """A match on an enum of the program, with the fields bound."""
    enums = [one for one in c.own if one.sort == "enum"]
    if not enums:
        return None
    on = c.rng.choice(enums)
    value = c.expression(on, depth)
    arms = []
    for one in on.variants:
        names = [c.fresh("m") for _ in one.fields]
        pattern = variant(on, one, names)
        with c.scope(*map(Variable, names, one.fields)):
            if c.rng.random() < 0.3:
                arms.append(node(f"{pattern} if § => §, ", c.expression(BOOL, depth),
                                 c.expression(kind, depth)))  # fmt: skip
            arms.append(node(f"{pattern} => §, ", c.expression(kind, depth)))
    return node("(match § { §})", value, joined(arms))


@makes("bool", weight=4)
def compared(c: Context, _kind: Type, depth: int) -> Node:
    """Two values of a type, compared."""
    on = c.type(1)
    operators = ("==", "!=", "<", ">=", "<=", ">") if on.ordered else ("==", "!=")
    return node(
        f"(§ {c.rng.choice(operators)} §)", c.expression(on, depth), c.expression(on, depth)
    )


@makes("bool", weight=2)
def logic(c: Context, kind: Type, depth: int) -> Node:
    """Booleans of booleans."""
    template = c.rng.choice(("(§ && §)", "(§ || §)", "(§ ^ §)", "(§ & !§)", "(!§ | §)"))
    return node(template, c.expression(kind, depth), c.expression(kind, depth))


@makes("bool", weight=2)
def asked(c: Context, _kind: Type, depth: int) -> Node:
    """A question about a value."""
    forms: list[tuple[str, Type]] = [
        ("§.is_ascii_punctuation()", CHAR), ("§.is_alphabetic()", CHAR), ("§.is_uppercase()", CHAR),
        ("§.is_whitespace()", CHAR), ("matches!(§, 'a'..='z' | '0')", CHAR),
        ("§.is_some()", option(U8)),
        ("§.is_some_and(|x| x > 3)", option(U32)), ("§.is_power_of_two()", U32),
    ]  # fmt: skip
    number = c.integer()
    forms += [
        (f"§.overflowing_{name}({literal(number, c.rng)}).1", number)
        for name in ("add", "sub", "mul")
    ]
    numbers = array(number, c.rng.randint(1, 6))
    forms += [("§.is_sorted()", numbers), ("§.iter().any(|x| *x == 1)", numbers),
              (f"§.contains(&{literal(number, c.rng)})", numbers),
              ("§.iter().all(|x| x.count_ones() > 1)", numbers)]  # fmt: skip
    form, kind = c.rng.choice(forms)
    return node(form, c.expression(kind, depth))


@makes("char", weight=4)
def characters(c: Context, _kind: Type, depth: int) -> Node:
    """Characters from numbers, texts and other characters."""
    forms = [("char::from(§)", U8), ("char::from_u32(§).unwrap_or('?')", U32),
             ("char::from_digit(§ % 36, 36).unwrap()", U32), ("§.to_ascii_uppercase()", CHAR),
             ("§.to_uppercase().next().unwrap()", CHAR), ("§.to_lowercase().last().unwrap()", CHAR),
             (f"bb(\"{c.rng.choice(WORDS)}\").chars().nth(§ as usize % 6).unwrap_or('-')", U8),
             ((f"bb(\"{c.rng.choice(WORDS)}\").chars().rev().cycle().nth(§ as usize % "
              f"8).unwrap_or('-')"), U8),
             ("§.escape_unicode().nth(3).unwrap()", CHAR)]  # fmt: skip
    form, kind = c.rng.choice(forms)
    return node(form, c.expression(kind, depth))


@makes("array", weight=3)
def elements(c: Context, kind: Type, depth: int) -> Node:
    """An array of elements, or of one many times."""
    element = kind.parts[0]
    if c.rng.random() < 0.3:
        return node(f"[§; {kind.length}]", c.expression(element, depth))
    return node("[§]", joined([c.expression(element, depth) for _ in range(kind.length)], ", "))


@makes("array", weight=2)
def rearranged(c: Context, kind: Type, depth: int) -> Node:
    """An array, made from another one."""
    forms = ["{ let mut a = §; a.reverse(); a }", "{ let mut a = §; a.rotate_left(1); a }",
             "{ let mut a = §; let n = a.len(); a.swap(0, n - 1); a }",
             ("{ let mut a = §; let (x, y) = a.split_at_mut(1); "
             "x.iter_mut().zip(y).for_each(|(p, q)| "
             "core::mem::swap(p, q)); a }"), "§.map(|x| bb(x))",
             (f"{{ let b = §; core::array::from_fn::<_, {kind.length}, _>(|i| b[(i * 3 + 1) % "
             f"b.len()]) }}"),
             "{ let mut a = §; let n = a.len() / 2; a.copy_within(..n, 0); a }"]  # fmt: skip
    if kind.ordered:
        forms += ["{ let mut a = §; a.sort_unstable(); a }",
                  "{ let mut a = §; a.sort_unstable_by(|x, y| y.cmp(x)); a }",
                  ("{ let mut a = §; let n = a.len() / 2; a.select_nth_unstable(n); "
                  "a.sort_unstable(); a }")]  # fmt: skip
    return node(c.rng.choice(forms), c.expression(kind, depth))


@makes("tuple", weight=3)
def pair(c: Context, kind: Type, depth: int) -> Node:
    """Two values."""
    return node("(§, §)", *(c.expression(part, depth) for part in kind.parts))


@makes("option", weight=3)
def maybe(c: Context, kind: Type, depth: int) -> Node:
    """Some value, or an Option made of others."""
    inner = kind.parts[0]
    form = c.rng.choice(("Some(§)", "Some(§)", "§.or(§)", "§.xor(§)", "§.filter(|_| §)",
                         "§.then(|| §)", "{ let mut o = §; o.replace(§); o }"))  # fmt: skip
    if form == "Some(§)":
        return node(form, c.expression(inner, depth))
    if form == "§.then(|| §)":
        return node(form, c.expression(BOOL, depth), c.expression(inner, depth))
    second = {"§.filter(|_| §)": BOOL, "{ let mut o = §; o.replace(§); o }": inner}.get(form, kind)
    return node(form, c.expression(kind, depth), c.expression(second, depth))


@makes("option", weight=2)
def attempted(c: Context, kind: Type, depth: int) -> Node | None:
    """An operation that may have no result."""
    inner = kind.parts[0]
    if inner.sort != "int":
        return None
    form = c.rng.choice(("add", "sub", "mul", "div", "rem", "div_euclid"))
    return node(f"§.checked_{form}(§)", c.expression(inner, depth), c.expression(inner, depth))


@makes("struct", weight=4)
def struct(c: Context, kind: Type, depth: int) -> Node:
    """A struct of its fields, all or some."""
    fields = [
        node(f"f{index}: §", c.expression(part, depth)) for index, part in enumerate(kind.parts)
    ]
    if c.rng.random() < 0.2:
        fields = [c.rng.choice(fields), node("..§", c.expression(kind, depth))]
    return node(f"({kind.name} {{ § }})", joined(fields, ", "))


@makes("enum", weight=4)
def enumerated(c: Context, kind: Type, depth: int) -> Node:
    """A variant of an enum."""
    one = c.rng.choice(kind.variants)
    return node(
        variant(kind, one, ["§"] * len(one.fields)),
        *(c.expression(part, depth) for part in one.fields),
    )
