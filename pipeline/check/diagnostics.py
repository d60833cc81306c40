# SPDX-License-Identifier: GPL-2.0-only
"""What rustc says with ``--error-format=json``: one diagnostic a line, with its text for people.

The form is that of the rustc book, "JSON Output".  A line that is none, as a crash of rustc prints
it, is kept as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

_COUNT = re.compile(
    r"(?:\x1b\[[\d;]*m)*warning(?:\x1b\[[\d;]*m)*: \d+ warnings? emitted(?:\x1b\[[\d;]*m)*"
)


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic: ``code`` names the lint or the error (or is empty), ``rendered`` its text.

    ``before`` is its line in the source up to the first letter of the place that it speaks of, and
    ``place`` the file with that place's first and last line, None where a macro made it.
    """

    code: str
    rendered: str
    before: str = ""
    place: tuple[Path, int, int] | None = None


def read(output: str) -> list[Diagnostic]:
    """Return the diagnostics in what rustc printed, in their order."""
    found = []
    for line in output.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            document = None
        if isinstance(document, dict) and isinstance(document.get("rendered"), str):
            code = document.get("code")
            name = code.get("code", "") if isinstance(code, dict) else ""
            before, place = _before(document), _place(document)
            found.append(Diagnostic(str(name), document["rendered"], before, place))
        elif line.strip():
            found.append(Diagnostic("", f"{line}\n"))
    return found


def _before(document: dict[str, Any]) -> str:
    """Return the line that the first primary span begins in, up to its first letter."""
    for span in document.get("spans") or ():
        if span.get("is_primary") and span.get("text"):
            line = span["text"][0]
            return str(line["text"][: line["highlight_start"]])
    return ""


def _place(document: dict[str, Any]) -> tuple[Path, int, int] | None:
    """Return where the first primary span is, unless a macro was expanded to it."""
    for span in document.get("spans") or ():
        if span.get("is_primary"):
            made = span.get("expansion") or not span.get("file_name")
            lines = (span.get("line_start", 0), span.get("line_end", 0))
            return None if made else (Path(span["file_name"]), *lines)
    return None


def without(diagnostics: list[Diagnostic], codes: Container[str]) -> list[Diagnostic]:
    """Return them without those of ``codes``; with none left, without rustc's count of warnings."""
    left = [one for one in diagnostics if one.code not in codes]
    alone = all(one.code == "" and _COUNT.fullmatch(one.rendered.strip()) for one in left)
    return [] if alone else left


def text(diagnostics: list[Diagnostic]) -> str:
    """Return diagnostics as rustc shows them to people."""
    return "".join(one.rendered for one in diagnostics)
