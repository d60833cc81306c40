# SPDX-License-Identifier: GPL-2.0-only
"""What an object is held against: the architecture, its GCC, and a kernel tree if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.validate.elf import Object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.kernel.tree import Export, KernelTree
    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch


@dataclass(frozen=True)
class Declared:
    """A flag that an object may have although the reference has not, and the reason for it."""

    flag: str
    reason: str


@dataclass(frozen=True)
class Kernel:
    """The kernel that is to load the module, as its tree shows it.

    ``exports`` are the lines of ``Module.symvers`` by symbol, ``config`` the options that are set
    (``CONFIG_…`` to ``y``, ``m``, a number or a text).  ``probe`` is an empty module that the tree
    itself built: what the tree gives every module (vermagic, the size of ``struct module``, where
    its init and exit are relocated) is read from it and nowhere else.
    """

    tree: KernelTree
    config: Mapping[str, str]
    exports: Mapping[str, Export]
    probe: Object


@dataclass(frozen=True)
class Reference:
    """Everything a check may compare with.

    ``toolchain`` is the kernel's GCC, None where it is not installed.  ``flags`` are the flags that
    the kernel's C is compiled with, from where ``flags_source`` says; ``declared`` the differences
    that are meant.  ``kernel_object`` is any object of the kernel tree.  ``kernel`` is the tree
    that is to load it (None: not known, or no kernel loads it), ``exports`` maps its exported
    symbols to the module that has them (None: no tree).  ``allowed_undefined`` will be there at the
    next link, ``allowed_globals`` are meant to be seen outside (None: not known),
    ``required_globals`` what it is there for: without them it loads and does nothing.
    ``stack_usage`` are files of GCC's ``-fstack-usage`` for it.
    """

    arch: Arch
    toolchain: Toolchain | None
    flags: tuple[str, ...]
    flags_source: str
    declared: tuple[Declared, ...] = ()
    kernel_object: Path | None = None
    kernel: Kernel | None = None
    exports: Mapping[str, str] | None = None
    allowed_undefined: frozenset[str] = frozenset()
    allowed_globals: frozenset[str] | None = None
    required_globals: frozenset[str] = frozenset()
    stack_usage: tuple[Path, ...] = ()


def for_arch(arch: Arch, toolchain: Toolchain | None) -> Reference:
    """Return the reference where no kernel tree is at hand: what ``toolchains.yaml`` says."""
    return Reference(
        arch=arch,
        toolchain=toolchain,
        flags=arch.abi_flags,
        flags_source="abi_flags of toolchains.yaml",
        declared=tuple(Declared(rust.flag, rust.reason) for rust in arch.rust_flags),
    )


def kernel_of(tree: KernelTree, toolchain: Toolchain) -> Kernel:
    """Return what ``tree`` says of the modules that it loads; it builds an empty one."""
    return Kernel(tree, tree.config, tree.symvers(), Object.read(tree.probe(toolchain)))
