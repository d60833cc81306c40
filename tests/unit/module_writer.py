# SPDX-License-Identifier: GPL-2.0-only
"""Hand-made m68k modules, and a kernel that takes them: what modpost writes, on a small scale."""

from __future__ import annotations

import dataclasses
import struct
from typing import TYPE_CHECKING

from pipeline.kernel.tree import Export, KernelTree
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Skipped
from pipeline.validate.reference import Kernel, Reference, for_arch
from tests.unit.elf_writer import Elf, Rel, Sec, Sym

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.validate.checks import Check

ARCH = load().get("m68k")
MAGIC = "6.1.0 mod_unload modversions "
SIZE, INIT, EXIT, NAME = 0x60, 0x40, 0x50, 8
LAYOUT_CRC, PRINT_CRC = 0x11223344, 0x55667788
CONFIG = {"CONFIG_MODULES": "y", "CONFIG_MODULE_UNLOAD": "y", "CONFIG_MODVERSIONS": "y"}
EXPORTS = {
    name: Export(name, crc, module, kind, namespace)
    for name, crc, module, kind, namespace in (
        ("module_layout", LAYOUT_CRC, "vmlinux", "EXPORT_SYMBOL", ""),
        ("_printk", PRINT_CRC, "vmlinux", "EXPORT_SYMBOL", ""),
        ("gpl_call", 3, "vmlinux", "EXPORT_SYMBOL_GPL", ""),
        ("param_ops_int", 4, "vmlinux", "EXPORT_SYMBOL", ""),
        ("spaced", 5, "lib/other-lib", "EXPORT_SYMBOL", "INNER"),
    )
}


def tags(name: str = "a", **changes: str | None) -> bytes:
    """Return a ``.modinfo``; a change of None takes the entry away."""
    entries = {"license": "GPL", "depends": "", "name": name, "vermagic": MAGIC, "intree": "Y"}
    merged: Mapping[str, str | None] = {**entries, **changes}
    return b"".join(
        f"{tag}={value}".encode() + b"\0" for tag, value in merged.items() if value is not None
    )


def version(name: str, crc: int) -> bytes:
    """Return one entry of ``__versions``."""
    return struct.pack(">I60s", crc, name.encode())


def struct_module(name: str = "a", size: int = SIZE) -> bytes:
    """Return a ``struct module`` with nothing but its name."""
    return bytes(NAME) + name.encode().ljust(size - NAME, b"\0")


def module(name: str = "a") -> Elf:
    """Return a module with init, exit, one import, and all that modpost writes."""
    this = ".gnu.linkonce.this_module"
    return Elf(
        sections=[
            Sec(".text", b"\x4e\x75\x4e\x75", flags=6),
            Sec(".modinfo", tags(name), flags=2, align=1),
            Sec(
                "__versions",
                version("module_layout", LAYOUT_CRC) + version("_printk", PRINT_CRC),
                flags=2,
            ),
            Sec(this, struct_module(name), flags=3),
        ],
        symbols=[
            Sym("init_module", ".text", 0, 2, type=2),
            Sym("cleanup_module", ".text", 2, 2, type=2),
            Sym("__this_module", this, 0, SIZE, type=1),
            Sym("_printk", 0),
        ],
        relocations=[Rel(this, INIT, "init_module"), Rel(this, EXIT, "cleanup_module")],
    )


def changed(elf: Elf, name: str, **members: object) -> Elf:
    """Return ``elf`` with members of one section changed."""
    for section in elf.sections:
        if section.name == name:
            for member, value in members.items():
                setattr(section, member, value)
    return elf


def without(elf: Elf, name: str) -> Elf:
    """Return ``elf`` without one section, and without what refers to it."""
    elf.sections = [one for one in elf.sections if one.name != name]
    elf.symbols = [one for one in elf.symbols if one.section != name]
    elf.relocations = [one for one in elf.relocations if one.section != name]
    return elf


def reference(folder: Path, **config: str) -> Reference:
    """Return an m68k reference with a kernel; ``config`` is added to its configuration."""
    path = folder / "probe.ko"
    path.write_bytes(module("probe").build())
    tree = KernelTree(folder, folder, "6.1.0", {**CONFIG, **config})
    kernel = Kernel(tree, tree.config, EXPORTS, Object.read(path))
    plain = for_arch(ARCH, None)
    return dataclasses.replace(plain, kernel=kernel)


def without_kernel() -> Reference:
    """Return an m68k reference with neither a kernel nor a GCC."""
    return for_arch(ARCH, None)


def judged(
    folder: Path, elf: Elf, against: Reference, check: Check, name: str = "a.ko"
) -> list[Finding | Skipped]:
    """Return what one check says of ``elf``."""
    path = folder / name
    path.write_bytes(elf.build())
    return list(check(Object.read(path), against))


def one(results: list[Finding | Skipped]) -> Finding:
    """Return the only result, which is a finding."""
    assert len(results) == 1, results
    assert isinstance(results[0], Finding)
    return results[0]
