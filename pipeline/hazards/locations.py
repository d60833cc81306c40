# SPDX-License-Identifier: GPL-2.0-only
"""Find ``Location::caller()``, which for mrustc is line 0 of a file without a name.

mrustc 0.12 hands no place on to functions with ``#[track_caller]``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.hazards.words import words

if TYPE_CHECKING:
    from pathlib import Path

LOCATION: Final = re.compile(r"\b(?:Location|caller_location)\b")
"""What is somewhere in a crate that asks for its caller: the type may have another name, too."""


def doubtful(source: str, path: Path) -> list[int]:
    """Return the lines that name the function ``caller`` of a type, or the intrinsic behind it.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    stream = words(source, path)
    return [
        token.line
        for at, token in enumerate(stream)
        if token.text == "caller_location"
        or (token.text == "caller" and at and stream[at - 1].text == "::")
    ]
