# SPDX-License-Identifier: GPL-2.0-only
"""Who produced each compilation unit, as its debug information says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.debuginfo.information import NO_DEBUG_INFORMATION, debug_information

if TYPE_CHECKING:
    from pipeline.validate.elf import Object


@dataclass(frozen=True)
class Producer:
    """Who made the unit at ``offset`` of ``.debug_info``; None where it does not say."""

    offset: int
    text: str | None
    language: int | None


def read_producers(obj: Object) -> tuple[tuple[Producer, ...] | None, str]:
    """Return the producer of each unit but type units, which name none; or None and the reason."""
    info = debug_information(obj)
    if isinstance(info, str):
        return ((), "") if info == NO_DEBUG_INFORMATION else (None, info)
    units = (unit for unit in info.units if not unit.type_unit)
    return tuple(Producer(unit.offset, unit.producer, unit.language) for unit in units), ""
