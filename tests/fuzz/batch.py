# SPDX-License-Identifier: GPL-2.0-only
"""Generated programs, many in a crate, built and run natively and in each way."""

from __future__ import annotations

import bisect
import contextlib
import functools
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError, ToolError
from pipeline.programs.emulated import emulator
from pipeline.programs.many import one_crate, run_each
from pipeline.programs.small import Ran, emulated, native, write_crate
from pipeline.stages import Options, Outputs, run_check, run_transpile
from pipeline.target import resolve
from pipeline.transpile.repair.unit import Guard
from tests.fuzz.generate.program import HEAP_SUPPORT, SUPPORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.check.gate import Mode
    from pipeline.target import Target
    from pipeline.transpile.choice import Transpiler


NOT_BUILT = frozenset({"refused", "broken"})
_NAMED = re.compile(r'::"program"::p(\d+)::')
_PLACES = re.compile(r"\bsrc/lib\.rs:(\d+(?:, \d+)*)")


@dataclass(frozen=True)
class Way:
    """A way to build and run: an architecture, its probed target, and a transpiler."""

    arch: str
    transpiler: Transpiler
    target: Target

    def __reduce__(self) -> tuple[Callable[[str, Transpiler], Way], tuple[str, Transpiler]]:
        """A probed target cannot be sent to another process: its name is, and it is found there."""
        return way, (self.arch, self.transpiler)

    def __str__(self) -> str:
        """Return how a report names it."""
        return f"{self.transpiler} on {self.arch}"


@functools.cache
def way(arch: str, transpiler: Transpiler) -> Way:
    """Probe a target (:class:`~pipeline.errors.UserError` where tools are missing)."""
    target = resolve(arch, "none", transpiler)
    emulator(target)
    return Way(arch, transpiler, target)


def source(texts: Sequence[str], *, heap: bool) -> str:
    """Return the crate of programs, each the body of a module with ``pub fn program()``."""
    return SUPPORT + HEAP_SUPPORT * heap + one_crate(texts, out=False)


def run_native(texts: Sequence[str], folder: Path, *, heap: bool) -> list[Ran]:
    """Return how each program ends that rustc builds for this machine."""
    crate = write_crate(folder / "crate", source(texts, heap=heap), heap=heap)
    # What opt-level says is nothing that a program may see; 0 builds several times faster.
    first = native(crate, folder / "native", flags=["-Copt-level=0"])
    if first.kind != "ran":
        return [first] * len(texts)
    return run_each([], folder / "native" / "program", range(len(texts)))


def run_way(texts: Sequence[str], folder: Path, one: Way, *, heap: bool) -> list[Ran]:
    """Return how each program ends that is built one way: all alike where the crate is not.

    On the way through mrustc stands the gate, as it does for a module.
    """
    crate = write_crate(folder / "crate", source(texts, heap=heap), heap=heap)
    out = folder / f"{one.transpiler}-{one.arch}"
    gate: Mode = "require" if one.transpiler == "mrustc" else "off"
    first = emulated(crate, one.arch, one.transpiler, out, target=one.target, gate=gate)
    if first.kind != "ran":
        return [first] * len(texts)
    return run_each(emulator(one.target), out / "program", range(len(texts)))


def run_apart(texts: Sequence[str], folder: Path, one: Way, *, heap: bool) -> list[Ran]:
    """Return how each program ends, also where some of them keep the others from being built."""

    def run_all(some: Sequence[str]) -> list[Ran]:
        return run_way(some, folder, one, heap=heap)

    if one.transpiler == "rustc":
        return apart(texts, folder, run_all)
    # What mrustc does not take by itself is found sooner than with all that Ferric does beside.
    found = apart(texts, folder, lambda some: [_taken(some, folder, one, heap=heap)] * len(some))
    taken = [index for index, ran in enumerate(found) if ran.kind == "ran"]
    again = apart([texts[index] for index in taken], folder, run_all)
    for index, ran in zip(taken, again, strict=True):
        found[index] = ran
    return found


def apart(
    texts: Sequence[str], folder: Path, build: Callable[[Sequence[str]], list[Ran]]
) -> list[Ran]:
    """Return how each program ends that ``build`` makes one crate of, in ``folder``.

    Where it says that the crate cannot be built, those in which an error lies are left out; else
    halves of it are built, until the program is found that cannot be.
    """
    if not texts:
        return []
    found = build(texts)
    if found[0].kind not in NOT_BUILT or len(texts) == 1:
        return found
    root = (folder / "crate" / "src" / "lib.rs").read_text(encoding="utf-8")
    guilty = named(found[0].why, root)
    others = [index for index in range(len(texts)) if index not in guilty]
    half = len(others) // 2
    for part in [others] if guilty else [others[:half], others[half:]]:
        again = apart([texts[index] for index in part], folder, build)
        for index, ran in zip(part, again, strict=True):
            found[index] = ran
    return found


def _taken(texts: Sequence[str], folder: Path, one: Way, *, heap: bool) -> Ran:
    """Say whether the gate and mrustc itself take a crate: ``ran`` where both do."""
    root = write_crate(folder / "crate", source(texts, heap=heap), heap=heap)
    options = Options(
        root, one.arch, folder / "taken", kernel="none", gate="require", roots=("run",),
        transpiler=one.transpiler, guard=Guard(raw=True),
    )  # fmt: skip
    crate = load_crate(root)
    outputs = Outputs(options.out, crate.crate_name)
    try:
        run_check(options, one.target, crate, outputs)
        run_transpile(options, one.target, crate, outputs)
    except ToolError as error:
        return Ran("broken", why=str(error))
    except FerricError as error:
        return Ran("refused", why=str(error))
    return Ran("ran")


def named(why: str, root: str) -> set[int]:
    """Return the programs, of a crate with this root, that an error names or lies in a line of."""
    ends: list[int] = []
    for number, line in enumerate(root.splitlines(), 1):
        if line == f"mod p{len(ends)} {{":
            ends.append(number)
    lines = {int(one) for match in _PLACES.finditer(why) for one in match[1].split(", ")}
    inside = {bisect.bisect_left(ends, line) - 1 for line in lines if ends and line > ends[0]}
    return inside | {int(match[1]) for match in _NAMED.finditer(why)}


def clear(folder: Path) -> None:
    """Remove what was built in a folder."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
