# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison says, as data and as ``differences.json``."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from pipeline.files import write_atomic
from pipeline.validate.finding import Finding, Severity, Skipped, read_document, worst_of

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
MAX_ROWS = 5000  # functions: more than any crate of ours has, and a file could name millions
_STRICT = ConfigDict(extra="forbid", strict=True)
_Bytes = Annotated[int | None, Field(ge=0)]


@dataclass(frozen=True)
class Part:
    """One of the two files: who made it, and its bytes in memory by kind."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    path: Annotated[str, Field(description="The file as it was named.")]
    sha256: Annotated[str, Field(description="The digest of its bytes.")]
    title: Annotated[str, Field(description="Ours, or rustc's target.")]
    sizes: Annotated[dict[str, int], Field(description="Bytes of text, data and rodata.")]


@dataclass(frozen=True)
class FunctionRow:
    """A function: its bytes of code and of stack in each of the files, None where it is not."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    path: Annotated[str, Field(description="Its Rust path, or its name in C.")]
    ours: _Bytes
    native: _Bytes
    our_frame: _Bytes
    native_frame: _Bytes


@dataclass(frozen=True)
class Comparison:
    """All differences between ours and one native build; ``passed`` are what was equal."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    ours: Part
    native: Part
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    passed: tuple[str, ...]
    functions: tuple[FunctionRow, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)


@dataclass(frozen=True)
class Differences:
    """What was compared for one crate; ``skipped`` are native builds that could not be had."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    crate: Annotated[str, Field(description="The crate's name, or that of our file.")]
    arch: Annotated[str, Field(description="The architecture that ours is for.")]
    comparisons: tuple[Comparison, ...]
    skipped: tuple[Skipped, ...]

    @property
    def worst(self) -> Severity | None:
        """The worst severity among all findings, None where there is no finding."""
        return worst_of(one for each in self.comparisons for one in each.findings)


_ADAPTER = TypeAdapter(Differences)


def to_json(differences: Differences) -> str:
    """Return the differences as one JSON document, pure ASCII."""
    document = {"schema": SCHEMA, **dataclasses.asdict(differences), "worst": differences.worst}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def write(differences: Differences, path: Path) -> None:
    """Write ``differences.json``, whole or not at all."""
    write_atomic(path, to_json(differences))


def read(path: Path) -> Differences:
    """Read what :func:`write` wrote; anything else is a :class:`UserError`."""
    return read_document(path, _ADAPTER, SCHEMA, ("differences", "compare again"))
