# SPDX-License-Identifier: GPL-2.0-only
"""The flags of the Rust part: the kernel's own, and every difference declared with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.compile.faults import has_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.load import Toolchains

HEADERS = Path(__file__).resolve().parents[1] / "runtime" / "include"

# Options of a kernel command line that choose headers, names, diagnostics or files, never code.
DROPPED_WITH_ARGUMENT = frozenset(
    {"-I", "-include", "-isystem", "-D", "-U", "-o", "-x", "-idirafter"}
)
DROPPED = ("-W", "-I", "-D", "-U", "-nostdinc", "-isystem", "-fmacro-prefix-map=", "-pipe", "-c")

# What the Rust part has beside: none of it changes an ABI or how one instruction is chosen.
NEUTRAL = (
    # mrustc's C is not written for people; GCC's opinions on it help nobody.
    "-w",
    # One section each, so that the link keeps only what the module's roots reach.
    "-ffunction-sections",
    "-fdata-sections",
    # The flags stand in the object, so that what validates it need not believe this file.
    "-frecord-gcc-switches",
    # What each function takes of the stack, in a file beside the object.
    "-fstack-usage",
)

# What the crate's own C has beside: how its types are laid out, for whoever validates the module.
# Not one instruction changes; where variables live is left out, nobody asks for it.
DEBUG = ("-g", "-fno-var-tracking")


@dataclass(frozen=True)
class Declared:
    """A deliberate difference from the kernel's flags, and why; every report shows it."""

    flag: str
    reason: str


@dataclass(frozen=True)
class Flags:
    """A command line's flags in three parts; ``origin`` names where the kernel's come from."""

    kernel: tuple[str, ...]
    declared: tuple[Declared, ...]
    headers: tuple[str, ...]
    origin: str

    @property
    def words(self) -> list[str]:
        """All flags in order: the kernel's first, so that a declared difference wins."""
        return [*self.kernel, *(one.flag for one in self.declared), *NEUTRAL, *self.headers]


def debug_flags(folder: Path) -> list[str]:
    """Return the flags for debug information of a C file in ``folder``, which GCC runs in.

    No path of this machine stands in it, so two checkouts give the same bytes.
    """
    places = {folder: ".", HEADERS: "include"}
    return [*DEBUG, *(f"-fdebug-prefix-map={path}={name}" for path, name in places.items())]


def code_flags(command: Iterable[str]) -> tuple[str, ...]:
    """Return the words of a kernel compile command that can change the code GCC makes.

    Dropped are the compiler, files, header paths, macros, warnings and dependency output.
    """
    kept = []
    words = iter(command)
    next(words, None)
    for word in words:
        if word in DROPPED_WITH_ARGUMENT:
            next(words, None)
        elif word.startswith("-") and not word.startswith(DROPPED):
            kept.append(word)
    return tuple(kept)


def flags_for(
    toolchain: Toolchain,
    toolchains: Toolchains,
    kernel: Sequence[str] | None,
    origin: str,
    *,
    transpiler: str = "mrustc",
) -> Flags:
    """Return the Rust part's flags for a toolchain.

    ``transpiler`` says whose C it is: some deviations are for mrustc's only.
    ``kernel`` are the flags of a tree (see :func:`code_flags`), or None where there is no tree:
    then those of ``toolchains.yaml`` stand in.
    """
    arch = toolchain.arch
    declared = [
        Declared(one.flag, one.reason)
        for one in arch.rust_flags
        if one.transpiler in (None, transpiler)
    ]
    declared += [
        Declared(one.flag, one.reason)
        for one in toolchains.workarounds
        if one.applies(toolchain.version)
    ]
    kernel_flags = tuple(kernel) if kernel is not None else (*arch.abi_flags, "-Os")
    declared += [
        Declared(fault.flag, fault.reason)
        for fault in toolchains.compiler_faults
        if fault.arch == arch.name and has_fault(toolchain, kernel_flags, fault)
    ]
    own = run.check(
        [toolchain.gcc, "-print-file-name=include"], "GCC does not say where its headers are"
    ).strip()
    return Flags(
        kernel=kernel_flags,
        declared=tuple(declared),
        headers=("-nostdinc", "-isystem", str(HEADERS), "-isystem", own),
        origin=origin,
    )
