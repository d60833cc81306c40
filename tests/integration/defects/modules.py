# SPDX-License-Identifier: GPL-2.0-only
"""Defects of m68k modules: edited bytes, and sections that are gone or changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHF_EXECINSTR, SHF_WRITE
from pipeline.validate.finding import Severity
from tests.integration.defects.defect import (
    ALIGN,
    SIZE,
    TYPE,
    Defect,
    good_module,
    header,
    in_header,
    in_namespace,
    of_module,
    of_source,
    replaced,
    section_of,
    turned,
    with_config,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_THIS = ".gnu.linkonce.this_module"


def _copied(
    name: str,
    check: str,
    *options: str,
    also: Sequence[str] = (),
    severity: Severity = Severity.ERROR,
) -> Defect:
    """Return the defect of the good module that objcopy makes."""
    return Defect(
        name,
        check,
        good_module,
        lambda shop, good: shop.objcopy("m68k", good, *options),
        also=frozenset(also),
        severity=severity,
    )


def _relocation(section: str, at: int, value: bytes) -> Callable[[Object, bytearray], None]:
    """Return an edit of bytes of the first relocation of a section."""

    def edit(obj: Object, data: bytearray) -> None:
        place = section_of(obj, f".rela{section}").offset + at
        data[place : place + len(value)] = value

    return edit


def _everywhere(old: bytes, new: bytes) -> Callable[[Object, bytearray], None]:
    """Return an edit of all places of a name, in tables of names and in strings."""

    def edit(_obj: Object, data: bytearray) -> None:
        assert len(old) == len(new)
        assert old in data
        data[:] = data.replace(old, new)

    return edit


def _both(*edits: Callable[[Object, bytearray], None]) -> Callable[[Object, bytearray], None]:
    def edit(obj: Object, data: bytearray) -> None:
        for one in edits:
            one(obj, data)

    return edit


def _shorter(name: str, by: int) -> Callable[[Object, bytearray], None]:
    """Return an edit that makes a section end some bytes earlier."""

    def edit(obj: Object, data: bytearray) -> None:
        section = section_of(obj, name)
        header(obj, section, SIZE, section.size - by)(data)

    return edit


def _bytes(at: int, value: bytes) -> Callable[[Object, bytearray], None]:
    """Return an edit of bytes of the ELF header."""

    def edit(_obj: Object, data: bytearray) -> None:
        data[at : at + len(value)] = value

    return edit


_MODINFO = [
    of_module("vermagic", "sections.vermagic", replaced(".modinfo", b"vermagic=6", b"vermagic=5")),
    of_module(
        "vermagic-option", "sections.vermagic", replaced(".modinfo", b"mod_unload", b"mod_reload")
    ),
    of_module(
        "no-license",
        "licence.license",
        replaced(".modinfo", b"license=GPL", b"licence=GPL"),
        also=["licence.gpl-only", "sections.modinfo"],
    ),
    of_module(
        "unknown-license",
        "licence.license",
        replaced(".modinfo", b"license=GPL", b"license=LPG"),
        severity=Severity.WARNING,
        also=["licence.gpl-only"],
    ),
    of_module(
        "gpl-only-in-a-proprietary-module",
        "licence.gpl-only",
        replaced(".modinfo", b"license=GPL", b"license=MIT"),
    ),
    of_module("no-depends", "sections.modinfo", replaced(".modinfo", b"depends=", b"suspend=")),
    of_module(
        "another-name", "sections.this-module", replaced(".modinfo", b"name=good", b"name=evil")
    ),
    of_module(
        "parameter-of-another-type",
        "sections.parameters",
        replaced(".modinfo", b"count:int", b"count:xyz"),
        severity=Severity.WARNING,
    ),
    of_module(
        "modinfo-cut",
        "sections.modinfo",
        _shorter(".modinfo", 1),
        also=["sections.vermagic", "symbols.place"],
    ),
    _copied(
        "no-modinfo",
        "sections.modinfo",
        "--remove-section=.modinfo",
        also=["sections.vermagic", "licence.license", "licence.gpl-only", "sections.parameters"],
    ),
    _copied("no-parameters", "sections.parameters", "--remove-section=__param"),
]
_STRUCT = [
    of_module(
        "this-module-short", "sections.this-module", _shorter(_THIS, 4), also=["symbols.place"]
    ),
    of_module(
        "init-elsewhere", "sections.this-module", _relocation(_THIS, 0, (0x40).to_bytes(4, "big"))
    ),
    _copied("no-init", "sections.this-module", f"--remove-section=.rela{_THIS}"),
    of_module("another-name-inside", "sections.this-module", replaced(_THIS, b"good\0", b"evil\0")),
]
_SYMBOLS = [
    of_module("unexported", "symbols.undefined", replaced(".strtab", b"_printk\0", b"_prints\0")),
    of_module(
        "exported-twice",
        "sections.exports",
        _everywhere(b"ferric_ab\0", b"add_timer\0"),
        also=["symbols.export-clash"],
    ),
    of_module(
        "clash-with-the-kernel",
        "symbols.export-clash",
        _everywhere(b"ferric_ab\0", b"add_timer\0"),
        also=["sections.exports"],
    ),
    _copied(
        "crcs-missing",
        "sections.versions",
        "--add-section=__versions=/dev/null",
        "--set-section-flags=__versions=alloc,readonly,data",
        also=["sections.exports"],
        severity=Severity.WARNING,
    ),
    Defect(
        "namespace-not-imported",
        "licence.namespace",
        good_module,
        lambda _shop, good: good,
        changed=in_namespace("_printk", "FERRIC"),
    ),
]
_SECTIONS = [
    of_module("text-writable", "sections.write-execute", turned(".text", SHF_WRITE)),
    of_module(
        "data-executable",
        "sections.write-execute",
        turned(_THIS, SHF_EXECINSTR),
        also=["code.writable-pointer"],
    ),
    of_module("alignment-of-three", "sections.alignment", in_header(".text", ALIGN, 3)),
    of_module("alignment-beyond-a-page", "sections.alignment", in_header(".text", ALIGN, 65536)),
    of_module("memory-of-a-gigabyte", "sections.memory", in_header(".bss", SIZE, 1 << 30)),
    of_module("text-cut", "symbols.place", _shorter(".init.text", 8), also=["code.fall-through"]),
    of_module("destructors", "sections.constructors", in_header(".exit.text", TYPE, 14)),
    _copied(
        "section-twice",
        "sections.names",
        "--rename-section=.exit.text=.init.text",
        "--rename-section=.rela.exit.text=.rela.init.text",
        severity=Severity.WARNING,
    ),
    of_module(
        "section-zero-in-use",
        "sections.headers",
        lambda obj, data: header(obj, obj.sections[0], TYPE, 1)(data),
    ),
    of_source(
        "per-cpu",
        "sections.per-cpu",
        'static int own __attribute__((section(".data..percpu"))) = 1;\n'
        "int extra(void) { return own++; }",
        # A kernel for one processor, as this architecture's always is, loads it.
        severity=Severity.WARNING,
    ),
]
_RELOCATIONS = [
    of_module("unknown-type", "relocations.type", _relocation(".init.text", 7, b"\x63")),
    of_module("sixteen-bits", "relocations.type", _relocation(".init.text", 7, b"\x02")),
    of_module(
        "beyond-the-section",
        "relocations.place",
        _relocation(".init.text", 0, b"\0\x01\0\0"),
        also=["code.user-address"],
    ),
]
_IDENTITY = [
    of_module("e-flags", "identity.flags", _bytes(36, b"\0\x81\0\0"), also=["identity.kernel"]),
    of_module(
        "not-the-trees-e-flags",
        "identity.kernel",
        _bytes(36, b"\0\x81\0\0"),
        also=["identity.flags"],
    ),
    of_module(
        "another-machine", "identity.machine", _bytes(18, b"\0\x02"), also=["identity.kernel"]
    ),
]


def _modversions(defect: Defect) -> Defect:
    """Return a defect judged against a kernel that asks for checksums."""
    change: Callable[[Reference], Reference] = with_config(MODVERSIONS="y")
    return dataclasses.replace(defect, changed=change)


DEFECTS = [
    *_MODINFO,
    *_STRUCT,
    *(_modversions(one) if one.name == "crcs-missing" else one for one in _SYMBOLS),
    *_SECTIONS,
    *_RELOCATIONS,
    *_IDENTITY,
]
