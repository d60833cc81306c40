# SPDX-License-Identifier: GPL-2.0-only
"""Longer statements, each about one thing: drops, cells, atomics, slices, closures, raw memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.generate.context import Variable, does
from tests.fuzz.generate.tree import Node, statement
from tests.fuzz.generate.types import BOOL, BY_NAME, U8, array, integer

if TYPE_CHECKING:
    from tests.fuzz.generate.context import Context

_ATOMIC = ("fetch_add", "fetch_sub", "fetch_and", "fetch_or", "fetch_xor", "fetch_nand",
           "fetch_max",
           "fetch_min", "swap")  # fmt: skip
_ORDERS = ("Relaxed", "SeqCst", "AcqRel", "Acquire", "Release")


@does(weight=1.5)
def drops(c: Context) -> Node | None:
    """Values whose ends are logged: moved, kept, replaced, dropped in the middle."""
    if c.nesting >= 4:
        return None
    a, b, p = c.fresh("d"), c.fresh("d"), c.fresh("d")
    steps = [
        f"let _ = {a};\n", f"drop({a});\n", f"let {a} = {a};\n", f"say!(\"{{}}\", {a}.0);\n",
        f"let mut {a} = {a}; {a} = End(§ as u32); say!(\"set\");\n", "let _ = End(§ as u32);\n",
        f"let {p} = ({a}, End(7)); let (x, _) = {p}; say!(\"{{}}\", x.0);\n",
        f"if § {{ drop({a}); }}\n",
        f"let {p} = Some({a}); if let Some(ref one) = {p} {{ say!(\"{{}}\", one.0); }}\n",
        f"let {p} = [End(1), {a}, End(2)]; let [_, mid, ..] = {p}; say!(\"{{}}\", mid.0);\n",
        f"let {p} = core::mem::ManuallyDrop::new({a}); say!(\"{{}}\", {p}.0);\n",
        f"let {p} = move || {{ say!(\"{{}}\", {a}.0); {a} }}; {p}();\n",
        "say!(\"{}\", End(§ as u32).0);\n",
        f"match {a} {{ End(n) if n & 1 == 0 => say!(\"even\"), ref o => say!(\"{{}}\", o.0) }}\n",
        f"let {p} = Pair {{ one: End(3), two: {a} }}; drop({p}.two);\n",
        f"core::mem::forget({a});\n",
    ]  # fmt: skip
    if c.guarded:
        steps = [one for one in steps if not one.startswith("let _ =")]
    step = c.rng.choice(steps)
    kind = BOOL if step.startswith("if") else U8
    middle = statement(step, *(c.expression(kind) for _ in range(step.count("§"))))
    return statement(
        f"{{ let {a} = End(§ as u32); let {b} = End(100 + (§ as u32));\n§§ say!(\"{{}}\", "
        f"{b}.0); }}\n",
        c.expression(U8), c.expression(U8), middle, c.statements(1),
    )  # fmt: skip


@does(weight=1)
def cells(c: Context) -> Node:
    """``Cell`` and ``RefCell``; the second may be borrowed twice."""
    kind, cell, shared = c.integer(), c.fresh("c"), c.fresh("r")
    twice = c.rng.random() < 0.04
    return statement(
        f"{{ let {cell} = core::cell::Cell::new(§); let {shared} = core::cell::RefCell::new(§);\n"
        f"let f = |x: {kind.name}| {{ {cell}.set({cell}.get().wrapping_add(x)); "
        f"*{shared}.borrow_mut() ^= {cell}.get(); }};\n"
        + (f"let held = {shared}.borrow();\n" if twice else "")
        + f'f(§); f(§); say!("{{:?}} {{:?}} {{:?}}", {cell}, {shared}.try_borrow_mut().is_ok(), '
        f"{shared}.replace(§)); }}\n",
        *(c.expression(kind) for _ in range(5)),
    )


@does(weight=1)
def atomics(c: Context) -> Node | None:
    """Atomic operations, where all of the architectures have them."""
    if not c.atomics:
        return None
    bits = c.rng.choice((8, 16, 32))
    sign = c.rng.choice("iu")
    kind, name = BY_NAME[f"{sign}{bits}"], c.fresh("a")
    parts = [f"{{ let {name} = core::sync::atomic::Atomic{sign.upper()}{bits}::new(§);\n"]
    holes = [c.expression(kind)]
    for _ in range(c.rng.randint(1, 4)):
        order = c.rng.choice(_ORDERS)
        parts.append("§")
        holes.append(
            statement(
                f'say!("{{}}", {name}.{c.rng.choice(_ATOMIC)}(§, '
                f"core::sync::atomic::Ordering::{order}));\n",
                c.expression(kind),
            )
        )
    order = "core::sync::atomic::Ordering::SeqCst"
    parts.append(
        f'say!("{{:?}} {{:?}}", {name}.compare_exchange(§, §, {order}, {order}), '
        f"{name}.into_inner()); }}\n"
    )
    holes += [c.expression(kind), c.expression(kind)]
    return statement("".join(parts), *holes)


@does(weight=1.5)
def slices(c: Context) -> Node:
    """Slices of an array: patterns, parts (whose bounds may be wrong), chunks, splits."""
    kind, name = c.integer(), c.fresh("s")
    length = c.rng.randint(2, 6)
    index = f"(§ as usize % {length + (c.rng.random() < 0.04)})"
    steps = [
        f"say!(\"{{:?}}\", &{name}[{index}..]);\n", f"say!(\"{{:?}}\", &{name}[..={index}]);\n",
        f"say!(\"{{:?}}\", {name}.get({index}..{index}));\n",
        f"say!(\"{{:?}}\", {name}.split_at({index}));\n",
        (f"for w in {name}.chunks_exact(2) {{ if let [a, b] = w {{ say!(\"{{}}\", "
        f"a.wrapping_sub(*b)); }} }}\n"),
        f"say!(\"{{:?}}\", {name}.split(|x| x % 2 == 0).map(|s| s.len() as u8).max());\n",
        (f"match {name} {{ [first @ 0..=9, ..] => say!(\"small {{}}\", first), [.., last] if "
        f"*last > 9 => "
        "say!(\"big {}\", last), [a, .., b] => say!(\"{} {}\", a, b), _ => say!(\"none\") }\n"),
        f"say!(\"{{:?}}\", {name}.iter().rev().max_by_key(|x| x.count_ones()));\n",
        f"say!(\"{{:?}}\", {name}.partition_point(|x| *x < 9));\n",
        f"say!(\"{{:?}}\", {name}.first_chunk::<2>().map(|a| a.map(|x| x.leading_zeros())));\n",
        f"say!(\"{{:?}}\", {name}.chunk_by(|a, b| a <= b).map(|w| w.len()).max());\n",
        f"say!(\"{{:02x?}}\", {name}.rsplitn(2, |x| x.trailing_zeros() > 2).last());\n",
    ]  # fmt: skip
    made = []
    for _ in range(c.rng.randint(1, 3)):
        step = c.rng.choice(steps)
        made.append(statement(step, *(c.expression(U8) for _ in range(step.count("§")))))
    return statement(
        f"{{ let whole = §; let {name}: &[{kind.name}] = bb(&whole);\n{'§' * len(made)}}}\n",
        c.expression(array(kind, length)),
        *made,
    )


@does(weight=1)
def captures(c: Context) -> Node:
    """Closures that change what they captured, and one that consumes it."""
    kind, total, seen = c.integer(), c.fresh("t"), c.fresh("k")
    with c.scope(Variable(seen, kind)):
        body = c.expression(kind)
    return statement(
        f"{{ let mut {total} = §; let mut add = |{seen}: {kind.name}| {{ {total} = "
        f"{total}.wrapping_add(§); {total} }};\n"
        f"add(§); repeat(&mut add, §); let end = End(5); let once = move |x: {kind.name}| {{ "
        f"let e = end; "
        f"x.wrapping_add(e.0 as {kind.name}) }}; say!(\"{{}} {{}}\", once({total}), {total}); }}\n",
        c.expression(kind), body, c.expression(kind), c.expression(kind),
    )  # fmt: skip


@does(weight=1)
def raw_memory(c: Context) -> Node:
    """``MaybeUninit``, raw pointers, volatile access, swaps in memory."""
    kind, name = c.integer(), c.fresh("u")
    length = c.rng.randint(1, 5)
    return statement(
        f"{{ let mut {name} = [const {{ core::mem::MaybeUninit::<{kind.name}>::uninit() }}; "
        f"{length}];\n"
        f"for (i, one) in {name}.iter_mut().enumerate() {{ one.write((§).wrapping_add(i as "
        f"{kind.name})); }}\n"
        f"let p = {name}.as_mut_ptr().cast::<{kind.name}>(); let at = (§ as usize) % {length};\n"
        f"unsafe {{ p.add(at).write_volatile(p.read_volatile() ^ §); p.swap(p.add(at)); "
        f"say!(\"{{:?}}\", core::slice::from_raw_parts(p, {length})); }} }}\n",
        c.expression(kind), c.expression(U8), c.expression(kind),
    )  # fmt: skip


@does(weight=1)
def constant(c: Context) -> Node:
    """A function that is evaluated at build time and at run time, and constants of it."""
    kind, name = c.integer(), c.fresh("f")
    t, rng = kind.name, c.rng
    values = [integer(kind, rng) for _ in range(5)]
    upper = name.upper()
    # What is rotated in a constant cannot be proved right in mrustc's C: Ferric refuses it.
    rotated = "" if c.guarded else f".rotate_left({rng.randrange(kind.bits)})"
    c.items.append(
        statement(
            f"const fn {name}(mut x: {t}, n: u32) -> {t} {{ let mut i = 0; while i < n {{ "
            f"x = x.wrapping_mul({values[0]}){rotated} ^ "
            f"{values[1]}; "
            f"if x % 3 == 0 {{ x = x.wrapping_shr({rng.randrange(kind.bits)}); }} i += 1; }} x }}\n"
            f"const C{upper}: [{t}; 2] = [{name}({values[2]}, 5), {name}({values[3]}, 9)];\n"
            f"static S{upper}: ({t}, &[{t}; 2], {t}, Option<{t}>) = ({name}({values[4]}, 3), "
            f"&C{upper}, {values[0]}, Some({values[1]}));\n"
        )
    )
    c.variables.append(Variable(f"C{upper}", array(kind, 2)))
    return statement(
        f'say!("{{:?}} {{:?}}", bb(&S{upper}), {name}(bb({values[2]}), 5) == C{upper}[0]);\n'
    )


@does(weight=0.7)
def objects(c: Context) -> Node:
    """A list of trait objects of several types."""
    kind = c.integer()
    return statement(
        f"{{ let held: [&dyn Twist<{kind.name}>; 3] = [&§, &Off(§), &§]; let mut x = §;\n"
        "for one in bb(held) { x = one.again(x); say!(\"{}\", x); } }\n",
        *(c.expression(kind) for _ in range(4)),
    )  # fmt: skip


@does(weight=0.5)
def recursive(c: Context) -> Node:
    """A function that calls itself."""
    kind, name, arg = c.type(1), c.fresh("f"), c.fresh("x")
    with c.alone(Variable(arg, kind)):
        body = c.expression(kind)
        base = c.expression(kind, 1)
    c.items.append(
        statement(
            f"fn {name}(n: u8, {arg}: {kind.name}) -> {kind.name} {{ if n == 0 || tired() {{ "
            f"return §; }} "
            f'let {arg} = {name}(n - 1, §); say!("{{}} {{:?}}", n, {arg}); {arg} }}\n',
            base,
            body,
        )
    )
    return statement(f'say!("{{:?}}", {name}(§ % 5, §));\n', c.expression(U8), c.expression(kind))
