# SPDX-License-Identifier: GPL-2.0-only
"""Many generated programs in one crate: a byte in the binary says which of them runs.

So a crate is built once for each way, and a panic of one program ends no other.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.programs.emulated import emulator
from pipeline.programs.small import Ran, emulated, native, write_crate
from pipeline.run import run
from pipeline.target import resolve
from tests.fuzz.generate.program import HEAP_SUPPORT, SUPPORT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.target import Target
    from pipeline.transpile.choice import Transpiler

MARK = b"the-program-that-runs-is:"
_SECONDS, _MOST = 60.0, 1 << 20
_CHOICE = """
static WHICH: [u8; {size}] = *b"{mark}\\xff";
fn program(_out: &mut Out) {{
    match unsafe {{ core::ptr::read_volatile(&WHICH[{last}]) }} {{
{arms}        _ => {{}}
    }}
}}
"""


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
    modules = "".join(
        f"mod p{index} {{\nuse super::*;\n{text}}}\n" for index, text in enumerate(texts)
    )
    arms = "".join(f"        {index} => p{index}::program(),\n" for index in range(len(texts)))
    choice = _CHOICE.format(size=len(MARK) + 1, mark=MARK.decode(), last=len(MARK), arms=arms)
    return SUPPORT + HEAP_SUPPORT * heap + choice + modules


def run_native(texts: Sequence[str], folder: Path, *, heap: bool) -> list[Ran]:
    """Return how each program ends that rustc builds for this machine."""
    crate = write_crate(folder / "crate", source(texts, heap=heap), heap=heap)
    # What opt-level says is nothing that a program may see; 0 builds several times faster.
    first = native(crate, folder / "native", flags=["-Copt-level=0"])
    if first.kind != "ran":
        return [first] * len(texts)
    return _each([], folder / "native" / "program", len(texts))


def run_way(texts: Sequence[str], folder: Path, one: Way, *, heap: bool) -> list[Ran]:
    """Return how each program ends that is built one way: all alike where the crate is not."""
    crate = write_crate(folder / "crate", source(texts, heap=heap), heap=heap)
    out = folder / f"{one.transpiler}-{one.arch}"
    first = emulated(crate, one.arch, one.transpiler, out, target=one.target)
    if first.kind != "ran":
        return [first] * len(texts)
    return _each(emulator(one.target), out / "program", len(texts))


def _each(command: Sequence[str], program: Path, count: int) -> list[Ran]:
    data = program.read_bytes()
    places = data.count(MARK)
    if places != 1:
        return [Ran("broken", why=f"{program}: the mark is there {places} times")] * count
    at = data.index(MARK) + len(MARK)
    ran = []
    for index in range(count):
        other = program.with_name(f"program-{index}")
        other.write_bytes(data[:at] + bytes([index]) + data[at + 1 :])
        other.chmod(0o755)
        done = run([*command, other], timeout=_SECONDS)
        other.unlink()
        if done.timed_out:
            ran.append(Ran("endless", why=f"no end after {_SECONDS:.0f} s"))
        else:
            ran.append(Ran("ran", done.exit_status, done.output[:_MOST]))
    return ran


def clear(folder: Path) -> None:
    """Remove what was built in a folder."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
