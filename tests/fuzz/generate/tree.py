# SPDX-License-Identifier: GPL-2.0-only
"""A program as a tree of pieces of text, in which a piece may be replaced by a simpler one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLE = "§"
STATEMENT = "statement"
GLUE = ""
Path = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """A piece of Rust: text and smaller pieces in turn.

    ``kind`` is the Rust type of an expression, :data:`STATEMENT` for what can be left out, or
    :data:`GLUE`.  ``instead`` are texts that may stand in the piece's place, the simplest first.
    """

    parts: tuple[str | Node, ...]
    kind: str = GLUE
    instead: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the Rust text."""
        return "".join(one if isinstance(one, str) else one.text() for one in self.parts)

    def children(self) -> list[Node]:
        """Return the smaller pieces, in order."""
        return [one for one in self.parts if isinstance(one, Node)]


def node(template: str, *holes: Node, kind: str = GLUE, instead: tuple[str, ...] = ()) -> Node:
    """Return the piece in which each ``§`` of ``template`` is one of ``holes``."""
    texts = template.split(HOLE)
    if len(texts) != len(holes) + 1:
        raise ValueError(f"{len(holes)} pieces for {template!r}")
    parts: list[str | Node] = [texts[0]]
    for hole, after in zip(holes, texts[1:], strict=True):
        parts += [hole, after]
    return Node(tuple(part for part in parts if part != ""), kind, instead)


def statement(template: str, *holes: Node) -> Node:
    """Return a piece that can be left out."""
    return node(template, *holes, kind=STATEMENT, instead=("",))


def joined(pieces: list[Node], between: str = "") -> Node:
    """Return the pieces one behind the other."""
    return node(between.join(HOLE * len(pieces)), *pieces)


def walk(tree: Node, at: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield every piece and its path, outer ones before those inside."""
    yield at, tree
    for index, part in enumerate(tree.parts):
        if isinstance(part, Node):
            yield from walk(part, (*at, index))


def replaced(tree: Node, at: Path, new: Node) -> Node:
    """Return ``tree`` with ``new`` at the place ``at``."""
    if not at:
        return new
    parts = list(tree.parts)
    inner = parts[at[0]]
    if isinstance(inner, str):
        raise TypeError(f"no piece at {at}")
    parts[at[0]] = replaced(inner, at[1:], new)
    return Node(tuple(parts), tree.kind, tree.instead)
