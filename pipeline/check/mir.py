# SPDX-License-Identifier: GPL-2.0-only
"""What rustc's MIR says of each function, as far as destructors go.

``rustc -Zunpretty=mir -Zmir-include-spans`` prints every body after its drops were elaborated:
what is dropped, where and when, is a statement there.  The form is that of rustc's
``compiler/rustc_middle/src/mir/pretty.rs``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FLAGS = (
    "-Zunpretty=mir",
    "-Zmir-opt-level=0",
    "-Zmir-include-spans",
    "-Zdump-mir-exclude-alloc-bytes",
)
"""Makes rustc print the MIR of a crate, nothing optimised away, each line with its place.

The bytes of constants are left out: those of a large static are many times the rest.
"""

_BODY = re.compile(r"^(?:fn|static|const) ([^\n]*?) \{\n(.*?)^\}\n", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"^fn .* \{$", re.MULTILINE)
_BLOCK = re.compile(r"^    bb(\d+)(?: \(cleanup\))?: \{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)
_LOCAL = re.compile(r"^\s+let (?:mut )?_(\d+): (.*); +// (?:in|return place in) scope \d+ (at .*)$")
_DEBUG = re.compile(r"^\s+debug (\S+) => _(\d+);")
_ARGUMENT = re.compile(r"(?<![\w.])_(\d+): ")
_SPAN = re.compile(r"at (.+):(\d+):(\d+): (\d+):(\d+)(?: \(#\d+\))?$")
_FLAG_SWITCH = re.compile(
    r"switchInt\((?:copy |move )?_(\d+)\) -> \[0: bb(\d+), otherwise: bb(\d+)\]"
)
_MOST_STATES = 20_000
_BOX_POINTER = re.compile(
    r"^\s+_(\d+) = copy \(\((.*?)\.0: [\w:]*::Unique<.*\.0: [\w:]*::NonNull<.* \(Transmute\);",
    re.MULTILINE,
)
_TARGET = re.compile(r"\bbb(\d+)\b")


class Span(NamedTuple):
    """A piece of a source file; lines and columns count from 1, the end is behind the last one."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        """Return how an error names it."""
        return f"{self.file}:{self.line}"


class Step(NamedTuple):
    """A statement or a terminator, without its ``;``."""

    text: str
    span: Span | None


@dataclass(frozen=True)
class Local:
    """A variable, a temporary or an argument; ``name`` is empty where the source has none."""

    number: int
    type: str
    span: Span | None
    name: str


@dataclass(frozen=True)
class Body:
    """A function: its locals by number, how many of them are arguments, and its blocks."""

    name: str
    arguments: int
    locals: dict[int, Local]
    blocks: dict[int, tuple[Step, ...]]
    successors: dict[int, tuple[int, ...]] = field(repr=False)

    @cached_property
    def steps(self) -> tuple[tuple[int, Step], ...]:
        """Every step with the number of its block."""
        return tuple((at, step) for at, steps in self.blocks.items() for step in steps)

    @cached_property
    def dropped(self) -> dict[int, list[tuple[int, str, Span | None]]]:
        """For each local that is dropped, whole or in part: block, place and source of each."""
        found: dict[int, list[tuple[int, str, Span | None]]] = defaultdict(list)
        for at, step in self.steps:
            if step.text.startswith("drop("):
                place = _group(step.text[len("drop") :])[1:-1]
                root = re.search(r"_(\d+)", place)
                if root:
                    found[int(root[1])].append((at, place, step.span))
        return dict(found)

    @cached_property
    def owned(self) -> frozenset[int]:
        """The locals that are dropped themselves: not what a reference or a box points to."""
        return frozenset(
            number
            for number, places in self.dropped.items()
            if any("*" not in place for _, place, _ in places)
        )

    @cached_property
    def _flags(self) -> frozenset[int]:
        """The drop flags: unnamed booleans to which only constants are assigned."""
        constant = {f"const {one}" for one in ("true", "false")}
        assigned: dict[int, set[str]] = defaultdict(set)
        for _, step in self.steps:
            left, mark, right = step.text.partition(" = ")
            if mark and left[:1] == "_" and left[1:].isdigit():
                assigned[int(left[1:])].add(right)
        return frozenset(
            one.number
            for one in self.locals.values()
            if one.type == "bool" and not one.name and assigned.get(one.number, {""}) <= constant
        )

    def both_dropped(self, numbers: Iterable[int]) -> bool:
        """Say whether on one way through the function two of these locals are dropped.

        Drop flags are followed; where there are too many ways, the answer is yes.
        """
        wanted = frozenset(numbers)
        at = {
            block: number for number in wanted for block, _, _ in self.dropped.get(number, ())
        }  # fmt: skip
        start = (0, frozenset[int](), 0)
        seen, todo = {start}, [start]
        while todo:
            block, flags, done = todo.pop()
            if block in at:
                if done not in (0, at[block]):
                    return True
                done = at[block]
            for state in self._after(block, flags, done):
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
            if len(seen) > _MOST_STATES:
                return True
        return False

    def _after(
        self, block: int, flags: frozenset[int], done: int
    ) -> Iterator[tuple[int, frozenset[int], int]]:
        """Yield where control may be after a block, by what the drop flags say."""
        for step in self.blocks[block]:
            left, mark, right = step.text.partition(" = ")
            if mark and left[1:].isdigit() and int(left[1:]) in self._flags:
                one = {int(left[1:])}
                flags = flags | one if right == "const true" else flags - one
        last = self.blocks[block][-1].text if self.blocks[block] else ""
        found = _FLAG_SWITCH.match(last)
        if found and int(found[1]) in self._flags:
            yield int(found[3] if int(found[1]) in flags else found[2]), flags, done
            return
        for target in self.successors.get(block, ()):
            yield target, flags, done

    def reached(self, blocks: Iterable[int], *, without: Iterable[int] = ()) -> set[int]:
        """Return the blocks that control may come to from ``blocks``, themselves included."""
        seen = set(without)
        left = seen.copy()
        todo = list(blocks)
        while todo:
            block = todo.pop()
            if block not in seen:
                seen.add(block)
                todo += self.successors.get(block, ())
        return seen - left


def bodies(text: str) -> Iterator[Body]:
    """Yield the bodies that rustc printed.

    Raises :class:`~pipeline.errors.ToolError` where a function is not read as a whole, or drops
    what it does not declare: then rustc prints in another way than is known here.
    """
    if len(_BODY.findall(text)) < len(_HEAD.findall(text)):
        raise _unknown("a function without an end")
    for head, boxed in _BODY.findall(text):
        inner = _unboxed(boxed)
        blocks = {int(number): _steps(lines) for number, lines in _BLOCK.findall(inner)}
        found = _arguments(head)
        arguments = len(found)
        names: dict[int, str] = {}
        for line in inner.splitlines():
            if local := _LOCAL.match(line):
                number = int(local[1])
                found[number] = Local(number, local[2], _span(local[3]), "")
            elif debug := _DEBUG.match(line):
                names[int(debug[2])] = debug[1]
                if (at := _span(line)) and int(debug[2]) in found:
                    old = found[int(debug[2])]
                    found[old.number] = Local(old.number, old.type, old.span or at, "")
        named = {
            one.number: Local(one.number, one.type, one.span, names.get(one.number, ""))
            for one in found.values()
        }
        successors = {at: _successors(steps) for at, steps in blocks.items()}
        body = Body(head.partition("(")[0], arguments, named, blocks, successors)
        if not set(body.dropped) <= set(named):
            raise _unknown(f"{body.name}: a drop of what is not declared")
        yield body


def _unknown(what: str) -> ToolError:
    return ToolError(
        f"rustc's MIR cannot be read: {what}",
        argv=["rustc", *FLAGS],
        mend="use a rustc from 1.85 to 1.96, transpiler=rustc, or gate=off",
    )


def _unboxed(text: str) -> str:
    """Return a body in which a place in a box is ``(*BOX)``: rustc goes there by a pointer."""
    boxes = {one[1]: one[2] for one in _BOX_POINTER.finditer(text)}
    return re.sub(
        r"\(\*_(\d+)\)", lambda one: f"(*{boxes[one[1]]})" if one[1] in boxes else one[0], text
    )


def moved_places(text: str) -> list[str]:
    """Return the places that a step moves out of, as rustc writes them."""
    return [_place(text[one.end() :]) for one in re.finditer(r"\bmove ", text)]


def _place(text: str) -> str:
    if text.startswith("("):
        return _group(text)
    found = re.match(r"_\d+(?:\[[^\]]*\])?", text)
    return found[0] if found else ""


def _group(text: str) -> str:
    """Return the parenthesis that ``text`` begins with, up to the one that closes it."""
    depth = 0
    for index, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return text[: index + 1]
    return text


def _arguments(head: str) -> dict[int, Local]:
    """Return the arguments that a head declares: ``f(_1: u32, _2: Option<T>) -> u32``."""
    inside = _group("(" + head.partition("(")[2])[1:-1]
    found = list(_ARGUMENT.finditer(inside))
    ends = [*(one.start() for one in found[1:]), len(inside)][: len(found)]
    return {
        int(one[1]): Local(int(one[1]), inside[one.end() : end].rstrip(", "), None, "")
        for one, end in zip(found, ends, strict=True)
    }


def _steps(lines: str) -> tuple[Step, ...]:
    found = []
    for line in lines.splitlines():
        text, mark, rest = line.partition(" // ")
        text = text.strip().removesuffix(";")
        if text and not text.startswith("//"):
            found.append(Step(text, _span(rest) if mark else None))
    return tuple(found)


def _successors(steps: tuple[Step, ...]) -> tuple[int, ...]:
    _, arrow, targets = steps[-1].text.rpartition("->") if steps else ("", "", "")
    return tuple(int(one) for one in _TARGET.findall(targets)) if arrow else ()


def _span(text: str) -> Span | None:
    found = _SPAN.search(text.strip())
    if found is None:
        return None
    return Span(found[1], int(found[2]), int(found[3]), int(found[4]), int(found[5]))
