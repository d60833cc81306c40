# SPDX-License-Identifier: GPL-2.0-only
"""Modules that a kernel's loader cannot load because it is older than what GCC writes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.validate.elf import Object
from pipeline.validate.reference import for_arch, kernel_of
from pipeline.validate.relocation_source import learnt
from pipeline.validate.relocation_uses import uses

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain


def too_old(tree: KernelTree, toolchain: Toolchain, path: Path) -> str:
    """Return why the loader of ``tree`` cannot load a module, and what can; nothing where it can.

    ``toolchains.yaml`` has the relocations that later kernels apply, the tree's source whether it
    is one of those.  A file that is no module is left to the kernel, which will say so.
    """
    loader = toolchain.arch.loader
    if not loader.later:
        return ""
    reference = for_arch(toolchain.arch, toolchain)
    reference = dataclasses.replace(reference, kernel=kernel_of(tree, toolchain))
    try:
        used = {use.name for use in uses(Object.read(path), toolchain.arch)}
    except UserError:
        return ""
    missing = sorted(used & set(loader.later) - learnt(reference))
    return _words(tree.release, missing, loader.later_release) if missing else ""


def _words(release: str, missing: Iterable[str], later: str) -> str:
    return (
        f"the module loader of Linux {release} does not apply {', '.join(missing)}, which this GCC "
        f"writes; that of {later} does: kernel_version={later} (Debian: linux-source-{later})"
    )
