# SPDX-License-Identifier: GPL-2.0-only
"""Which source lines code comes from: the object's line table, as the toolchain's addr2line has it.

An object's sections all start at address 0, and addr2line reads one of them at a time, so it is
run once for each section of code that is asked for, with all the addresses on its input.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from typing import TYPE_CHECKING

from pipeline.run import run
from pipeline.validate.elfdata import SHF_COMPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

    Place = tuple[int, int]

_SECTIONS = 3
_ADDRESSES = 500
_MAX_INFLATED = 64 << 20
_LINES = re.compile(r"(.+):(\d+)(?: \(discriminator \d+\))?")


def source_lines(
    obj: Object, reference: Reference, places: Iterable[Place]
) -> tuple[Mapping[Place, str], str]:
    """Return ``file:line`` by section number and byte offset, and why others have none.

    The reason is empty where every place has its line.  At most 500 places of three sections are
    looked up, in time that grows with the size of the file.
    """
    names = [section.name for section in obj.sections]
    table = obj.section(".debug_line")
    if table is None:
        return {}, "the object has no line table (.debug_line)"
    if _inflated(obj) > _MAX_INFLATED:
        return {}, f"the debug information is compressed, and larger than {_MAX_INFLATED} bytes"
    if reference.toolchain is None:
        return {}, "addr2line is not installed"
    wanted: dict[int, list[int]] = defaultdict(list)
    for section, offset in list(dict.fromkeys(places))[:_ADDRESSES]:
        # addr2line takes a section by name: the first of that name.
        if names.index(names[section]) == section:
            wanted[section].append(offset)
    found: dict[Place, str] = {}
    tool = reference.toolchain.tool("addr2line")
    ranked = sorted(wanted, key=lambda one: -len(wanted[one]))[:_SECTIONS]
    for section in ranked:
        result = run(
            [str(tool), "-e", str(obj.path), "-j", names[section]],
            stdin="".join(f"{offset:#x}\n" for offset in wanted[section]).encode(),
            timeout=0.5 + len(obj.data) / (2 << 20),
        )
        if result.timed_out or result.exit_status:
            return found, "addr2line did not read the line table"
        for offset, line in zip(wanted[section], result.output.splitlines(), strict=False):
            match = _LINES.fullmatch(line)
            if match and match[1] != "??" and match[2] != "0":
                found[section, offset] = f"{match[1]}:{match[2]}"
    return found, "" if found else "the line table does not cover them"


def _inflated(obj: Object) -> int:
    """Return the bytes that compressed sections say they will take in addr2line's memory."""
    order = ">" if obj.byte_order == "big" else "<"
    # Elf64_Chdr has a reserved word between the type and the size.
    layout, skipped = (f"{order}Q", 8) if obj.bits == 64 else (f"{order}I", 4)
    total = 0
    for section in obj.sections:
        if section.flags & SHF_COMPRESSED and section.size >= skipped + struct.calcsize(layout):
            total += struct.unpack_from(layout, obj.data, section.offset + skipped)[0]
    return total
