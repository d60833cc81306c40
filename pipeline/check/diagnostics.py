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
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_COUNT = re.compile(
    r"(?:\x1b\[[\d;]*m)*warning(?:\x1b\[[\d;]*m)*: \d+ warnings? emitted(?:\x1b\[[\d;]*m)*"
)


class Span(NamedTuple):
    """A place that a diagnostic shows: its bytes in the file, and what is said of it.

    ``primary`` is what the diagnostic is about; ``expanded`` says that a macro made it.
    """

    path: Path
    start: int
    end: int
    label: str
    primary: bool
    expanded: bool


@dataclass(frozen=True)
class Diagnostic:
    """One diagnostic: ``code`` names the lint or the error (or is empty), ``rendered`` its text.

    ``before`` is its line in the source up to the first letter of the place that it speaks of, and
    ``place`` the file with that place's first and last line, None where a macro made it.  ``spans``
    are all places that it shows.
    """

    code: str
    rendered: str
    before: str = ""
    place: tuple[Path, int, int] | None = None
    spans: tuple[Span, ...] = ()


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
            spans = tuple(_spans(document))
            found.append(Diagnostic(str(name), document["rendered"], before, place, spans))
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


def _spans(document: dict[str, Any]) -> Iterator[Span]:
    """Yield the places of a diagnostic, in rustc's order."""
    for span in document.get("spans") or ():
        yield Span(
            Path(span.get("file_name", "")),
            span.get("byte_start", 0),
            span.get("byte_end", 0),
            span.get("label") or "",
            bool(span.get("is_primary")),
            bool(span.get("expansion")),
        )


def without(diagnostics: list[Diagnostic], codes: Container[str]) -> list[Diagnostic]:
    """Return them without those of ``codes``; with none left, without rustc's count of warnings."""
    left = [one for one in diagnostics if one.code not in codes]
    alone = all(one.code == "" and _COUNT.fullmatch(one.rendered.strip()) for one in left)
    return [] if alone else left


def text(diagnostics: list[Diagnostic]) -> str:
    """Return diagnostics as rustc shows them to people."""
    return "".join(one.rendered for one in diagnostics)
