# SPDX-License-Identifier: GPL-2.0-only
"""All that a build for one architecture stands on: compiler, kernel tree, flags, layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.compile.flags import Flags, flags_for
from pipeline.kernel.auto import auto_tree, has_config
from pipeline.kernel.tree import KernelTree, open_tree
from pipeline.toolchains.find import Toolchain, find
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import Layout, probe
from pipeline.transpile.target import target_file

if TYPE_CHECKING:
    from pipeline.toolchains.model import Arch


@dataclass(frozen=True)
class Target:
    """One architecture, ready to build for; ``no_tree`` says why there is no kernel tree."""

    arch: Arch
    toolchain: Toolchain
    tree: KernelTree | None
    no_tree: str
    flags: Flags
    layout: Layout

    @property
    def mrustc_file(self) -> str:
        """The text of mrustc's target file."""
        return target_file(self.arch, self.layout)


def resolve(name: str, kernel: str = "auto") -> Target:
    """Return the target for an architecture's name or alias.

    ``kernel`` is ``auto`` (Ferric's own tree, built now where it is not in the cache), ``none``,
    or the path of a built tree.
    """
    toolchains = load()
    arch = toolchains.get(name)
    toolchain = find(arch)
    tree, reason = _tree(arch, toolchain, kernel)
    if tree is not None:
        flags = flags_for(toolchain, toolchains, tree.cflags(toolchain), f"Linux {tree.release}")
    else:
        flags = flags_for(toolchain, toolchains, None, "toolchains.yaml")
    return Target(arch, toolchain, tree, reason, flags, probe(toolchain, flags.words))


def _tree(arch: Arch, toolchain: Toolchain, kernel: str) -> tuple[KernelTree | None, str]:
    if kernel == "none":
        return None, "kernel=none"
    if kernel != "auto":
        return open_tree(Path(kernel), arch, toolchain), ""
    if not has_config(arch):
        return None, f"Ferric has no kernel configuration for {arch.name}; kernel=PATH names a tree"
    return auto_tree(arch, toolchain), ""
