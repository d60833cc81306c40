# SPDX-License-Identifier: GPL-2.0-only
"""``[package.metadata.kernel-module]``: the part of Cargo.toml that Cargo leaves to us.

What is allowed is what the kernel takes: licenses of ``include/linux/license.h`` and
``MODULE_LICENSE`` in ``include/linux/module.h``, types with a ``param_ops_*`` in
``include/linux/moduleparam.h``, modes that ``VERIFY_OCTAL_PERMISSIONS`` lets pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pipeline.crate.model import ModuleInfo, Parameter, ParameterType, Runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.crate.document import Document

KEYS = ("package", "metadata", "kernel-module")
License = Literal[
    "GPL",
    "GPL v2",
    "GPL and additional rights",
    "Dual BSD/GPL",
    "Dual MIT/GPL",
    "Dual MPL/GPL",
    "Proprietary",
]
MAX_PARAMETERS = 1000
"""More parameters than any module of the kernel has, few enough to be quick."""

_INTEGER_BITS: dict[str, tuple[bool, int]] = {
    "u8": (False, 8),
    "i16": (True, 16),
    "u16": (False, 16),
    "i32": (True, 32),
    "u32": (False, 32),
    "u64": (False, 64),
    "isize": (True, 32),
    "usize": (False, 32),
}
"""Signed or not, and the width in bits that a default must fit; a pointer's is the least, 32."""

_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
_Line = Annotated[str, StringConstraints(pattern=_NO_CONTROL, max_length=1000)]
"""One entry of ``.modinfo``: entries there end at a NUL, and ``modinfo`` shows one a line."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class ParameterTable(_Table):
    """One entry of ``[package.metadata.kernel-module.parameters]``."""

    type: ParameterType
    default: bool | int | str
    description: _Line = ""
    permissions: int = 0

    @model_validator(mode="after")
    def _consistent(self) -> ParameterTable:
        """Check the default against the type and the mode by the kernel's own rules."""
        if fault := _default_fault(self.type, self.default) or _mode_fault(self.permissions):
            raise ValueError(fault)
        return self


class ModuleTable(_Table):
    """The table itself; the parameters are validated one by one, for errors with their line."""

    runtime: Runtime = "kernel"
    license: License | None = None
    authors: list[_Line]
    description: _Line
    alias: list[_Line] = Field(default=[])
    firmware: list[_Line] = Field(default=[])
    parameters: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,54}$")], object
    ] = Field(default={}, max_length=MAX_PARAMETERS)


def module_info(
    document: Document, table: object, *, authors: Sequence[str], description: str
) -> ModuleInfo:
    """Return the validated table; ``authors`` and ``description`` are the package's own.

    ``table`` is None where the manifest has none.  A wrong entry raises
    :class:`~pipeline.errors.UserError` with its line.
    """
    given = {
        "authors": [_one_line(author) for author in authors],
        "description": _one_line(description),
    }
    if table is None:
        return ModuleInfo("none", "", tuple(given["authors"]), _one_line(description))
    merged = {**given, **table} if isinstance(table, dict) else table
    module = document.validate(ModuleTable, merged, *KEYS)
    parameters = tuple(
        Parameter(name, **dict(document.validate(ParameterTable, entry, *KEYS, "parameters", name)))
        for name, entry in module.parameters.items()
    )
    return ModuleInfo(
        runtime=module.runtime,
        license=module.license or "",
        authors=tuple(module.authors),
        description=module.description,
        aliases=tuple(module.alias),
        firmware=tuple(module.firmware),
        parameters=parameters,
    )


def licenses() -> tuple[str, ...]:
    """Return the licenses that may stand in ``license``."""
    return get_args(License)


def _one_line(text: str) -> str:
    """Return a package's text, which may have several lines, as ``.modinfo`` takes it."""
    return " ".join(text.split())


def _default_fault(kind: ParameterType, default: bool | int | str) -> str:  # noqa: FBT001 - a value
    """Return what is wrong with ``default`` for a parameter of type ``kind``, or nothing."""
    if kind == "bool":
        return "" if isinstance(default, bool) else "default must be true or false for type bool"
    if kind == "str":
        if not isinstance(default, str):
            return "default must be a string for type str"
        return "default must not have a NUL in it" if "\0" in default else ""
    if isinstance(default, bool) or not isinstance(default, int):
        return f"default must be an integer for type {kind}"
    signed, bits = _INTEGER_BITS[kind]
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if low <= default <= high:
        return ""
    size = " (32 bits on the narrowest architecture)" if kind in {"isize", "usize"} else ""
    return f"default {default} is out of range for {kind}: {low} to {high}{size}"


def _mode_fault(mode: int) -> str:
    """Return what ``VERIFY_OCTAL_PERMISSIONS`` (``include/linux/kernel.h``) has against it."""
    if not 0 <= mode <= 0o777:
        return "permissions must be between 0 and 0o777 (write them in octal: 0o444)"
    user, group, other = mode >> 6 & 7, mode >> 3 & 7, mode & 7
    if not user & 4 >= group & 4 >= other & 4:
        return f"permissions 0o{mode:03o}: a class may read only where the one before it may"
    if user & 2 < group & 2:
        return f"permissions 0o{mode:03o}: the group may write only where the owner may"
    if other & 2:
        return f"permissions 0o{mode:03o}: the kernel refuses a parameter that all may write"
    return ""
