# SPDX-License-Identifier: GPL-2.0-only
"""The names of relocation types, which pyelftools has for none of the GCC-only machines."""

from __future__ import annotations

import functools
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).with_suffix(".txt")


def relocation_name(machine: int, kind: int) -> str:
    """Return what binutils calls relocation type ``kind`` of ``machine``, "type 300" if nothing."""
    return _tables().get(machine, {}).get(kind, f"type {kind}")


def relocation_names(machine: int) -> Mapping[int, str]:
    """Return all names of a machine (e_machine) by number; none for one that is not in the data."""
    return MappingProxyType(_tables().get(machine, {}))


@functools.cache
def _tables() -> dict[int, dict[int, str]]:
    """Return the data file's tables."""
    tables: dict[int, dict[int, str]] = {}
    table: dict[int, str] = {}
    for line in DATA.read_text(encoding="ascii").splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "machine":
            table = tables.setdefault(int(words[1], 16), {})
        else:
            table[int(words[0])] = words[1]
    return tables
