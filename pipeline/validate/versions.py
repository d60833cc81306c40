# SPDX-License-Identifier: GPL-2.0-only
"""``__versions`` has the checksum of every symbol that the module uses, where the kernel asks."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHT_NOBITS
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.module import (
    NO_MODULE,
    NO_TREE,
    find_section,
    imports,
    meant_as_module,
    word_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Section
    from pipeline.validate.reference import Kernel, Reference

_CHECK = "sections.versions"
_ENTRY = 64  # bytes of struct modversion_info: an unsigned long, and a name that fills it up
_LAYOUT = "module_layout"
_AGAIN = "build the module again with this kernel tree (make M=…)"
_STRUCT = "include/linux/module.h, struct modversion_info"
_COMPARED = "kernel/module/version.c, check_version()"


def versions(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The checksums are there where the kernel compares them, and equal to the tree's."""
    if not meant_as_module(obj):
        yield Skipped(_CHECK, NO_MODULE)
        return
    section = find_section(obj, "__versions")
    entries: dict[str, int] = {}
    if section is not None:
        reason = _unsound(section)
        if reason:
            yield _error("__versions", reason, "the kernel reads wrong names and sums", _STRUCT)
            return
        endless = []
        for at, name, crc in _read(obj, section):
            if name is None:
                endless.append(at)
            else:
                entries.setdefault(name, crc)  # the loader takes the first
        if endless:
            yield _error(
                f"__versions+{endless[0]:#x}",
                f"{len(endless)} names that do not end within their entry",
                "the kernel compares names past the entry",
                _STRUCT,
            )
    if reference.kernel is None:
        yield Skipped(_CHECK, f"{NO_TREE}: the checksums of its exports")
        return
    yield from _beside_tree(obj, reference.kernel, entries if section else None)


def _beside_tree(obj: Object, kernel: Kernel, entries: dict[str, int] | None) -> Iterator[Finding]:
    """Compare the checksums with the tree's; ``entries`` None: the module has no such section."""
    if kernel.config.get("CONFIG_MODVERSIONS") != "y":
        if entries is not None:
            yield Finding(
                _CHECK,
                Severity.WARNING,
                "__versions",
                f"{len(entries)} checksums, and the kernel has not CONFIG_MODVERSIONS",
                "the kernel compares none of them; it goes by the release in vermagic",
                _AGAIN,
                _COMPARED,
            )
        return
    if entries is None:
        forced = kernel.config.get("CONFIG_MODULE_FORCE_LOAD") == "y"
        yield Finding(
            _CHECK,
            Severity.WARNING if forced else Severity.ERROR,
            "__versions",
            "there is no such section, and the kernel is configured with CONFIG_MODVERSIONS",
            "the kernel loads it without a comparison and is tainted: no symbol version"
            if forced
            else "the kernel refuses to load it (ENOEXEC): no symbol version for module_layout",
            _AGAIN,
            _COMPARED,
        )
        return
    names = [_LAYOUT, *sorted(imports(obj).keys() - {_LAYOUT})]
    for name in names:
        export = kernel.exports.get(name)
        if export is not None and entries.get(name) != export.crc:
            yield _differs(name, entries.get(name), export.crc)


def _differs(name: str, found: int | None, wanted: int) -> Finding:
    """Return the finding for one symbol whose checksum is missing or another."""
    error = "ENOEXEC" if name == _LAYOUT else "EINVAL"
    if found is None:
        return Finding(
            _CHECK,
            # Without a checksum of its own (0) an export of another module may have none at all.
            Severity.ERROR if wanted else Severity.WARNING,
            name,
            f"no entry; the kernel's checksum is {wanted:#010x}",
            f"the kernel refuses to load it ({error}): no symbol version for {name[:64]}",
            _AGAIN,
            f"{_COMPARED}; scripts/mod/modpost.c, add_versions()",
        )
    return _error(
        name,
        f"checksum {found:#010x}, the kernel's is {wanted:#010x}",
        f"the kernel refuses to load it ({error}): disagrees about version of symbol {name[:64]}",
        _COMPARED,
    )


def _unsound(section: Section) -> str:
    """Return what is wrong with the section as a whole, or nothing."""
    if section.type == SHT_NOBITS:
        return "it has no bytes in the file"
    if section.size % _ENTRY:
        return f"{section.size} bytes, an entry has {_ENTRY}"
    return ""


def _read(obj: Object, section: Section) -> Iterator[tuple[int, str | None, int]]:
    """Yield offset, name (None where it does not end) and checksum of each entry."""
    word = word_size(obj)
    order = ">" if obj.byte_order == "big" else "<"
    layout = struct.Struct(f"{order}{'Q' if word == 8 else 'I'}{_ENTRY - word}s")
    for at, (crc, name) in enumerate(layout.iter_unpack(obj.content(section))):
        text, zero, _ = name.partition(b"\0")
        yield at * _ENTRY, text.decode("utf-8", "backslashreplace") if zero else None, crc


def _error(place: str, evidence: str, meaning: str, source: str) -> Finding:
    """Return an error of this check."""
    return Finding(_CHECK, Severity.ERROR, place, evidence, meaning, _AGAIN, source)


CHECKS: dict[str, Check] = {_CHECK: versions}
