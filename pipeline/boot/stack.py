# SPDX-License-Identifier: GPL-2.0-only
"""The stack that modules take in the running kernel, beside what ``validate`` computes.

``probe/ferric_stack.c``, a module of our own that is loaded before the others, measures; what it
measures is told there.  ``validate`` computes what the functions of the module take, those of the
kernel and interrupts not counted.  So the two are held against each other where they speak of the
same thing: the module's own part is no more than the deepest chain, where the bytes show all that
is called and the architecture shows that part.  That less was measured says nothing: a frame need
not be written to.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.boot.plan import MOUNTS, Step
from pipeline.boot.result import StackUse
from pipeline.errors import FerricError
from pipeline.files import cached, digest_files
from pipeline.kernel.mended import mended_compiler
from pipeline.run import check
from pipeline.validate.callgraph import graph, no_calls
from pipeline.validate.elf import Object
from pipeline.validate.frames import measured, unmeasured
from pipeline.validate.listing import listing
from pipeline.validate.reference import for_arch
from pipeline.validate.stack_rules import STACKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain
    from pipeline.validate.listing import Function
    from pipeline.validate.reference import Reference

NAME = "ferric_stack"
FILE = f"{NAME}.ko"
STEP = Step(f"try {FILE}", (NAME,))
_SOURCE = Path(__file__).resolve().parent / "probe" / f"{NAME}.c"
_FORMAT = 1
_LINE = re.compile(rf"{NAME}: (?P<module>\w+) (?P<what>init|exit) (?P<total>\d+) (?P<own>\d+)")
_ROOTS = {"init": "init_module", "exit": "cleanup_module"}
# Where a function that was called keeps its return address in the caller's frame: pushed by the
# call (m68k, x86), or in the area that a caller has for it (PA-RISC, s390: the ABI's documents).
_OWN_PART = frozenset({"m68k", "parisc", "s390x", "x86_64"})


class Computed(NamedTuple):
    """What ``validate`` computes for a run that begins at one function, in bytes.

    ``deepest`` is the deepest chain that it sees, ``anywhere`` the deepest that begins at any
    function of the module; ``open`` says why a run may go deeper than ``deepest``, and is empty
    where none can.
    """

    deepest: int
    anywhere: int
    open: str


def build_probe(tree: KernelTree, toolchain: Toolchain) -> bytes:
    """Return the module that measures, built by the tree's own Kbuild and cached.

    Raises :class:`ToolError` where the tree does not build it.
    """
    key: dict[str, object] = {
        "format": _FORMAT,
        "tree": tree.identity(),
        "gcc": toolchain.banner,
        "mended": mended_compiler(toolchain),
        "sources": digest_files([_SOURCE], base=_SOURCE.parent),
    }

    def make(folder: Path) -> None:
        (folder / _SOURCE.name).write_bytes(_SOURCE.read_bytes())
        (folder / "Kbuild").write_text(f"obj-m := {NAME}.o\n", encoding="utf-8")
        argv = [*tree.make(toolchain), f"M={folder}", "modules"]
        check(argv, "the module that measures the stack does not compile", log=folder / "make.log")

    return (cached("boot-stack", key, make) / FILE).read_bytes()


def measuring(
    tree: KernelTree, toolchain: Toolchain, contents: dict[str, bytes], steps: Sequence[Step]
) -> tuple[tuple[Step, ...], str]:
    """Put the module that measures into ``contents`` and, after the mounts, into the plan.

    Return the plan, and why nothing will be measured.
    """
    try:
        contents.setdefault(FILE, build_probe(tree, toolchain))
    except FerricError as error:
        return tuple(steps), str(error)
    mounts = sum(step in MOUNTS for step in steps)
    return (*steps[:mounts], STEP, *steps[mounts:]), ""


def refused(lines: Iterable[str]) -> str:
    """Return what init said where the kernel did not load the module that measures."""
    said = next((line for line in lines if line.startswith(f"# {STEP.text} refused")), "")
    return f"the kernel did not load the module that measures: {said}" if said else ""


def measurements(lines: Iterable[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the bytes in all and the module's own part, by module and ``init`` or ``exit``.

    Of several runs the largest is taken of the first and the smallest of the second: an interrupt
    leaves addresses of the module's code behind that are no part of it.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            key, total, own = (
                (match["module"], match["what"]),
                int(match["total"]),
                int(match["own"]),
            )
            before = found.get(key, (total, own))
            found[key] = max(total, before[0]), min(own, before[1])
    return found


def compute(path: Path, toolchain: Toolchain) -> Mapping[str, Computed] | str:
    """Return what is computed for a module's ``init`` and ``exit``, or why nothing is."""
    reference = for_arch(toolchain.arch, toolchain)
    try:
        obj = Object.read(path)
        reason = unmeasured(obj, reference) or no_calls(reference)
        if reason:
            return reason
        found = {what: _root(obj, reference, name) for what, name in _ROOTS.items()}
        return {
            what: _computed(obj, reference, root)
            for what, root in found.items()
            if root is not None
        }
    except FerricError as error:
        return str(error)


def uses(
    path: Path, module: str, toolchain: Toolchain, lines: Iterable[str]
) -> tuple[StackUse, ...]:
    """Return what was measured of a module beside what is computed; none where nothing was."""
    found = {what: one for (name, what), one in measurements(lines).items() if name == module}
    computed = compute(path, toolchain) if found else {}
    made = []
    for what, (total, own) in sorted(found.items(), reverse=True):
        known = None if isinstance(computed, str) else computed.get(what)
        made.append(
            StackUse(
                run="init" if what == "init" else "exit",
                measured=total,
                own=own if toolchain.arch.name in _OWN_PART else None,
                computed=known.deepest if known else None,
                anywhere=known.anywhere if known else None,
                open=known.open if known else str(computed or "the module has no such function"),
            )
        )
    return tuple(made)


def contradictions(found: Sequence[StackUse], toolchain: Toolchain) -> list[str]:
    """Return, in words, where a run says that what was computed is wrong."""
    stack = STACKS.get(toolchain.arch.name)
    # The return addresses of the kernel's call and of the module's own last one are in no frame;
    # where a frame counts its own (x86_64), only the last one is in none.
    calls = 2 * stack.call + stack.entry if stack else 0
    return [
        f"the stack of {one.run}: {one.own} bytes measured of the module's own functions, and "
        f"validate computed {one.computed} at most"
        for one in found
        if one.own and one.computed is not None and not one.open and one.own > one.computed + calls
    ]


def _root(obj: Object, reference: Reference, name: str) -> Function | None:
    """Return the function that has the symbol ``name``, which may be its second one."""
    symbol = next((one for one in obj.symbols if one.name == name and one.section), None)
    if symbol is None:
        return None
    return listing(obj, reference).function_at(symbol.section, symbol.value)


def _computed(obj: Object, reference: Reference, root: Function) -> Computed:
    calls, frames = graph(obj, reference), measured(obj, reference)
    reached, left = {root}, [root]
    while left:
        new = calls.goals.get(left.pop(), frozenset()) - reached
        reached |= new
        left += new
    pointers = sum(calls.indirect.get(one, 0) for one in reached)
    reasons = [f"{pointers} calls through pointers"] if pointers else []
    if reached & calls.recursive:
        reasons.append("functions that can come to call themselves")
    if any(frames[one].dynamic for one in reached):
        reasons.append("frames whose size only the run decides")
    if any(frames[one].size is None for one in reached):
        reasons.append("frames that are not known")
    anywhere = max(calls.deepest.values())
    return Computed(calls.deepest[root], anywhere, ", ".join(reasons))
