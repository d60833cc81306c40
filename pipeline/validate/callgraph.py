# SPDX-License-Identifier: GPL-2.0-only
"""The deepest chain of calls inside an object, in bytes of stack.

What the kernel's own functions take is not counted: they are not here.  Calls whose goal the bytes
do not show, and functions that come to call themselves again, are named: there the chain may go
deeper.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.validate.calls import branch_target, branches, calls
from pipeline.validate.code_flow import FLOWS, Kind
from pipeline.validate.frames import measured
from pipeline.validate.listing import listing
from pipeline.validate.stack_rules import STACKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function, Listing
    from pipeline.validate.reference import Reference


_BACK = 200  # instructions that are looked through for a register's value
_REGISTER = re.compile(r"(%a\d)@")
_PLACE = re.compile(r"%pc@\((?:0x)?([0-9a-f]+)\)")


class _Edge(NamedTuple):
    """A call: the bytes that the caller has taken by then, and the function that is called.

    ``certain`` says that every run of the caller comes to it: no branch is before it.
    """

    taken: int
    goal: Function
    certain: bool


@dataclass(frozen=True)
class Graph:
    """What is known of the chains.

    ``deepest`` maps each function to the bytes that it and what it calls take; ``next`` to the
    call on that chain.  ``roots`` are the functions that nothing here calls, deepest first.
    ``certain`` is as ``deepest``, by calls alone that every run makes.  ``goals`` has all that each
    function is seen to call, ``indirect`` its calls of unknown goals; ``recursive`` can call
    themselves.
    """

    deepest: Mapping[Function, int]
    certain: Mapping[Function, int]
    next: Mapping[Function, _Edge]
    roots: tuple[Function, ...]
    goals: Mapping[Function, frozenset[Function]]
    indirect: Mapping[Function, int]
    recursive: frozenset[Function]

    def chain(self, root: Function) -> list[tuple[Function, int]]:
        """Return the deepest chain from ``root``: each function with the bytes that it adds."""
        found = []
        function = root
        while True:
            edge = self.next.get(function)
            if edge is None:
                found.append((function, self.deepest[function]))
                return found
            found.append((function, edge.taken))
            function = edge.goal


def no_calls(reference: Reference) -> str:
    """Return why the calls of an architecture's code are not known, or nothing."""
    name = reference.arch.name
    return "" if name in FLOWS else f"which functions instructions of {name} call is not known here"


def graph(obj: Object, reference: Reference) -> Graph:
    """Return the graph of calls of ``obj``; without functions where there is no listing."""
    return obj.once("callgraph", lambda: _graph(obj, reference))


def _graph(obj: Object, reference: Reference) -> Graph:
    frames = measured(obj, reference)
    stack = STACKS.get(reference.arch.name)
    cost = stack.call if stack else 0
    entry = stack.entry if stack else 0
    edges: dict[Function, list[_Edge]] = {function: [] for function in frames}
    known: dict[Function, set[int]] = {function: set() for function in frames}
    called: set[Function] = set()
    code = listing(obj, reference)
    straight = {function: _straight(code, reference, function) for function in frames}
    for call in calls(obj, reference):
        caller = call.caller
        if caller not in frames:
            continue
        known[caller].add(call.address)
        certain = call.sure and call.address <= straight[caller]
        if call.function is not None and call.function in frames:
            # A jump for good gives the caller's stack back, with the return address of the call.
            at = entry if call.leaves else frames[caller].size or 0
            taken = frames[caller].leaves.get(call.address, at)
            taken = taken - entry if call.leaves else taken + cost
            edges[caller].append(_Edge(taken, call.function, certain))
            called.add(call.function)
    indirect: dict[Function, int] = {}
    for caller, frame in frames.items():
        for address in frame.calls:
            if address in known[caller]:
                continue
            goal = _nearby(code, caller, address)
            if goal is not None and goal in frames:
                certain = address <= straight[caller]
                edges[caller].append(_Edge(frame.leaves[address] + cost, goal, certain))
                called.add(goal)
            else:
                indirect[caller] = indirect.get(caller, 0) + 1
    sizes = {function: frame.size or 0 for function, frame in frames.items()}
    deepest, following, recursive = _deepest(edges, sizes)
    proved = {one: [edge for edge in found if edge.certain] for one, found in edges.items()}
    certainly, _, _ = _deepest(proved, sizes)
    roots = [function for function in frames if function not in called] or list(frames)
    return Graph(
        deepest,
        certainly,
        following,
        tuple(sorted(roots, key=lambda one: -deepest[one])),
        {one: frozenset(edge.goal for edge in found) for one, found in edges.items()},
        indirect,
        frozenset(recursive),
    )


