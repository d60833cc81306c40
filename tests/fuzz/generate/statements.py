# SPDX-License-Identifier: GPL-2.0-only
"""Statements: variables, assignments, branches and loops, and what is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.generate.context import FORMATS, Variable, does
from tests.fuzz.generate.tree import Node, statement
from tests.fuzz.generate.types import BOOL, U8, array, option
from tests.fuzz.generate.values import WORDS

if TYPE_CHECKING:
    from tests.fuzz.generate.context import Context

DEEPEST = 4
_ASSIGN = ("=", "+=", "-=", "*=", "^=", "|=", "&=")


@does(weight=5)
def let(c: Context) -> Node:
    """A variable."""
    kind = c.type()
    name = c.fresh("v")
    value = c.expression(kind)
    mutable = c.rng.random() < 0.5
    c.variables.append(Variable(name, kind, mutable))
    return statement(f"let {'mut ' * mutable}{name}: {kind.name} = §;\n", value)


@does(weight=4)
def assign(c: Context) -> Node | None:
    """A new value for a variable."""
    known = [one for one in c.variables if one.mutable]
    if not known:
        return None
    one = c.rng.choice(known)
    operator = c.rng.choice(_ASSIGN) if one.kind.sort == "int" else "="
    return statement(f"{one.name} {operator} §;\n", c.expression(one.kind))


@does(weight=2)
def assign_part(c: Context) -> Node | None:
    """A new value for an element or a field of a variable."""
    known = [one for one in c.variables if one.mutable and one.kind.sort in {"array", "struct"}]
    if not known:
        return None
    one = c.rng.choice(known)
    if one.kind.sort == "struct":
        index = c.rng.randrange(len(one.kind.parts))
        return statement(f"{one.name}.f{index} = §;\n", c.expression(one.kind.parts[index]))
    modulo = "" if c.rng.random() < 0.03 else f" % {one.kind.length}"
    return statement(
        f"{one.name}[(§ as usize){modulo}] = §;\n",
        c.expression(U8),
        c.expression(one.kind.parts[0]),
    )


@does(weight=4)
def log(c: Context) -> Node:
    """A line of the log."""
    kind = c.type()
    form = c.rng.choice(FORMATS if kind.sort == "int" else ("{:?}", "{:#?}"))
    if kind.sort == "char" and c.rng.random() < 0.5:
        form = c.rng.choice(("{}", "{:>4}", "{:*^5}"))
    return statement(f'say!("{form}", §);\n', c.expression(kind))


@does(weight=1)
def log_text(c: Context) -> Node:
    """A piece of a text, with width and precision; it may be cut inside a character."""
    word, rng = c.rng.choice(WORDS), c.rng
    form = rng.choice(("{}", "{:?}", "{:>12}|", "{:.3}", "{:-^14.2}", "{:#?}"))
    pick = rng.choice(("{w}.split(',').nth({n}).unwrap_or(\"none\")", "{w}.trim()",
                       "{w}.get({n}..)",
                       "{w}.lines().last()", "{w}.split_once(char::is_whitespace)",
                       "{w}.char_indices().nth({n})",
                       "{w}.bytes().rev().nth({n})", "{w}.find('e')", "{w}.strip_prefix(\"0x\")",
                       "&{w}[{n}.min({w}.len())..]",
                       "core::str::from_utf8(&{w}.as_bytes()[..{n}.min({w}.len())])",
                       "{w}.cmp(\"größer\")", "{w}.chars().filter(|c| c.is_alphabetic()).count()",
                       "{w}.rsplit('\\n').next()", "{w}.escape_debug().last()"))  # fmt: skip
    text = pick.replace("{w}", f'bb("{word}")').replace("{n}", "(§ as usize % 9)")
    if not pick.startswith(("&", "{w}.trim", "{w}.split(")):
        form = rng.choice(("{:?}", "{:#?}"))
    holes = [c.expression(U8) for _ in range(text.count("§"))]
    return statement(f'say!("{form}", {text});\n', *holes)


@does(weight=1)
def log_wide(c: Context) -> Node:
    """A number whose width and precision are values."""
    kind = c.integer()
    form = c.rng.choice(("{:1$}", "{:>+1$x}", "{:#01$b}", "{:<1$}|", "{0:?} {0:x} {0:1$}"))
    if "+1$x" in form:
        form = "{:>#1$x}"
    return statement(
        f'say!("{form}", §, (§ as usize % 40));\n', c.expression(kind), c.expression(U8)
    )


@does(weight=2)
def branch(c: Context) -> Node | None:
    """An if, with or without else."""
    if c.nesting >= DEEPEST:
        return None
    taken = c.statements(c.rng.randint(1, 2))
    if c.rng.random() < 0.5:
        return statement("if § {\n§}\n", c.expression(BOOL), taken)
    return statement("if § {\n§} else {\n§}\n", c.expression(BOOL), taken, c.statements(1))


@does(weight=2)
def branch_let(c: Context) -> Node | None:
    """An ``if let`` or ``let … else`` that leaves a block."""
    if c.nesting >= DEEPEST:
        return None
    inner = c.type(1)
    name, label = c.fresh("v"), c.fresh("'b")
    value = c.expression(option(inner))
    with c.scope(Variable(name, inner)):
        body = c.statements(c.rng.randint(1, 2))
    # In mrustc's C a labelled block that ends in a statement has no end.
    if c.guarded or c.rng.random() < 0.5:
        return statement(f"if let Some({name}) = § {{\n§}}\n", value, body)
    form = f"{label}: {{ let Some({name}) = § else {{ break {label}; }};\n§}}\n"
    return statement(form, value, body)


@does(weight=2)
def loop(c: Context) -> Node | None:
    """A loop over a range or an array."""
    if c.nesting >= DEEPEST:
        return None
    name, label = c.fresh("v"), c.fresh("'l")
    kind = c.integer()
    rng = c.rng
    if rng.random() < 0.5:
        low, high = rng.randrange(5), rng.randrange(8)
        over = rng.choice(
            (f"{low}..{high}", f"({low}..={high}).rev()", f"({low}..{high}).step_by(2)")
        )
        over, value = over.replace(str(low), f"{low}_{kind.name}", 1), None
    else:
        value = c.expression(array(kind, rng.randint(1, 5)))
        over = "§"
    with c.scope(Variable(name, kind)):
        leaves, body = c.expression(BOOL, 2), c.statements(rng.randint(1, 3))
    how = rng.choice((f"break {label}", f"continue {label}"))
    holes = ([value] if value else []) + [leaves, body]
    return statement(
        f"{label}: for {name} in {over} {{ if tired() {{ break; }} if § {{ {how}; }}\n§}}\n", *holes
    )


@does(weight=1)
def while_let(c: Context) -> Node | None:
    """A loop that takes numbers until there are none."""
    if c.nesting >= DEEPEST:
        return None
    kind, name, left = c.integer(), c.fresh("v"), c.fresh("n")
    value = c.expression(kind)
    with c.scope(Variable(name, kind)):
        body = c.statements(1)
    return statement(
        f"{{ let mut {left} = §; while let Some({name}) = {left}.checked_sub({left} / 3 | 1) "
        f"{{ if tired() || {left} == {name} {{ break; }} {left} = {name};\n§}} }}\n",
        value,
        body,
    )
