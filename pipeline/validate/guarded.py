# SPDX-License-Identifier: GPL-2.0-only
"""What was done about mrustc's faults in the C files behind a module, from their records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.hazards.catalogue import catalogue
from pipeline.transpile.repair.unit import KINDS, Repairs
from pipeline.validate.finding import Guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def guarded(c_files: Sequence[Path], *, big_endian: bool, checks: bool) -> Guarded:
    """Return what the records beside ``c_files`` say together, and the catalogue beside it.

    Raises :class:`~pipeline.errors.UserError` where a file has no record of this very repair pass.
    """
    records = [Repairs.read(path) for path in c_files]
    sites: Counter[str] = Counter()
    for record in records:
        sites.update(record.sites)
    concerned = {name: one for name, one in catalogue().items() if one.on == "all" or big_endian}
    return Guarded(
        overflow_checks=checks,
        units=len(records),
        functions=sum(record.functions for record in records),
        repaired=dict(sorted(sites.items())),
        absent=tuple(kind for kind in KINDS if kind not in sites),
        witnessed=sum(record.witnessed for record in records),
        refused=tuple(name for name, one in concerned.items() if one.ferric == "refused"),
        open=tuple(name for name, one in concerned.items() if one.ferric == "open"),
    )
