# SPDX-License-Identifier: GPL-2.0-only
"""Whose destructor can be seen in a function: also where its types are parameters.

A type parameter has a destructor where a type with one is put in for it, and rustc's MIR names at
every call what is put in.  Functions are told apart by their last name only: what is said of one
may be said of another of that name, which is too much and never too little.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.check.mir import Body
    from pipeline.check.visible import Visible

_CALLED = re.compile(r"^(?:\S+ = )?(.*\)) -> \[")
_CLOSURE = re.compile(r"\{closure@[^}]*\}")
_CAPTURING = re.compile(r"^(\{closure@[^}]*\}) \{ (.*) \}$")
_OPAQUE = re.compile(
    r"\bimpl (?:for<[^>]*> )?Fn(?:Mut|Once)?\b(?:\([^()]*\))?(?: -> [\w:&' ]+)?(?: \+ [\w:' ]+)*"
)
_INNER = re.compile(r"::\{(?:closure|constant)#\d+\}.*")
_DEEPEST = 4


class Uses:
    """The calls of the functions of a build, and what its closures have captured."""

    def __init__(self, bodies: Iterable[Body]) -> None:
        every = list(bodies)
        own = {function(body) for body in every}
        self._calls: dict[str, set[str]] = defaultdict(set)
        self._captured: dict[str, set[str]] = defaultdict(set)
        self._put_in: dict[str, str] = {}
        for body in every:
            for _, step in body.steps:
                called = _CALLED.match(step.text)
                if called and not step.text.startswith(("drop(", "assert(")):
                    path = _without_arguments(called[1])
                    if last_name(path) in own:
                        self._calls[last_name(path)].add(path)
                if capturing := _CAPTURING.match(step.text.partition(" = ")[2]):
                    taken = re.findall(r"move _(\d+)", capturing[2])
                    types = (body.locals[int(one)].type for one in taken)
                    self._captured[capturing[1]].update(types)

    def of(self, name: str) -> str:
        """Return all that is put in for the type parameters of the functions of a name."""
        if name not in self._put_in:
            texts = {self.spelled(_in_angles(one)) for one in self._calls.get(name, ())}
            self._put_in[name] = " ".join(sorted(texts))
        return self._put_in[name]

    @cached_property
    def all(self) -> str:
        """All that is put in anywhere; ``drop`` is left out, which core has, too."""
        texts = {self.of(name) for name in self._calls if name != "drop"}
        return " ".join(sorted(texts))

    def spelled(self, type_name: str, depth: int = 0) -> str:
        """Return a type's name, closures replaced by the types of what they have captured.

        An ``impl Fn`` that a function returns is any of them.
        """
        if depth > _DEEPEST:
            return type_name
        if _OPAQUE.search(type_name):
            every = sorted(set().union(*self._captured.values()))
            taken = " ".join(one for one in every if not _OPAQUE.search(one))
            type_name = _OPAQUE.sub(lambda _: taken, type_name)
        return _CLOSURE.sub(
            lambda one: " ".join(
                self.spelled(inner, depth + 1) for inner in sorted(self._captured[one[0]])
            ),
            type_name,
        )


@dataclass(frozen=True)
class Scene:
    """A function, and what is to be known of the build beside it."""

    body: Body
    source: Visible
    uses: Uses

    def matters(self, type_name: str) -> bool:
        """Say whether a type's destructor may do more than give back memory."""
        return self._has(type_name, memory=False)

    def drops(self, type_name: str) -> bool:
        """Say whether a type may have a destructor."""
        return self._has(type_name, memory=True)

    def _has(self, type_name: str, *, memory: bool) -> bool:
        found = self.source.destructor(self.uses.spelled(type_name), memory=memory)
        for more in (self.uses.of(function(self.body)), self.uses.all):
            if found is not None:
                return found
            # A type parameter: what is put in here, and what is where that is a parameter again.
            found = self.source.destructor(more, memory=memory)
        return bool(found)


def function(body: Body) -> str:
    """Return the last name of a function, or of the one that a closure is in."""
    return last_name(_INNER.sub("", body.name))


def last_name(path: str) -> str:
    """Return the last name of a path: ``same`` of ``tester::Tester::<'_>::same::<u32>``."""
    path = path.strip()
    if path.endswith(">"):
        path = path[: _opening(path, "<", ">")].removesuffix("::")
    return path.rpartition("::")[2]


def _without_arguments(call: str) -> str:
    """Return what is called: the text without the parenthesis at its end."""
    return call[: _opening(call, "(", ")")]


def _opening(text: str, opens: str, closes: str) -> int:
    """Return where the group opens that ends with the text; ``->`` closes nothing."""
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] == closes and text[index - 1 : index] != "-":
            depth += 1
        elif text[index] == opens:
            depth -= 1
            if depth == 0:
                return index
    return len(text)


def _in_angles(path: str) -> str:
    """Return what stands in a path's angle brackets."""
    depth, kept = 0, []
    for index, char in enumerate(path):
        if char == ">" and path[index - 1 : index] != "-":
            depth -= 1
        kept.append(char if depth > 0 else " ")
        depth += char == "<"
    return "".join(kept)
