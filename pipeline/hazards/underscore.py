# SPDX-License-Identifier: GPL-2.0-only
"""Refuse ``let _ = …;`` and ``_ = …;`` that mrustc may get wrong, where no rustc can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.check.gate import LOST, LOST_MEND
from pipeline.crate.graph import order
from pipeline.crate.sources import can_be_copied, sources
from pipeline.errors import UserError
from pipeline.hazards.discards import doubtful

if TYPE_CHECKING:
    from pipeline.crate.model import Crate


def refuse_doubtful(crate: Crate) -> None:
    """Refuse a crate, for mrustc, that has such a statement itself or in a path dependency.

    :class:`~pipeline.errors.UserError` names the file and the line of each.
    """
    for each in order(crate):
        copied = can_be_copied(each)
        for path in sorted(sources(each).files):
            if path.suffix == ".rs" and path.is_file():
                lines = doubtful(path.read_text(encoding="utf-8"), path, copied=copied)
                if lines:
                    places = ", ".join(str(line) for line in lines)
                    raise UserError(
                        f"a value is discarded that may have a destructor, and no rustc checked: "
                        f"{LOST}",
                        where=f"{path}:{places}",
                        mend=f"{LOST_MEND}; or have it checked by rustc (gate=auto)",
                    )
