# SPDX-License-Identifier: GPL-2.0-only
"""Run all checks on one file and give a verdict."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline.validate.checks import FAMILIES
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import SHF_ALLOC, SHF_WRITE, SHT_NOBITS
from pipeline.validate.finding import Finding, Sizes, Skipped, Verdict
from pipeline.validate.guard import results

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.validate.reference import Reference


def validate(path: Path, reference: Reference) -> Verdict:
    """Judge the file ``path``; one that cannot be read at all is a :class:`UserError`."""
    return judge(Object.read(path), reference)


def judge(obj: Object, reference: Reference) -> Verdict:
    """Judge an object that has been read."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    passed: list[str] = []
    for checks in FAMILIES.values():
        for name, check in checks.items():
            found = results(name, partial(check, obj, reference))
            findings += (result for result in found if isinstance(result, Finding))
            skipped += (result for result in found if isinstance(result, Skipped))
            if not found:
                passed.append(name)
    return Verdict(
        path=obj.path,
        arch=reference.arch.name,
        sha256=obj.sha256,
        sizes=_sizes(obj),
        findings=tuple(findings),
        skipped=tuple(skipped),
        passed=tuple(passed),
    )


def _sizes(obj: Object) -> Sizes:
    """Return the sizes as size(1) has them: what is not written counts as text."""
    text = data = bss = 0
    for section in obj.sections:
        if not section.flags & SHF_ALLOC:
            continue
        if section.type == SHT_NOBITS:
            bss += section.size
        elif section.flags & SHF_WRITE:
            data += section.size
        else:
            text += section.size
    return Sizes(text, data, bss)
