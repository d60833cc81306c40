# SPDX-License-Identifier: GPL-2.0-only
"""Defects of m68k objects: another kind of file, symbols and groups that do not hold together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHF_GROUP, SHN_ABS
from tests.integration.defects.defect import (
    INFO,
    Defect,
    edited,
    good_object,
    in_header,
    replaced,
    section_of,
    turned,
)
from tests.integration.defects.workshop import OBJECT

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.validate.elf import Object
    from tests.integration.defects.workshop import Workshop


def _executable(shop: Workshop, good: Path) -> Path:
    return shop.link("m68k", "--defsym=helper=0", "-e", "run", good)


def _alpha(shop: Workshop, _good: Path) -> Path:
    return shop.compile("alpha")


def _run_hidden(shop: Workshop, good: Path) -> Path:
    return shop.objcopy("m68k", good, "--localize-symbol=run")


_GROUP = (
    'asm(".section .text.twin,\\"axG\\",@progbits,twin,comdat; .type twin,@function; twin: rts;'
    ' .size twin,.-twin; .previous");'
)


def _with_group(shop: Workshop) -> Path:
    return shop.compile("m68k", OBJECT + _GROUP)


def _bad_end(shop: Workshop, good: Path) -> Path:
    """Put a nop over the last return of the code."""

    def edit(obj: Object, data: bytearray) -> None:
        section = section_of(obj, ".text")
        content = obj.content(section)
        at = section.offset + content.rindex(b"\x4e\x75")
        data[at : at + 2] = b"\x4e\x71"

    return edited(edit)(shop, good)


def _helper_is_absolute(obj: Object, data: bytearray) -> None:
    """Put SHN_ABS for SHN_UNDEF in the symbol of what is called."""
    number = [one.name for one in obj.symbols].index("helper")
    at = section_of(obj, ".symtab").offset + 16 * number + 14
    assert data[at : at + 2] == bytes(2)
    data[at : at + 2] = SHN_ABS.to_bytes(2, "big")


_LAST = OBJECT + "int extra(int x) { return x + 1; }"
DEFECTS = [
    Defect(
        "linked-for-good",
        "identity.kind",
        good_object("m68k"),
        _executable,
        also=frozenset({"symbols.global", "symbols.place"}),
    ),
    Defect(
        "object-of-alpha",
        "identity.machine",
        good_object("m68k"),
        _alpha,
        also=frozenset(
            {
                "identity.class",
                "identity.byte-order",
                "identity.kernel",
                "provenance.flags",
                "symbols.undefined",
            }
        ),
    ),
    Defect("entry-is-local", "symbols.required", good_object("m68k"), _run_hidden),
    Defect(
        "return-overwritten",
        "code.fall-through",
        lambda shop: shop.compile("m68k", _LAST),
        _bad_end,
    ),
    Defect(
        "name-twice",
        "symbols.duplicate",
        lambda shop: shop.compile("m68k", _LAST),
        edited(replaced(".strtab", b"extra\0", b"run\0\0\0")),
    ),
    Defect(
        "at-a-fixed-address",
        "symbols.absolute",
        good_object("m68k"),
        edited(_helper_is_absolute),
        also=frozenset({"symbols.global"}),
    ),
    Defect(
        "member-left-its-group",
        "sections.group",
        _with_group,
        edited(turned(".text.twin", SHF_GROUP)),
    ),
    Defect(
        "group-without-signature",
        "sections.group",
        _with_group,
        edited(in_header(".group", INFO, 0xFFFF)),
    ),
]
