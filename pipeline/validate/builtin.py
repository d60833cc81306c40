# SPDX-License-Identifier: GPL-2.0-only
"""The module's name is not one that a part of the kernel itself has in ``/sys/module``.

The kernel makes a folder there for each prefix of a built-in parameter that has a file
(kernel/params.c, param_sysfs_builtin()), and for what is built in with a version
(version_sysfs_builtin()).  A module of that name is "already loaded".
"""

from __future__ import annotations

import functools
import struct
from typing import IO, TYPE_CHECKING, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.module import MAX_TEXT, NO_MODULE, NO_TREE, meant_as_module, modinfo, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_CHECK = "sections.name-taken"
_CORE = "kernel"  # what core_param(), which has no prefix, comes under
_VERSION = b".version="


class _Place(NamedTuple):
    """Where bytes of a linked file are: their address, how many, and from where in the file."""

    start: int
    size: int
    offset: int


def name_taken(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Nothing that is built into the kernel has the module's name in sysfs."""
    if not meant_as_module(obj):
        yield Skipped(_CHECK, NO_MODULE)
        return
    if reference.kernel is None:
        yield Skipped(_CHECK, f"{NO_TREE}: the names that it has itself")
        return
    if reference.kernel.config.get("CONFIG_SYSFS") != "y":
        return
    names = _taken(reference.kernel.tree.build)
    if names is None:
        yield Skipped(_CHECK, "the kernel tree has no vmlinux whose parameters can be read")
        return
    name = modinfo(obj).first("name")
    if name in names:
        yield Finding(
            _CHECK,
            Severity.ERROR,
            "name=",
            f"{shown(name)}, and the kernel itself has /sys/module/{name}",
            "the kernel refuses to load it (EINVAL): module is already loaded",
            "give the module another name",
            "kernel/module/sysfs.c, mod_sysfs_init(); kernel/params.c, param_sysfs_builtin()",
        )


@functools.cache
def _taken(build: Path) -> frozenset[str] | None:
    """Return the names that the kernel of a tree has itself; None where it cannot be asked."""
    try:
        with (build / "vmlinux").open("rb") as stream:
            names = _prefixes(ELFFile(stream))
        info = (build / "modules.builtin.modinfo").read_bytes()
    except (OSError, ELFError, struct.error, ValueError):
        return None
    versions = {line.partition(b".")[0] for line in info.split(b"\0") if _VERSION in line}
    return names | {one.decode("utf-8", "replace") for one in versions}


def _prefixes(elf: ELFFile) -> frozenset[str]:
    """Return the prefixes of the parameters with a file in sysfs, ``__param`` of a vmlinux."""
    section = elf.get_section_by_name("__param")
    if section is None:
        raise ValueError("no parameters")
    word = elf.elfclass // 8
    layout = struct.Struct(f"{'<' if elf.little_endian else '>'}{'Q' if word == 8 else 'I'}")
    data, permissions = section.data(), 3 * word
    places = [
        _Place(one["sh_addr"], one["sh_size"], one["sh_offset"])
        for one in elf.iter_sections()
        if one["sh_type"] != "SHT_NOBITS" and one["sh_addr"]
    ]
    found = set()
    for offset in range(0, len(data) - 5 * word + 1, 5 * word):
        if any(data[offset + permissions : offset + permissions + 2]):
            text = _text(elf.stream, places, layout.unpack_from(data, offset)[0])
            prefix, dot, _ = text.partition(".")
            found.add(prefix if dot else _CORE)
    return frozenset(found)


def _text(stream: IO[bytes], places: list[_Place], address: int) -> str:
    """Return the C string at an address; :class:`ValueError` where the file has none there."""
    for place in places:
        if place.start <= address < place.start + place.size:
            stream.seek(place.offset + address - place.start)
            text = stream.read(min(MAX_TEXT, place.start + place.size - address))
            if b"\0" in text:
                return text.partition(b"\0")[0].decode("utf-8", "replace")
    raise ValueError(f"no string at {address:#x}")


CHECKS: dict[str, Check] = {_CHECK: name_taken}
