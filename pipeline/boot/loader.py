# SPDX-License-Identifier: GPL-2.0-only
"""Modules that a kernel's loader cannot load because it is older than what GCC writes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import UserError
from pipeline.validate.elf import Object
from pipeline.validate.reference import for_arch, kernel_of
from pipeline.validate.relocations import TYPE, unapplied

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain


class Skip(NamedTuple):
    """Why a module is not booted, and the checks of ``validate`` whose errors say the same."""

    reason: str
    told: frozenset[str] = frozenset()


def too_old(tree: KernelTree, toolchain: Toolchain, path: Path) -> Skip | None:
    """Return why the loader of ``tree`` cannot load a module, and what can; None where it can.

    ``toolchains.yaml`` has the relocations that later kernels apply, the tree's source whether it
    is one of those.  A file that is no module is left to the kernel, which will say so.
    """
    loader = toolchain.arch.loader
    if not loader.later:
        return None
    reference = for_arch(toolchain.arch, toolchain)
    reference = dataclasses.replace(reference, kernel=kernel_of(tree, toolchain))
    try:
        left = {use.name for use in unapplied(Object.read(path), reference)}
    except UserError:
        return None
    missing = left & set(loader.later)
    if not missing:
        return None
    reason = _words(tree.release, sorted(missing), loader.later_release)
    return Skip(reason, frozenset() if left - missing else frozenset([TYPE]))


def _words(release: str, missing: Iterable[str], later: str) -> str:
    return (
        f"the module loader of Linux {release} does not apply {', '.join(missing)}, which this GCC "
        f"writes; that of {later} does: kernel_version={later} (Debian: linux-source-{later})"
    )
