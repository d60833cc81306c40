# SPDX-License-Identifier: GPL-2.0-only
"""Expressions that are integers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tests.fuzz.generate.context import Variable, makes
from tests.fuzz.generate.tree import Node, node
from tests.fuzz.generate.types import BOOL, BY_NAME, CHAR, U32, array, integer, option

if TYPE_CHECKING:
    from tests.fuzz.generate.context import Context
    from tests.fuzz.generate.types import Type

_SAME = ("§.wrapping_add(§)", "§.wrapping_sub(§)", "§.wrapping_mul(§)", "§.saturating_add(§)",
         "§.saturating_sub(§)", "§.saturating_mul(§)", "§.overflowing_add(§).0",
         "§.overflowing_sub(§).0", "§.overflowing_mul(§).0", "§.min(§)", "§.max(§)", "(§ + §)",
         "(§ - §)", "(§ * §)", "(§ & §)", "(§ | §)", "(§ ^ §)", "(§ & !§)")  # fmt: skip
_DIVIDES = ("§.checked_div(§)", "§.checked_rem(§)", "§.checked_div_euclid(§)",
            "§.checked_rem_euclid(§)", "§.checked_add(§)", "§.checked_sub(§)",
            "§.checked_mul(§)")  # fmt: skip
_GUARDED = ("§.wrapping_div(§ | 1)", "§.wrapping_rem(§ | 1)", "§.wrapping_div_euclid(§ | 1)",
            "§.wrapping_rem_euclid(§ | 1)", "§.overflowing_div(§ | 1).0")  # fmt: skip
_BARE = ("(§ / §)", "(§ % §)", "§.div_euclid(§)", "§.rem_euclid(§)", "§.wrapping_div(§)")
_SHIFTS = ("§.wrapping_shl(§)", "§.wrapping_shr(§)", "§.rotate_left(§)", "§.rotate_right(§)",
           "§.checked_shl(§).unwrap_or_default()", "§.checked_shr(§).unwrap_or_default()",
           "§.overflowing_shl(§).0", "§.overflowing_shr(§).0", "§.wrapping_pow(§ % 9)",
           "§.saturating_pow(§ % 7)", "(§ << (§ % {bits}))", "(§ >> (§ % {bits}))", "(§ << §)",
           "§.checked_pow(§ % 6).unwrap_or_default()")  # fmt: skip
_ALONE = ("(!§)", "§.swap_bytes()", "§.reverse_bits()", "§.wrapping_neg()",
          "{t}::from_be(§.to_be())",
          "{t}::from_le_bytes(§.to_le_bytes())", "{t}::from_be_bytes(§.to_le_bytes())",
          "(§.count_ones() as {t})", "(§.leading_zeros() as {t})", "(§.trailing_zeros() as {t})",
          "(§.leading_ones() as {t})", "(§.trailing_ones() as {t})", "(§.count_zeros() as {t})",
          "§.checked_neg().unwrap_or(7)")  # fmt: skip
_SIGNED = ("§.wrapping_abs()", "§.signum()", "§.saturating_neg()", "§.saturating_abs()", "(-§)",
           "(§.unsigned_abs() as {t})", "§.overflowing_neg().0")  # fmt: skip
_UNSIGNED = ("§.isqrt()", "§.checked_next_power_of_two().unwrap_or(3)", "(§ | 1).ilog2() as {t}",
             "§.checked_ilog10().unwrap_or(9) as {t}")  # fmt: skip
_ARRAYS = ("§.iter().fold(1, |a: {t}, x| a.wrapping_mul(31).wrapping_add(*x))",
           "§.iter().copied().max().unwrap_or(1)",
           "§.iter().copied().reduce(|a, b| a ^ b).unwrap_or(2)",
           "§.iter().rev().skip(1).step_by(2).fold(0, |a: {t}, x| a.rotate_left(3) ^ x)",
           "§.windows(2).map(|w| w[0].wrapping_sub(w[1])).min().unwrap_or(3)",
           "§.chunks(2).map(|w| w.iter().fold(0, |a: {t}, x| a | x)).last().unwrap_or(4)",
           "§.rchunks(3).flat_map(|w| w.first()).fold(5, |a: {t}, x| a.wrapping_sub(*x))",
           "(§.iter().filter(|x| **x & 1 == 1).count() as {t})",
           "(§.iter().position(|x| *x > 5).map_or(99, |x| x as {t}))",
           "match §[..] { [] => 1, [one] => one, [a, .., b] => a.wrapping_sub(b) }",
           "match § { [a, rest @ ..] => rest.iter().fold(a, |x, y| x.min(*y)) }",
           ("§.iter().scan(0, |s: &mut {t}, x| { *s = s.wrapping_add(*x); Some(*s) "
           "}).last().unwrap()"),
           "§.iter().enumerate().map(|(i, x)| x.rotate_left(i as u32)).fold(0, |a, b| a ^ b)",
           ("§.iter().zip([1, 2, 3].iter()).fold(0, |s: {t}, (x, y)| "
           "s.wrapping_add(x.wrapping_mul(*y)))"),
           "§.iter().take_while(|x| **x != 0).chain([&7]).fold(0, |s: {t}, x| s.wrapping_add(*x))",
           ("{ let mut it = §.into_iter().peekable(); let mut s: {t} = 0; while let Some(x) = "
           "it.next() "
           "{ if it.peek().is_some() { s = s.wrapping_add(x); } else { s ^= x; } } s }"),
           "{ let mut a = §; a.sort_unstable(); a[0] }", "{ let mut a = §; a.reverse(); a[0] }",
           "{ let mut a = §; a.sort_unstable_by_key(|x| !*x); a[a.len() / 2] }")  # fmt: skip
_TEXTS = ("-1", "255", "+7", "", "x", "-", "99999999999",
          "-170141183460469231731687303715884105728",
          "0", "-0", "128", "65536", " 4", "7_",
          "340282366920938463463374607431768211455")  # fmt: skip


@makes("int", weight=6)
def two(c: Context, kind: Type, depth: int) -> Node:
    """Something of two values of the type."""
    holes = c.expression(kind, depth), c.expression(kind, depth)
    return node(c.rng.choice(_SAME), *holes)


@makes("int", weight=1.5)
def checked(c: Context, kind: Type, depth: int) -> Node:
    """A checked operation, and what stands for nothing."""
    holes = c.expression(kind, depth), c.expression(kind, depth), c.expression(kind, depth)
    return node(c.rng.choice(_DIVIDES) + ".unwrap_or(§)", *holes)


@makes("int", weight=1.5)
def guarded(c: Context, kind: Type, depth: int) -> Node:
    """A division by an odd number."""
    return node(c.rng.choice(_GUARDED), c.expression(kind, depth), c.expression(kind, depth))


@makes("int", weight=0.08)
def bare(c: Context, kind: Type, depth: int) -> Node:
    """A division that may panic."""
    return node(c.rng.choice(_BARE), c.expression(kind, depth), c.expression(kind, depth))


@makes("int", weight=4)
def shift(c: Context, kind: Type, depth: int) -> Node:
    """A shift, a rotation, a power."""
    template = c.rng.choice(_SHIFTS).replace("{bits}", str(kind.bits))
    return node(template, c.expression(kind, depth), c.expression(U32, depth))


@makes("int", weight=3)
def one(c: Context, kind: Type, depth: int) -> Node:
    """Something of one value."""
    forms = _ALONE + (_SIGNED if kind.signed else _UNSIGNED)
    if c.guarded:
        forms = tuple(one for one in forms if "signum" not in one)
    template = c.rng.choice(forms).replace("{t}", kind.name)
    return node(f"({template})", c.expression(kind, depth))


@makes("int", weight=5)
def cast(c: Context, kind: Type, depth: int) -> Node:
    """A cast, an attempt at one."""
    source = BOOL if c.rng.random() < 0.08 else CHAR if c.rng.random() < 0.08 else c.integer()
    inner = c.expression(source, depth)
    if source.sort == "int" and c.rng.random() < 0.25:
        return node(f"{kind.name}::try_from(§).unwrap_or(§)", inner, c.expression(kind, depth))
    return node(f"(§ as {kind.name})", inner)


@makes("int")
def differing(c: Context, kind: Type, depth: int) -> Node:
    """What has the unsigned type that belongs to a signed one, and the other way round."""
    other = BY_NAME[("u" if kind.signed else "i") + str(kind.bits)]
    if kind.signed:
        form = c.rng.choice(("§.wrapping_add_unsigned(§)", "§.saturating_sub_unsigned(§)"))
        return node(form, c.expression(kind, depth), c.expression(other, depth))
    form = c.rng.choice(("§.abs_diff(§)", "§.wrapping_add_signed(§)", "§.saturating_add_signed(§)"))
    first = other if form == "§.abs_diff(§)" else kind
    return node(form, c.expression(first, depth), c.expression(other, depth))


@makes("int", weight=3)
def of_array(c: Context, kind: Type, depth: int) -> Node:
    """Something of an array: a fold, an extreme, a pattern."""
    # mrustc stops where a pattern takes an array's only element and a rest.
    numbers = array(kind, c.rng.randint(2 if c.guarded else 1, 6))
    template = c.rng.choice(_ARRAYS).replace("{t}", kind.name)
    return node(f"({template})", c.expression(numbers, depth))


@makes("int")
def searched(c: Context, kind: Type, depth: int) -> Node:
    """The place that a binary search finds."""
    numbers = array(c.integer(), c.rng.randint(2, 6))
    return node(
        "{ let mut a = §; a.sort_unstable(); match a.binary_search(&§) { "
        f"Ok(i) => i as {kind.name}, Err(i) => !(i as {kind.name}) }} }}",
        c.expression(numbers, depth),
        c.expression(numbers.parts[0], depth),
    )


@makes("int")
def parsed(c: Context, kind: Type, depth: int) -> Node:
    """A number that is read."""
    rng = c.rng
    text = rng.choice(_TEXTS) if rng.random() < 0.6 else integer(kind, rng).strip("()")
    text = text.split("_")[0] if "::" not in text else "-8"
    form = f'bb("{text}").parse::<{kind.name}>().unwrap_or(§)'
    if rng.random() < 0.4:
        form = (
            f'{kind.name}::from_str_radix(bb("{text.lower()}"), {rng.randint(2, 36)}).unwrap_or(§)'
        )
    return node(form, c.expression(kind, depth))


@makes("int")
def digit(c: Context, kind: Type, depth: int) -> Node:
    """A number from a character or a text."""
    forms = (f"§.to_digit({c.rng.randint(2, 36)}).map_or(§, |x| x as {kind.name})",
             f"if §.is_alphanumeric() {{ 3 }} else {{ § ^ (5 as {kind.name}) }}",
             f"(§.len_utf8() as {kind.name}).wrapping_add(§)")  # fmt: skip
    return node(f"({c.rng.choice(forms)})", c.expression(CHAR, depth), c.expression(kind, depth))


@makes("int")
def nonzero(c: Context, kind: Type, depth: int) -> Node:
    """A number through a type with a niche."""
    name = f"core::num::NonZero::<{kind.name}>"
    forms = (f"{name}::new(§).map_or(§, |n| n.get() >> 1)",
             (f"{name}::new(§).and_then(|n| n.checked_mul({name}::MIN)).map(|n| "
             f"n.get()).unwrap_or(§)"),
             (f"(match bb({name}::new(§)) {{ Some(n) => n.leading_zeros() as {kind.name}, None "
             f"=> § }})"))  # fmt: skip
    return node(c.rng.choice(forms), c.expression(kind, depth), c.expression(kind, depth))


@makes("int")
def bytes_of(c: Context, kind: Type, depth: int) -> Node:
    """A byte of another number."""
    source = c.integer()
    at = c.rng.randrange(source.bits // 8)
    return node(f"(§.to_be_bytes()[{at}] as {kind.name})", c.expression(source, depth))


@makes("int", weight=0.7)
def chosen(c: Context, kind: Type, depth: int) -> Node:
    """A match on an integer with literals, ranges, guards and bindings."""
    on = c.integer()
    rng = c.rng
    edges = sorted({_value(integer(on, rng), on) for _ in range(4)})
    arms = []
    for low, high in pairwise(edges):
        # mrustc stops at most ranges without their ends.
        ends = "..=" if c.guarded else ".."
        form = rng.choice((f"{low}", f"{low}..={high}", f"{low} | {high}", f"n @ {low}{ends}{high}",
                           f"n if n.count_ones() % 3 == {rng.randrange(3)}"))  # fmt: skip
        arms.append(node(f"{form} => §, ", c.expression(kind, depth)))
    last = node(f"n => (n as {kind.name}) ^ §, ", c.expression(kind, depth))
    return node("(match § { " + "§" * len(arms) + "§})", c.expression(on, depth), *arms, last)


def _value(text: str, kind: Type) -> int:
    if text.endswith("::MIN"):
        return int(-(1 << (kind.bits - 1)))
    return int(text.strip("()").split("_")[0])


@makes("int", weight=0.7)
def through_traits(c: Context, kind: Type, depth: int) -> Node:
    """A method of a trait: concrete, through a generic function, through an object."""
    forms = ("Twist::twist(&§, §)", "generic(§, §)", "(&§ as &dyn Twist<{t}>).twist(§)",
             "through(&§, §)", "Twist::<{t}>::again(&§, §)")  # fmt: skip
    template = c.rng.choice(forms).replace("{t}", kind.name)
    return node(template, c.expression(kind, depth), c.expression(kind, depth))


@makes("int", weight=0.7)
def closure(c: Context, kind: Type, depth: int) -> Node:
    """A closure that is called: itself, or by a function that takes it in one of three ways."""
    name = c.fresh("k")
    with c.scope(Variable(name, kind)):
        body = c.expression(kind, depth)
    forms = ("(|{n}: {t}| -> {t} {{ § }})(§)", "twice(&|{n}: {t}| -> {t} {{ § }}, §)",
             "boxed(&|{n}: {t}| -> {t} {{ § }}, §)",
             "finally(move |{n}: {t}| -> {t} {{ § }}, §)")  # fmt: skip
    template = c.rng.choice(forms).format(n=name, t=kind.name)
    return node(template, body, c.expression(kind, depth))


@makes("int", weight=0.04)
def panicking(c: Context, kind: Type, depth: int) -> Node:
    """What panics when the chance falls so."""
    forms = ("§.checked_add(§).unwrap()", "§.checked_mul(§).expect(\"a product\")",
             "§.checked_sub(§).ok_or(\"less\").unwrap()")  # fmt: skip
    return node(c.rng.choice(forms), c.expression(kind, depth), c.expression(kind, depth))


@makes("int", weight=0.7)
def fallible(c: Context, kind: Type, depth: int) -> Node:
    """A closure that ends early at ``?``."""
    inner = option(kind)
    return node(
        f"(|| -> Option<{kind.name}> {{ let a = §?; Some(a.wrapping_add(§?)) }})().unwrap_or(§)",
        c.expression(inner, depth),
        c.expression(inner, depth),
        c.expression(kind, depth),
    )


@makes("int", weight=0.5)
def counted(c: Context, kind: Type, depth: int) -> Node | None:
    """A loop with a value and a label."""
    if c.guarded:
        return None  # mrustc stops at a label in a macro's arguments
    label, name = c.fresh("'l"), c.fresh("n")
    return node(
        f"{{ let mut {name} = 0_u8; let mut s = §; {label}: loop {{ {name} += 1; "
        f"if {name} > 9 {{ break {label} s; }} for k in 0..4_u8 {{ if k == {name} {{ continue "
        f"{label}; }} "
        f"s = s.wrapping_mul(3).wrapping_add(k as {kind.name}); "
        f"if s == § {{ break {label} s >> 1; }} }} }} }}",
        c.expression(kind, depth),
        c.expression(kind, 0),
    )
