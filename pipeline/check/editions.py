# SPDX-License-Identifier: GPL-2.0-only
"""What rustc's lint on the tail expressions of edition 2024 says, and where it says too much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.crate.document import read_text
from pipeline.crate.sources import MAX_BYTES
from pipeline.hazards.scrutinees import live_on
from pipeline.hazards.words import words

if TYPE_CHECKING:
    from pipeline.check.diagnostics import Diagnostic, Span

_EARLIER = re.compile(r"up until Edition 2021 `.+` is dropped last but will be dropped earlier in ")
_LATER = re.compile(r"`.+` will be dropped later as of Edition ")
_FURTHER = re.compile(
    r"`.+` calls a custom destructor|this value will be stored in a temporary; let us call it "
    r"|now the temporary value is dropped here, before the local variables in the block or "
)
"""What ``tail_expr_drop_order`` says of a temporary, of what is then dropped after it, and else."""


def is_of_a_scrutinee(one: Diagnostic) -> bool:
    """Say whether a diagnostic is of temporaries that no edition drops before what it names.

    True for nothing but ``tail_expr_drop_order``, and only where all that it says is known here.
    """
    earlier = [span for span in one.spans if _EARLIER.match(span.label)]
    later = [span for span in one.spans if _LATER.match(span.label)]
    known = len(earlier + later) + sum(1 for span in one.spans if _FURTHER.match(span.label))
    paths = {span.path for span in earlier + later}
    expanded = any(span.expanded for span in earlier + later)
    if not earlier or not later or known != len(one.spans) or len(paths) != 1 or expanded:
        return False
    (path,) = paths
    source = read_text(path, MAX_BYTES)
    content = source.encode()

    def places(spans: list[Span]) -> list[tuple[int, int]]:
        return [
            (len(content[: span.start].decode()), len(content[: span.end].decode()))
            for span in spans
        ]

    return live_on(words(source, path), places(earlier), places(later))
