# SPDX-License-Identifier: GPL-2.0-only
"""What a validation says: findings, skips, and the verdict on one file, as text and as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter

from pipeline.errors import UserError
from pipeline.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

SCHEMA = 1
_SHOWN = 160


class Severity(StrEnum):
    """How bad a finding is; the order of the members is from worst to least."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_STRICT = ConfigDict(extra="forbid", strict=True)
_Size = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Finding:
    """One thing that a check found in one place.

    The texts may hold bytes of a hostile file: show them through :func:`printable`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    check: Annotated[str, Field(description="The check's name: family.rule.")]
    severity: Severity
    place: Annotated[
        str, Field(description="A section with an offset in bytes, a symbol, or a header's field.")
    ]
    evidence: Annotated[str, Field(description="What was found beside what was expected.")]
    meaning: Annotated[str, Field(description="What happens at load or at run if it is ignored.")]
    mend: Annotated[str, Field(description="The next thing to do.")]
    source: Annotated[str, Field(description="The document or kernel file that has the rule.")]


@dataclass(frozen=True)
class Skipped:
    """A check that did not run, or not for everything, and why.  It never counts as passed."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    check: Annotated[str, Field(description="The check's name: family.rule.")]
    reason: Annotated[str, Field(description="Why it did not run, or what it did not see.")]


@dataclass(frozen=True)
class Sizes:
    """Bytes that the file takes in memory: code and constants, initialised data, zeroed data."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    text: _Size
    data: _Size
    bss: _Size


@dataclass(frozen=True)
class Guarded:
    """What was done about the faults of mrustc (docs/hazards.md) in the C behind a module."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    overflow_checks: Annotated[
        bool, Field(description="Whether + - * panic in the user's crates as in a debug build.")
    ]
    units: Annotated[_Size, Field(description="C files that were repaired, the library's too.")]
    functions: Annotated[_Size, Field(description="Functions in them.")]
    repaired: Annotated[
        dict[str, _Size],
        Field(description="Repaired sites by kind (docs/repair.md), in all units."),
    ]
    absent: Annotated[
        tuple[str, ...], Field(description="Kinds of repair that were looked for and not needed.")
    ]
    refused: Annotated[
        tuple[str, ...], Field(description="Faults that the gate refuses, so they are not there.")
    ]
    witnessed: Annotated[
        _Size, Field(description="Constants of the user's crates that rustc computes alike.")
    ]
    open: Annotated[
        tuple[str, ...], Field(description="Faults that nothing looks for on this architecture.")
    ]


@dataclass(frozen=True)
class Verdict:
    """Everything that was found in one file; ``passed`` are checks that ran and found nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    path: Annotated[Path, Field(description="The file that was judged, as it was named.")]
    arch: Annotated[str, Field(description="The architecture's name in toolchains.yaml.")]
    sha256: Annotated[str, Field(description="The digest of the file's bytes.")]
    sizes: Sizes
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    passed: Annotated[
        tuple[str, ...], Field(description="Names of the checks that ran and found nothing.")
    ]
    guarded: Annotated[
        Guarded | None, Field(description="What was done about mrustc's faults; null without it.")
    ] = None

    @property
    def worst(self) -> Severity | None:
        """The worst severity among the findings, None where there is no finding."""
        return worst_of(self.findings)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)


def worst_of(findings: Iterable[Finding]) -> Severity | None:
    """Return the worst severity among ``findings``, None where there is none."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in Severity if severity in found), None)


VERDICT = TypeAdapter(Verdict)
_BESIDE = ("schema", "worst")  # in the document, and not members of a verdict


def to_json(verdict: Verdict) -> str:
    """Return the verdict as one JSON document (pure ASCII: control characters are escaped).

    Its form is ``docs/findings.schema.json``.
    """
    document = {"schema": SCHEMA, **dataclasses.asdict(verdict)}
    document["path"] = str(verdict.path)
    document["worst"] = verdict.worst
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def write(verdict: Verdict, path: Path) -> None:
    """Write the verdict to ``path`` (``findings.json``), whole or not at all."""
    write_atomic(path, to_json(verdict))


def read(path: Path) -> Verdict:
    """Read a verdict that :func:`write` wrote; anything else is a :class:`UserError`."""
    return read_document(path, VERDICT, SCHEMA, ("findings", "build again"))


def read_document(path: Path, adapter: TypeAdapter[T], number: int, words: tuple[str, str]) -> T:
    """Read a JSON document whose ``schema`` is ``number``; anything else is a :class:`UserError`.

    ``words`` are what the document is called and the mend.
    """
    name, mend = words
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        schema = document["schema"]
        fields = {key: document[key] for key in document if key not in _BESIDE}
        if schema == number:
            return adapter.validate_json(json.dumps(fields))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {printable(str(error), 300)}"
        raise UserError(f"no {name} can be read: {reason}", where=str(path), mend=mend) from None
    raise UserError(
        f"{name} of schema {printable(str(schema), 40)}, not {number}",
        where=str(path),
        mend=f"{mend} with this version",
    )


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
