# SPDX-License-Identifier: GPL-2.0-only
"""Make a program smaller for as long as it does what it is kept for (delta debugging on its tree).

A step proposes many smaller trees and lets the caller judge them together, because many programs
fit in one crate: the smallest that is still of interest is taken.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tests.fuzz.generate.tree import STATEMENT, Node, replaced, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.fuzz.generate.tree import Path

    Judge = Callable[[Sequence[Node]], list[bool]]

TOGETHER = 24


def smaller(tree: Node) -> Iterator[tuple[Path, Node]]:
    """Yield replacements: what cannot be missed less first, and bigger pieces before smaller ones.

    A statement goes away, or only what is in it stays; an expression becomes a constant, or one of
    its parts that has the same type.
    """
    places = sorted(walk(tree), key=lambda one: -len(one[1].text()))
    for at, piece in places:
        for text in piece.instead:
            if text != piece.text() and len(text) <= len(piece.text()):
                yield at, Node((text,), piece.kind)
        if piece.kind:
            for _, inner in walk(piece):
                if inner is not piece and inner.kind == piece.kind:
                    yield at, inner
        elif any(child.kind == STATEMENT for child in piece.children()):
            yield from _halves(at, piece)


def _halves(at: Path, piece: Node) -> Iterator[tuple[Path, Node]]:
    """Yield a list of statements without its first and without its second half."""
    statements = [one for one in piece.parts if isinstance(one, Node) and one.kind == STATEMENT]
    if len(statements) < 4:
        return
    half = len(statements) // 2
    for gone in (statements[:half], statements[half:]):
        kept = tuple(one for one in piece.parts if not any(one is other for other in gone))
        yield at, Node(kept, piece.kind, piece.instead)


def reduced(tree: Node, judge: Judge, *, rounds: int = 60) -> Node:
    """Return a smaller tree for which ``judge`` still says yes; ``tree`` itself must be one.

    ``judge`` gets up to :data:`TOGETHER` trees and says of each whether it is of interest;
    ``rounds`` bounds how often it is asked.
    """
    refused: set[tuple[str, str]] = set()
    changed = False
    while rounds > 0:
        tried = list(islice(_untried(tree, refused), TOGETHER))
        if not tried:
            if not changed:
                break
            # What was refused before may do now that other pieces are gone.
            refused, changed = set(), False
            continue
        rounds -= 1
        verdicts = judge([replaced(tree, at, new) for at, _, new in tried])
        good: list[tuple[Path, Node]] = []
        for (at, old, new), yes in zip(tried, verdicts, strict=True):
            if not yes:
                refused.add((old.text(), new.text()))
            elif all(_apart(at, other) for other, _ in good):
                good.append((at, new))
        if good:
            tree, changed = _together(tree, good, judge), True
            rounds -= len(good) > 1
    return tree


def _untried(tree: Node, refused: set[tuple[str, str]]) -> Iterator[tuple[Path, Node, Node]]:
    pieces = dict(walk(tree))
    for at, new in smaller(tree):
        if (pieces[at].text(), new.text()) not in refused:
            yield at, pieces[at], new


def _apart(one: Path, other: Path) -> bool:
    """Say whether neither place is inside the other."""
    shorter = min(len(one), len(other))
    return one[:shorter] != other[:shorter]


def _together(tree: Node, good: Sequence[tuple[Path, Node]], judge: Judge) -> Node:
    """Return the tree with as many of the replacements, each good by itself, as go together."""
    trees = []
    for at, new in good:
        tree = replaced(tree, at, new)
        trees.append(tree)
    verdicts = [True, *(judge(trees[1:]) if len(trees) > 1 else [])]
    return min((one for one, yes in zip(trees, verdicts, strict=True) if yes), key=_length)


def _length(tree: Node) -> int:
    return len(tree.text())
