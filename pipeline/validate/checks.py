# SPDX-License-Identifier: GPL-2.0-only
"""The list of all checks.  A family is one file with a tuple ``CHECKS``, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate import (
    absolute,
    border,
    code,
    flags,
    identity,
    instructions,
    licence,
    modinfo,
    provenance,
    registers,
    relocations,
    sections,
    stack,
    symbols,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipeline.validate.elf import Object
    from pipeline.validate.finding import Finding, Skipped
    from pipeline.validate.reference import Reference

    Check = Callable[[Object, Reference], Iterable[Finding | Skipped]]

FAMILIES: Mapping[str, Mapping[str, Check]] = {
    "identity": identity.CHECKS,
    "provenance": {**provenance.CHECKS, **flags.CHECKS, **registers.CHECKS},
    "symbols": {**symbols.CHECKS, **absolute.CHECKS},
    "relocations": relocations.CHECKS,
    "sections": {**sections.CHECKS, **modinfo.CHECKS},
    "instructions": instructions.CHECKS,
    "stack": stack.CHECKS,
    "code": code.CHECKS,
    "border": border.CHECKS,
    "licence": licence.CHECKS,
}
