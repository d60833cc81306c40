# SPDX-License-Identifier: GPL-2.0-only
"""Statements of programs that have a heap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.generate.context import does
from tests.fuzz.generate.tree import Node, statement
from tests.fuzz.generate.types import U8
from tests.fuzz.generate.values import WORDS

if TYPE_CHECKING:
    from tests.fuzz.generate.context import Context
    from tests.fuzz.generate.types import Type

_LISTS = ("v.push(§);", "v.insert((§ as usize) % (v.len() + 1), §);", "say!(\"{:?}\", v.pop());",
          "v.sort();",
          "v.dedup();", "v.retain(|x| x % 2 == 0);", "v.extend_from_slice(&[§, §]);",
          "v.truncate(§ as usize % 4);",
          "say!(\"{:?}\", v.drain(..v.len() / 2).collect::<Vec<_>>());",
          "v.swap_remove(§ as usize % 5);",
          "v = v.iter().rev().copied().collect();", "let n = v.len() / 3; v.rotate_left(n);",
          "say!(\"{:?}\", v.iter().map(|x| format!(\"{x:x}\")).collect::<Vec<_>>().join(\"-\"));",
          "v.resize(5, §);", "v.remove(§ as usize % 3);",
          "let w = v.split_off(v.len() / 2); say!(\"{:?}\", w);")  # fmt: skip
_TEXTS = ("s.push('é');", "s.push_str(\"{w}\");", "s.insert(0, '日');", "s = s.to_uppercase();",
          "s = s.replace('a', \"bb\");",
          "say!(\"{:?}\", s.pop());", "s = s.chars().rev().collect();",
          "s += &format!(\"{:>5}\", §);",
          "s.truncate(§ as usize % 7);",
          "say!(\"{:?}\", s.split_whitespace().collect::<Vec<_>>());",
          "s = String::from_utf8_lossy(&s.as_bytes()[..s.len() / 2]).into_owned();",
          "say!(\"{:?}\", s.to_lowercase().into_bytes());", "s = s.repeat(2);",
          "s.remove(0);")  # fmt: skip
_MAPS = ("say!(\"{:?}\", m.insert(§, §));", "say!(\"{:?}\", m.remove(&§));",
         "*m.entry(§).or_insert(§) ^= §;",
         "say!(\"{:?}\", m.range(§..).next());", "say!(\"{:?}\", m.first_key_value());",
         "say!(\"{:?}\", m.pop_last());", "for x in m.values_mut() { *x = x.wrapping_add(§); }",
         "say!(\"{:?}\", m.get(&§));", "m.retain(|k, _| k % 3 != 0);",
         "m = m.into_iter().map(|(k, x)| (x, k)).collect();")  # fmt: skip


def _steps(c: Context, forms: tuple[str, ...], kind: Type) -> list[Node]:
    """Return some steps; holes cast to ``usize``, or in a text, are bytes."""
    made = []
    for _ in range(c.rng.randint(2, 6)):
        form = c.rng.choice(forms).replace("{w}", c.rng.choice(WORDS))
        holes = [
            c.expression(U8 if after.startswith(" as usize") else kind, 2)
            for after in form.split("§")[1:]
        ]
        made.append(statement(form + "\n", *holes))
    return made


@does(weight=3, heap=True)
def lists(c: Context) -> Node:
    """A vector and what is done to it."""
    kind = c.integer()
    steps = _steps(c, _LISTS, kind)
    return statement(
        f"{{ let mut v: Vec<{kind.name}> = vec![§, §];\n{'§' * len(steps)}say!(\"{{:?}}\", v); "
        f"}}\n",
        c.expression(kind), c.expression(kind), *steps,
    )  # fmt: skip


@does(weight=3, heap=True)
def texts(c: Context) -> Node:
    """A string and what is done to it."""
    kind = c.integer()
    steps = _steps(c, _TEXTS, kind)
    return statement(
        f"{{ let mut s = "
        f"String::from(\"{c.rng.choice(WORDS)}\");\n{'§' * len(steps)}say!(\"{{:?}}\", s); }}\n",
        *steps,
    )  # fmt: skip


@does(weight=3, heap=True)
def maps(c: Context) -> Node:
    """A map and what is done to it."""
    kind = c.integer()
    steps = _steps(c, _MAPS, kind)
    name = kind.name
    return statement(
        f"{{ let mut m: BTreeMap<{name}, {name}> = (0..{c.rng.randrange(30)}).map(|x| (x * 3, "
        f"x)).collect();\n"
        f"{'§' * len(steps)}say!(\"{{:?}}\", m); }}\n",
        *steps,
    )  # fmt: skip


@does(weight=2, heap=True)
def boxes(c: Context) -> Node:
    """Boxed closures and trait objects, shared values, a linked list."""
    kind = c.integer()
    t = kind.name
    forms = (
        ("{ let f: Vec<Box<dyn Fn({t}) -> {t}>> = vec![Box::new(|x| x ^ §), Box::new(move |x: "
        "{t}| x.wrapping_mul(3))];\n"
        "let y = f.iter().fold(§, |x, g| g(x)); say!(\"{}\", y); }\n"),
        ("{ let held: Vec<Box<dyn Twist<{t}>>> = vec![Box::new(§), Box::new(Off(§))];\n"
        "say!(\"{:?}\", held.iter().map(|x| x.twist(5)).collect::<Vec<_>>()); }\n"),
        ("{ let a = Rc::new((End(§ as u32), core::cell::Cell::new(4))); let b = "
        "Rc::downgrade(&a); let d = a.clone();\n"
        "d.1.set(9); drop(a); say!(\"{} {:?}\", b.upgrade().map_or(0, |x| x.1.get()), "
        "Rc::strong_count(&d)); "
        "drop(d); say!(\"{:?} {}\", b.upgrade().is_none(), §); }\n"),
        ("{ let mut list: Option<Box<Link<{t}>>> = None; for i in 0..4 { list = "
        "Some(Box::new(Link(§, End(i), list))); }\n"
        "while let Some(link) = list { say!(\"{} {}\", link.0, link.1.0); list = link.2; } }\n"),
        ("{ let once: Box<dyn FnOnce() -> {t}> = { let end = End(8); Box::new(move || { "
        "drop(end); § }) }; say!(\"{}\", once()); "
        "say!(\"{}\", §); }\n"),
    )  # fmt: skip
    form = c.rng.choice(forms).replace("{t}", t)
    small = [after.startswith(" as u32") for after in form.split("§")[1:]]
    return statement(form, *(c.expression(U8 if one else kind, 2) for one in small))
