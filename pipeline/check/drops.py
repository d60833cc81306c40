# SPDX-License-Identifier: GPL-2.0-only
"""Find, in rustc's MIR, the destructors that mrustc loses or runs at another time.

What is wrong and why was read in mrustc 0.12's source and measured form by form, see
``docs/check.md``.  rustc says which values are dropped, and where; a rule here says where mrustc
does otherwise.  Rules of order count only for values whose destructor somebody can see: the user's
own ``impl Drop``, guards, and what is not known (a type parameter, ``dyn``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline.check.mir import bodies, moved_places
from pipeline.check.uses import Scene, Uses
from pipeline.check.visible import Visible
from pipeline.crate.document import read_text
from pipeline.crate.graph import order
from pipeline.crate.sources import MAX_BYTES, sources
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.check.mir import Body, Span
    from pipeline.crate.model import Crate


class Rule(NamedTuple):
    """What mrustc does wrongly in a form, and the way round it."""

    name: str
    wrong: str
    mend: str


class Lost(NamedTuple):
    """A place where mrustc loses a destructor, or runs it in another order."""

    rule: Rule
    span: Span | None
    type: str


REST = Rule(
    "rest-of-enum",
    "what a match, if let or let else leaves in the value when it moves a part out of an enum is "
    "never dropped by mrustc, in the other arms neither",
    "bind every part that has a destructor, in every arm (Err(_error) for Err(_), other for _)",
)
PROMOTED = Rule(
    "promoted",
    "mrustc makes a constant of a borrowed literal, and never drops it",
    "give the value a name first: let value = …; and borrow that",
)
EARLY = Rule(
    "early-exit",
    "where a later operand leaves (?, return, break), mrustc does not drop this one",
    "give the operands names first: let first = …; let second = …?;",
)
DISCARDED = Rule(
    "discarded",
    "mrustc does not drop a value that only its name, in a statement, or an array of none discards",
    "write drop(…)",
)
LATE = Rule(
    "late-init",
    "mrustc does not drop the old value where a loop assigns to a variable declared without one",
    "let the variable be an Option that begins as None, or declare it in the loop",
)
ARGUMENTS = Rule(
    "argument-order",
    "mrustc drops the arguments of a function from the first to the last, Rust from the last",
    "begin the function with let name = name; for each argument but the first, or drop(…) them",
)
CONDITION = Rule(
    "condition-order",
    "mrustc drops the temporaries of && and || after what follows, Rust before: a lock stays held",
    "give the value a name first, or nest two ifs",
)
ELSE = Rule(
    "let-else",
    "mrustc drops the temporaries of a let else after the else, Rust before: a lock stays held",
    "give the value a name first, or use match",
)
TAIL = Rule(
    "block-tail",
    "mrustc drops the temporaries of a block's last expression with the block, as in edition 2024",
    'give the value a name first, or say edition = "2024"',
)
CAPTURES = Rule(
    "capture-order",
    "mrustc drops what a closure has captured in the order of declaration, Rust in that of use",
    "use the captured variables in the order in which they are declared",
)

ARRAY = Rule(
    "rest-of-array",
    "mrustc drops what is left of an array from the first element to the last, Rust drops what is "
    "behind an element that was moved out before what is in front of it",
    "bind every element, or take them from the ends",
)

_ELEMENT = re.compile(r"\bmove \(*_(\d+)\b.*?\[(\d+)(?: of (\d+)|\.\.(\d+))\]")
_DISCRIMINANT = re.compile(r"discriminant\((.*)\)$")
_DOWNCAST = re.compile(r" as (?:[^\W\d]\w*|variant#\d+)\)")
_CALL = re.compile(r"^(?:[\w<]|\(\*?_\d)[^=]*?\((.*)\) -> \[")
_CAPTURE = re.compile(r"^\{closure@[^}]*\} \{ (.*) \}$")
_STRUCT = re.compile(r" = [\w:<>, ]+ \{ ")


def refuse_lost(mirs: Sequence[tuple[Crate, str]], kernel: Crate | None) -> None:
    """Refuse a build, for mrustc, by what rustc printed as the MIR of each crate.

    ``kernel`` is the crate whose types they may use beside those of their own.
    :class:`~pipeline.errors.UserError` names every place, what would happen and the way round.
    """
    crates = [*(order(kernel) if kernel else ()), *(crate for crate, _ in mirs)]
    files = {file for one in crates for file in sources(one).rust}
    texts = {file: read_text(file, MAX_BYTES) for file in files}
    every = [(crate, list(bodies(mir))) for crate, mir in mirs]
    uses = Uses(body for _, found in every for body in found)
    wrong: dict[Rule, set[str]] = {}
    for crate, found in every:
        source = Visible(texts, crate.edition)
        for body in found:
            for one in lost(Scene(body, source, uses)):
                at = str(one.span) if one.span else crate.name
                wrong.setdefault(one.rule, set()).add(f"{at}: {one.type}, in {body.name}")
    if wrong:
        lines = [text for rule, at in wrong.items() for text in (f"{rule.wrong}:", *sorted(at))]
        mends = "; ".join(rule.mend for rule in wrong)
        raise UserError("\n".join(lines), mend=f"{mends}; or build with transpiler=rustc")


def lost(scene: Scene) -> Iterator[Lost]:
    """Yield what mrustc gets wrong of the destructors in one function."""
    body = scene.body
    for rule, find in _RULES:
        for number, span in find(body, scene):
            local = body.locals.get(number)
            type_name = local.type if local else ""
            if scene.drops(type_name):
                yield Lost(rule, span, type_name)


def _rest_of_enum(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A part is moved out of an enum, and another part is dropped after the match.

    ``MirBuilder::drop_value_from_state`` emits nothing for a partly moved enum.
    """
    for block, step in body.steps:
        for place in moved_places(step.text):
            enums = [place[1 : one.start()] for one in _DOWNCAST.finditer(place)]
            enums = [one.lstrip("(") for one in enums]
            root = re.search(r"_(\d+)", place)
            if not enums or root is None:
                continue
            number = int(root[1])
            # The temporary of an if let is right, but for what is left of the variant itself.
            inside = not body.locals[number].name and scene.source.in_if_let(step.span)
            parts = [place[: one.end()].lstrip("(") for one in _DOWNCAST.finditer(place)]
            matched = [at for at in _matches(body, number) if block in body.reached([at])]
            after = body.reached(matched)
            for at, dropped, _ in body.dropped.get(number, ()):
                bare = dropped.lstrip("(")
                if inside:
                    wrong = any(bare.startswith(one) for one in parts)
                else:
                    wrong = any(_same(bare, one) for one in enums)
                if wrong and at in after:
                    yield number, step.span
                    break


