# SPDX-License-Identifier: GPL-2.0-only
"""What the stages know of a crate: plain data, whole and checked, no file is read again for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

CFG = "ferric"
"""What a crate may ask (``#[cfg(ferric)]``) to know that Ferric compiles it, not Cargo."""

Runtime = Literal["kernel", "none"]
Edition = Literal["2015", "2018", "2021", "2024"]
ParameterType = Literal["bool", "u8", "i16", "u16", "i32", "u32", "u64", "isize", "usize", "str"]


@dataclass(frozen=True)
class Parameter:
    """A module parameter: a Rust type that the kernel has ``param_ops`` for, and its default.

    ``default`` is a ``bool`` for ``bool``, a ``str`` for ``str`` and an ``int`` in the range of
    the type otherwise; ``permissions`` is the mode of the file in sysfs, 0 for none.
    """

    name: str
    type: ParameterType
    default: bool | int | str
    description: str
    permissions: int


@dataclass(frozen=True)
class ModuleInfo:
    """``[package.metadata.kernel-module]``: what goes into ``.modinfo``, and the runtime to link.

    A dependency that has no such table gets ``runtime="none"`` and empty fields.
    """

    runtime: Runtime
    license: str
    authors: tuple[str, ...]
    description: str
    aliases: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Dependency:
    """An edge of the graph: ``extern_name`` is what the depending source calls the crate."""

    extern_name: str
    crate: Crate


@dataclass(frozen=True, eq=False)
class Crate:
    """A library package of Cargo, its features decided and its dependencies loaded.

    Equal means the same object: comparing by value would walk a shared dependency once for every
    way that leads to it.

    ``root`` and ``lib_path`` are absolute, links in ``root`` resolved; ``crate_name`` is what rustc
    takes as ``--crate-name``; ``features`` are the enabled ones, ``declared_features`` all that
    ``#[cfg(feature = "…")]`` may name; ``dependencies`` are the enabled ones in order of name.
    """

    root: Path
    name: str
    crate_name: str
    version: str
    edition: Edition
    lib_path: Path
    features: frozenset[str]
    declared_features: frozenset[str]
    dependencies: tuple[Dependency, ...] = field(repr=False)
    module: ModuleInfo
    authors: tuple[str, ...]
    description: str
    license: str

    @property
    def manifest_path(self) -> Path:
        """Return the absolute path of the crate's ``Cargo.toml``."""
        return self.root / "Cargo.toml"
