# SPDX-License-Identifier: GPL-2.0-only
"""What a validation says: findings, skips, and the verdict on one file, as text and as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = 1
_SHOWN = 160


class Severity(StrEnum):
    """How bad a finding is; the order of the members is from worst to least."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found in one place.

    ``check`` is its name (``family.rule``), ``place`` a section with offset, a symbol or a
    header field, ``evidence`` what was found beside what was expected, ``meaning`` what happens at
    load or at run if it is ignored, ``mend`` the next thing to do, ``source`` the document that
    has the rule.  The texts may hold bytes of a hostile file: show them through :func:`printable`.
    """

    check: str
    severity: Severity
    place: str
    evidence: str
    meaning: str
    mend: str
    source: str


@dataclass(frozen=True)
class Skipped:
    """A check that did not run, or not for everything, and why.  It never counts as passed."""

    check: str
    reason: str


@dataclass(frozen=True)
class Sizes:
    """Bytes that the file takes in memory: code and constants, initialised data, zeroed data."""

    text: int
    data: int
    bss: int


@dataclass(frozen=True)
class Verdict:
    """Everything that was found in one file; ``passed`` are checks that ran and found nothing."""

    path: Path
    arch: str
    sha256: str
    sizes: Sizes
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    passed: tuple[str, ...]

    @property
    def worst(self) -> Severity | None:
        """The worst severity among the findings, None where there is no finding."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in Severity if severity in found), None)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)


def to_json(verdict: Verdict) -> str:
    """Return the verdict as one JSON document (pure ASCII: control characters are escaped)."""
    document = {"schema": SCHEMA, **dataclasses.asdict(verdict)}
    document["path"] = str(verdict.path)
    document["worst"] = verdict.worst
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def write(verdict: Verdict, path: Path) -> None:
    """Write the verdict to ``path`` (``findings.json``), whole or not at all."""
    write_atomic(path, to_json(verdict))


def read(path: Path) -> Verdict:
    """Read a verdict that :func:`write` wrote; anything else is a :class:`UserError`."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise UserError(
                f"findings of schema {printable(str(document['schema']))}, not {SCHEMA}",
                where=str(path),
                mend="build again with this version",
            )
        return Verdict(
            path=Path(_text(document["path"])),
            arch=_text(document["arch"]),
            sha256=_text(document["sha256"]),
            sizes=Sizes(*(int(document["sizes"][name]) for name in ("text", "data", "bss"))),
            findings=tuple(_finding(item) for item in document["findings"]),
            skipped=tuple(
                Skipped(_text(item["check"]), _text(item["reason"])) for item in document["skipped"]
            ),
            passed=tuple(_text(name) for name in document["passed"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"no findings can be read: {type(error).__name__}: {printable(str(error))}",
            where=str(path),
            mend="build again",
        ) from None


def printable(text: str, limit: int = 0) -> str:
    r"""Return ``text`` fit for a terminal: what is not printable becomes ``\x1b``, ``\u202e``...

    ``limit`` cuts after so many characters (0: never).  Every view goes through here, because
    names in a file may hold escape sequences.
    """
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in (text[:limit] if limit else text)
    )
    return shown + "…" if limit and len(text) > limit else shown


def some(names: Iterable[str], limit: int = 8) -> str:
    """Return up to ``limit`` names between commas, and how many more there are."""
    listed = sorted(names)
    shown = ", ".join(name[:_SHOWN] for name in listed[:limit])
    return f"{shown} and {len(listed) - limit} more" if len(listed) > limit else shown


def _finding(item: dict[str, Any]) -> Finding:
    """Return the finding that a JSON object holds."""
    texts = {
        field.name: _text(item[field.name])
        for field in dataclasses.fields(Finding)
        if field.name != "severity"
    }
    return Finding(severity=Severity(item["severity"]), **texts)


def _text(value: object) -> str:
    """Return ``value`` if it is a string; raise TypeError if not."""
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value