def _matches(body: Body, number: int) -> Iterator[int]:
    """Yield the blocks that look at the variant of a local or of a part of it."""
    for at, step in body.steps:
        found = _DISCRIMINANT.search(step.text)
        root = re.search(r"_(\d+)", found[1]) if found else None
        if root and int(root[1]) == number:
            yield at


def _same(one: str, other: str) -> bool:
    """Say whether of two places, without their leading parentheses, one is in the other."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and not long[len(short) : len(short) + 1].isdigit()


def _promoted(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A temporary that is a constant expression is borrowed.

    ``static_borrow_constants.cpp`` asks for constancy, and not for a destructor.
    """
    values = _values(body)
    for number in body.owned:
        local = body.locals[number]
        if local.name or not _constant(number, values, scene, 0):
            continue
        # A mutable borrow is made a constant of what has no size only.
        mutable = "(mut )?" if re.fullmatch(r"[\w:<>, ]+", values[number][0]) else ""
        borrow = re.compile(rf"^_\d+ = &{mutable}\(*_{number}\b")
        for _, step in body.steps:
            if borrow.match(step.text) and not scene.source.text(step.span).startswith("ref "):
                yield number, local.span
                break


def _values(body: Body) -> dict[int, list[str]]:
    """Return what is assigned to each local as a whole."""
    found: dict[int, list[str]] = {}
    for _, step in body.steps:
        left, mark, right = step.text.partition(" = ")
        if mark and re.fullmatch(r"_\d+", left):
            found.setdefault(int(left[1:]), []).append(right)
    return found


def _constant(number: int, values: dict[int, list[str]], scene: Scene, depth: int) -> bool:
    """Say whether mrustc may take the value of a temporary for a constant."""
    assigned = values.get(number, [])
    if len(assigned) != 1 or depth > _DEEPEST:
        return False
    text = assigned[0]
    if call := _CALL.match(text):
        if not scene.source.is_const_fn(text.partition("(")[0]):
            return False
        text = call[1]
    parts = re.findall(r"(?<!\w)_(\d+)\b", text)
    return all(_constant(int(one), values, scene, depth + 1) for one in parts)


_DEEPEST = 20


def _early(body: Body, _: Scene) -> Iterator[tuple[int, Span | None]]:
    """A temporary is moved into a call or a value, or dropped where a later operand leaves.

    mrustc marks an operand as moved when it has evaluated it, not when all have been; the fields of
    a struct it gets right.
    """
    moved = {
        place
        for _, step in body.steps
        if not _STRUCT.search(step.text)
        for place in moved_places(step.text)
    }
    for number in body.owned:
        local = body.locals[number]
        operand = not local.name and number > body.arguments and f"_{number}" in moved
        if operand and not any(_matches(body, number)):
            yield number, local.span


