# SPDX-License-Identifier: GPL-2.0-only
"""What an object is held against: the architecture, its GCC, and a kernel tree if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch


@dataclass(frozen=True)
class Declared:
    """A flag that an object may have although the reference has not, and the reason for it."""

    flag: str
    reason: str


@dataclass(frozen=True)
class Reference:
    """Everything a check may compare with.

    ``toolchain`` is the kernel's GCC, None where it is not installed.  ``flags`` are the flags that
    the kernel's C is compiled with, from where ``flags_source`` says; ``declared`` the differences
    that are meant.  ``kernel_object`` is any object of the kernel tree.  ``exports`` maps the
    kernel's exported symbols to the module that has them (None: no tree).  ``allowed_undefined``
    will be there at the next link, ``allowed_globals`` are meant to be seen outside (None: not
    known), ``required_globals`` what it is there for: without them it loads and does nothing.
    """

    arch: Arch
    toolchain: Toolchain | None
    flags: tuple[str, ...]
    flags_source: str
    declared: tuple[Declared, ...] = ()
    kernel_object: Path | None = None
    exports: Mapping[str, str] | None = None
    allowed_undefined: frozenset[str] = frozenset()
    allowed_globals: frozenset[str] | None = None
    required_globals: frozenset[str] = frozenset()


def for_arch(arch: Arch, toolchain: Toolchain | None) -> Reference:
    """Return the reference where no kernel tree is at hand: what ``toolchains.yaml`` says."""
    return Reference(
        arch=arch,
        toolchain=toolchain,
        flags=arch.abi_flags,
        flags_source="abi_flags of toolchains.yaml",
        declared=tuple(Declared(rust.flag, rust.reason) for rust in arch.rust_flags),
    )
