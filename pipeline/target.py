# SPDX-License-Identifier: GPL-2.0-only
"""All that a build for one architecture stands on: compiler, kernel tree, flags, layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.compile.flags import Flags, flags_for
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree, has_config
from pipeline.kernel.mended import PLUGIN_NAME
from pipeline.kernel.tree import KernelTree, open_tree
from pipeline.toolchains.find import Toolchain, find
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import Layout, probe
from pipeline.transpile.rustc.target import rust_layout
from pipeline.transpile.target import target_file

if TYPE_CHECKING:
    from pipeline.toolchains.model import Arch
    from pipeline.transpile.choice import Transpiler


@dataclass(frozen=True)
class Target:
    """One architecture, ready to build for; ``no_tree`` says why there is no kernel tree."""

    arch: Arch
    toolchain: Toolchain
    tree: KernelTree | None
    no_tree: str
    flags: Flags
    layout: Layout
    transpiler: Transpiler = "mrustc"

    @property
    def mrustc_file(self) -> str:
        """The text of mrustc's target file."""
        return target_file(self.arch, self.layout)


def resolve(
    name: str,
    kernel: str = "auto",
    transpiler: Transpiler = "mrustc",
    kernel_version: str = "",
) -> Target:
    """Return the target for an architecture's name or alias.

    ``layout`` is that of Rust's types with this transpiler.

    ``kernel`` is ``auto`` (Ferric's own tree, built now where it is not in the cache), ``none``,
    or the path of a built tree; ``kernel_version`` chooses the source that ``auto`` is built from.
    """
    toolchains = load()
    arch = toolchains.get(name)
    toolchain = find(arch)
    tree, reason = _tree(arch, toolchain, kernel, kernel_version)
    if tree is not None:
        kernel_flags, origin = tree.cflags(toolchain), f"Linux {tree.release}"
    else:
        kernel_flags, origin = None, "toolchains.yaml"
    flags = flags_for(toolchain, toolchains, kernel_flags, origin, transpiler=transpiler)
    layout = probe(toolchain, flags.words)
    layout = rust_layout(layout) if transpiler == "rustc" else layout
    return Target(arch, toolchain, tree, reason, flags, layout, transpiler)


def for_other_machines(target: Target) -> Target:
    """Return the target without the plugin that mends this machine's GCC.

    Then the Rust part has the deviations that a GCC with the fault needs, wherever it is built.
    """
    kernel = tuple(word for word in target.flags.kernel if PLUGIN_NAME not in word)
    if kernel == target.flags.kernel:
        return target
    flags = flags_for(
        target.toolchain, load(), kernel, target.flags.origin, transpiler=target.transpiler
    )
    return replace(target, flags=flags)


def _tree(
    arch: Arch, toolchain: Toolchain, kernel: str, version: str
) -> tuple[KernelTree | None, str]:
    if version and kernel != "auto":
        raise UserError(
            f"kernel_version={version} does not go with kernel={kernel}",
            mend="it chooses the source of kernel=auto: leave one of the two out",
        )
    if kernel == "none":
        return None, "kernel=none"
    if kernel != "auto":
        return open_tree(Path(kernel), arch, toolchain), ""
    if not has_config(arch):
        return None, f"Ferric has no kernel configuration for {arch.name}; kernel=PATH names a tree"
    return auto_tree(arch, toolchain, version), ""