def _discarded(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A value is dropped that nothing uses, and the source has no call for it."""
    used = {
        int(one)
        for _, step in body.steps
        if not step.text.startswith(("drop(", "Storage"))
        for one in re.findall(r"_(\d+)", step.text.partition(" = ")[2] or step.text)
    }
    for number in body.owned:
        local = body.locals[number]
        if local.name or number <= body.arguments or number in used or local.span is None:
            continue
        if scene.source.unmade(local.span):
            yield number, local.span


def _late(body: Body, _: Scene) -> Iterator[tuple[int, Span | None]]:
    """A variable declared outside a loop without a value, and assigned in it."""
    for number in body.owned:
        local = body.locals[number]
        if not local.name or number <= body.arguments:
            continue
        assign = f"_{number} = "
        live = [at for at, one in body.steps if one.text == f"StorageLive(_{number})"]
        first = [(at, one) for at, one in body.steps if one.text.startswith(assign)]
        for at, step in first:
            others = {block for block, _ in first if block != at}
            again = body.reached(body.successors.get(at, ()), without=live)
            if at in again and at in body.reached(live, without=others):
                yield number, step.span


def _arguments(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """Two arguments are dropped in a function: ``terminate_scope_early`` goes from the first on."""
    seen = [
        number
        for number in sorted(body.owned)
        if 0 < number <= body.arguments and scene.matters(body.locals[number].type)
    ]
    if len(seen) > 1 and body.both_dropped(seen):
        yield seen[-1], body.locals[seen[-1]].span or body.dropped[seen[-1]][0][2]


def _condition(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A temporary is in an operand of ``&&`` or ``||`` that another one follows."""
    for number, span in _temporaries(body, scene):
        if scene.source.before_lazy(span):
            yield number, span


def _let_else(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A temporary is in the value of a ``let … else``."""
    for number, span in _temporaries(body, scene):
        if scene.source.in_let_else(span):
            yield number, span


def _temporaries(body: Body, scene: Scene) -> Iterator[tuple[int, Span]]:
    """Yield the temporaries that are dropped, and whose destructor somebody can see."""
    for number in body.owned:
        local = body.locals[number]
        if local.name or number <= body.arguments or local.span is None:
            continue
        if scene.matters(local.type):
            yield number, local.span


def _tail(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A temporary is in the last expression of a block that is an operand, before edition 2024."""
    for number, span in _temporaries(body, scene):
        if scene.source.in_block_operand(span):
            yield number, span


def _captures(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """A closure takes variables in another order than that of their declaration."""
    for _, step in body.steps:
        left, _mark, right = step.text.partition(" = ")
        capture = _CAPTURE.match(right)
        if capture is None:
            continue
        taken = [int(one) for one in re.findall(r"move _(\d+)", capture[1])]
        taken = [one for one in taken if scene.matters(body.locals[one].type)]
        if taken != sorted(taken):
            yield int(left[1:]) if left[1:].isdigit() else 0, step.span


def _rest_of_array(body: Body, scene: Scene) -> Iterator[tuple[int, Span | None]]:
    """An element is moved out of an array, and others are left on both sides of it."""
    moved: dict[int, tuple[set[int], int, Span | None]] = {}
    for _, step in body.steps:
        for match in _ELEMENT.finditer(step.text):
            number, first = int(match[1]), int(match[2])
            # Of a slice of an array the length is not told: what is behind it counts as left.
            end = int(match[4]) if match[4] else first + 1
            taken, length, span = moved.get(number, (set(), 0, step.span))
            taken.update(range(first, end))
            moved[number] = taken, max(length, int(match[3] or end + 1)), span
    for number, (taken, length, span) in moved.items():
        left = [at for at in range(length) if at not in taken]
        between = any(left[0] < at < left[-1] for at in taken) if left else False
        if between and scene.matters(body.locals[number].type):
            yield number, span


_RULES: tuple[tuple[Rule, Callable[[Body, Scene], Iterator[tuple[int, Span | None]]]], ...] = (
    (REST, _rest_of_enum),
    (PROMOTED, _promoted),
    (EARLY, _early),
    (DISCARDED, _discarded),
    (LATE, _late),
    (ARGUMENTS, _arguments),
    (CONDITION, _condition),
    (ELSE, _let_else),
    (TAIL, _tail),
    (CAPTURES, _captures),
    (ARRAY, _rest_of_array),
)
