# SPDX-License-Identifier: GPL-2.0-only
"""A target with floating point, where its kernel has none: the tests of floats run all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.compile.flags import flags_for
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from pipeline.target import Target

# What keeps GCC from floating point, and what it takes only without: its manual, x86 Options.
_WITHOUT = ("-mno-sse", "-mno-mmx", "-mno-3dnow", "-mno-avx", "-mno-80387", "-mno-fp-ret-in-387",
            "-mpreferred-stack-boundary=", "-mno-fp-regs")  # fmt: skip


def with_floats(target: Target) -> Target:
    """Return a target whose C may have floating point; the same where it may already."""
    if target.arch.no_float is None:
        return target
    kept = tuple(one for one in target.arch.abi_flags if not one.startswith(_WITHOUT))
    arch = target.arch.model_copy(update={"no_float": None, "abi_flags": kept})
    toolchain = replace(target.toolchain, arch=arch)
    flags = flags_for(toolchain, load(), None, target.flags.origin, transpiler=target.transpiler)
    return replace(target, arch=arch, toolchain=toolchain, flags=flags)