def _straight(code: Listing, reference: Reference, function: Function) -> int:
    """Return the address up to which every run of a function comes: that of its first branch."""
    flow = FLOWS.get(reference.arch.name)
    for instruction in code.within(function) if flow else ():
        kind = flow.kind(instruction) if flow else Kind.OTHER
        if kind is Kind.CALL:
            continue
        # Any number that may be a place in the function counts as a branch to it.
        place = branch_target(instruction)
        inside = place is not None and function.start <= place < function.end
        skips = flow is not None and flow.skips.fullmatch(str(instruction)) is not None
        ends = kind in {Kind.LEAVE, Kind.STOP} or branches(instruction.mnemonic)
        if ends or inside or skips:
            return instruction.address
    return function.end


def _nearby(code: Listing, caller: Function, address: int) -> Function | None:
    """Return the function of the same section that a call without a relocation goes to.

    Its address is an operand; on m68k a register may have it from a ``lea`` before: the nearest
    instruction that writes the register is taken.
    """
    section = code.instructions.get(caller.section, ())
    at = bisect.bisect_left(section, address, key=_address)
    if at == len(section):
        return None  # a relocation behind the last instruction
    instruction = section[at]
    place = branch_target(instruction)
    register = _REGISTER.fullmatch(instruction.operands[-1]) if instruction.operands else None
    if register:
        for before in reversed(section[max(0, at - _BACK) : at]):
            if before.address < caller.start:
                break
            if before.operands and before.operands[-1] == register[1]:
                match = _PLACE.fullmatch(before.operands[0]) if before.mnemonic == "lea" else None
                place = int(match[1], 16) if match else None
                break
    if place is None:
        return None
    goal = code.function_at(caller.section, place)
    return goal if goal is not None and goal.start == place else None


def _address(instruction: Instruction) -> int:
    return instruction.address


def _deepest(
    edges: Mapping[Function, list[_Edge]], sizes: Mapping[Function, int]
) -> tuple[dict[Function, int], dict[Function, _Edge], set[Function]]:
    """Return the depth of each function, the edge it comes by, and the functions in cycles."""
    search = _Search(edges, sizes)
    for root in edges:
        if root not in search.order:
            search.look(root)
    return search.deepest, search.following, search.recursive


class _Search:
    """Depth first, without Python's own recursion.

    A call back to a function that is being looked at adds nothing to a depth.  Tarjan's numbers
    tell the cycles (SIAM Journal on Computing 1, 1972, 146-160).
    """

    def __init__(
        self, edges: Mapping[Function, list[_Edge]], sizes: Mapping[Function, int]
    ) -> None:
        self.edges = edges
        self.sizes = sizes
        self.deepest: dict[Function, int] = {}
        self.following: dict[Function, _Edge] = {}
        self.recursive: set[Function] = set()
        self.order: dict[Function, int] = {}
        self.low: dict[Function, int] = {}
        self.stack: list[Function] = []
        self.pending: set[Function] = set()

    def look(self, root: Function) -> None:
        """Look at a function and all that it comes to call."""
        work = [self._enter(root)]
        while work:
            function, left = work[-1]
            goal = self._next(function, left)
            if goal is not None:
                work.append(self._enter(goal))
                continue
            work.pop()
            _settle(
                function, self.edges[function], self.sizes[function], self.deepest, self.following
            )
            if work:
                above = work[-1][0]
                self.low[above] = min(self.low[above], self.low[function])
            self._close(function)

    def _enter(self, function: Function) -> tuple[Function, Iterator[_Edge]]:
        self.order[function] = self.low[function] = len(self.order)
        self.stack.append(function)
        self.pending.add(function)
        return function, iter(self.edges[function])

    def _next(self, function: Function, left: Iterator[_Edge]) -> Function | None:
        """Return the next goal that nobody has looked at."""
        for edge in left:
            if edge.goal not in self.order:
                return edge.goal
            if edge.goal in self.pending:
                self.low[function] = min(self.low[function], self.order[edge.goal])
            if edge.goal is function:
                self.recursive.add(function)
        return None

    def _close(self, function: Function) -> None:
        """Take a cycle from the stack where ``function`` is its first."""
        if self.low[function] == self.order[function]:
            members: list[Function] = []
            while not members or members[-1] is not function:
                members.append(self.stack.pop())
            self.pending.difference_update(members)
            if len(members) > 1:
                self.recursive.update(members)


def _settle(
    function: Function,
    edges: list[_Edge],
    size: int,
    deepest: dict[Function, int],
    following: dict[Function, _Edge],
) -> None:
    """Set a function's depth from those of its goals that are known."""
    depth = size
    for edge in edges:
        below = deepest.get(edge.goal)
        if below is not None and edge.taken + below > depth:
            depth = edge.taken + below
            following[function] = edge
    deepest[function] = depth
