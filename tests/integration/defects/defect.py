# SPDX-License-Identifier: GPL-2.0-only
"""What a defect is, and the ways in which one is made from something good."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipeline.validate.elf import Object
from pipeline.validate.finding import Severity
from tests.integration.defects.workshop import OBJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.validate.elfdata import Section
    from pipeline.validate.reference import Reference
    from tests.integration.defects.workshop import Workshop

    Make = Callable[[Workshop], Path]
    Spoil = Callable[[Workshop, Path], Path]

TYPE, FLAGS, SIZE, INFO, ALIGN = 1, 2, 5, 7, 8  # words of a section's header


@dataclass(frozen=True)
class Defect:
    """One defect: its ``name``, the ``check`` that must find it, and how it is made.

    ``good`` makes what it is made from, ``spoil`` the defect.  ``also`` are other checks that find
    errors in it too, rightly.  ``changed`` spoils the kernel instead of the file.
    """

    name: str
    check: str
    good: Make
    spoil: Spoil
    arch: str = "m68k"
    also: frozenset[str] = frozenset()
    severity: Severity = Severity.ERROR
    changed: Callable[[Reference], Reference] = lambda reference: reference


def good_object(arch: str) -> Make:
    """Return the maker of an architecture's good object."""
    return lambda shop: shop.compile(arch)


def good_module(shop: Workshop) -> Path:
    """Make the good module."""
    return shop.module()


def of_source(
    name: str,
    check: str,
    source: str = "",
    *options: str,
    arch: str = "m68k",
    also: Sequence[str] = (),
    severity: Severity = Severity.ERROR,
    without: Sequence[str] = (),
    record: bool = True,
) -> Defect:
    """Return the defect of an object with more ``source``, or compiled with other options."""
    return Defect(
        name,
        check,
        good_object(arch),
        lambda shop, _good: shop.compile(
            arch, OBJECT + source, *options, without=without, record=record
        ),
        arch,
        frozenset(also),
        severity,
    )


def of_module(
    name: str,
    check: str,
    edit: Callable[[Object, bytearray], None],
    *,
    also: Sequence[str] = (),
    severity: Severity = Severity.ERROR,
) -> Defect:
    """Return the defect of the good module with some bytes edited."""
    return Defect(name, check, good_module, edited(edit), "m68k", frozenset(also), severity)


def edited(edit: Callable[[Object, bytearray], None]) -> Spoil:
    """Return a spoiler that edits a copy's bytes; ``edit`` gets what is read, and the bytes."""

    def spoil(shop: Workshop, good: Path) -> Path:
        obj, path = Object.read(good), shop.new(good.name)
        data = bytearray(obj.data)
        edit(obj, data)
        assert bytes(data) != obj.data
        path.write_bytes(data)
        return path

    return spoil


def section_of(obj: Object, name: str) -> Section:
    """Return a section that has to be there."""
    section = obj.section(name)
    assert section is not None, f"no section {name}"
    return section


def header(obj: Object, section: Section, word: int, value: int) -> Callable[[bytearray], None]:
    """Return an edit of one word (from 0) of a section's header in a 32-bit object."""
    assert obj.bits == 32
    order: Literal["big", "little"] = "big" if obj.byte_order == "big" else "little"
    start = int.from_bytes(obj.data[32:36], order)
    at = start + 40 * section.number + 4 * word

    def edit(data: bytearray) -> None:
        data[at : at + 4] = value.to_bytes(4, order)

    return edit


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Object, bytearray], None]:
    """Return an edit that puts ``new`` for the only ``old`` in a section, of the same length."""

    def edit(obj: Object, data: bytearray) -> None:
        section = section_of(obj, name)
        content = obj.content(section)
        assert content.count(old) == 1, f"{content.count(old)} times {old!r} in {name}"
        assert len(old) == len(new)
        at = section.offset + content.index(old)
        data[at : at + len(new)] = new

    return edit


def in_header(name: str, word: int, value: int) -> Callable[[Object, bytearray], None]:
    """Return an edit of a word of the header of the section called ``name``."""
    return lambda obj, data: header(obj, section_of(obj, name), word, value)(data)


def turned(name: str, flag: int) -> Callable[[Object, bytearray], None]:
    """Return an edit that turns a flag of a section over."""

    def edit(obj: Object, data: bytearray) -> None:
        section = section_of(obj, name)
        header(obj, section, FLAGS, section.flags ^ flag)(data)

    return edit


def with_config(**values: str) -> Callable[[Reference], Reference]:
    """Return a change of the kernel: options of its configuration (without ``CONFIG_``)."""

    def change(reference: Reference) -> Reference:
        assert reference.kernel is not None
        config = {**reference.kernel.config, **{f"CONFIG_{key}": values[key] for key in values}}
        kernel = dataclasses.replace(reference.kernel, config=config)
        return dataclasses.replace(reference, kernel=kernel)

    return change


def in_namespace(symbol: str, namespace: str) -> Callable[[Reference], Reference]:
    """Return a change of the kernel: a symbol is exported in a namespace."""

    def change(reference: Reference) -> Reference:
        assert reference.kernel is not None
        export = dataclasses.replace(reference.kernel.exports[symbol], namespace=namespace)
        kernel = dataclasses.replace(
            reference.kernel, exports={**reference.kernel.exports, symbol: export}
        )
        return dataclasses.replace(reference, kernel=kernel)

    return change
