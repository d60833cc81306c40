# SPDX-License-Identifier: GPL-2.0-only
"""Run all checks on one file and give a verdict."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pipeline.validate.checks import FAMILIES
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import SHF_ALLOC, SHF_WRITE, SHT_NOBITS
from pipeline.validate.finding import Finding, Severity, Sizes, Skipped, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.validate.reference import Reference

STOPPED = "the check came to no end on these bytes:"
MAX_FINDINGS = 100  # of one check: more say nothing new, and a file could make millions


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
            results = list(_bounded(name, _guarded(name, check(obj, reference))))
            findings += (result for result in results if isinstance(result, Finding))
            skipped += (result for result in results if isinstance(result, Skipped))
            if not results:
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


def _guarded(name: str, results: Iterable[Finding | Skipped]) -> Iterator[Finding | Skipped]:
    """Yield the results of one check; where it gives up on the bytes, that is an error too."""
    try:
        yield from results
    # The second boundary, behind the reader's: a check that stops has proved nothing, and a
    # traceback would take the findings of all others with it.
    except Exception as error:  # noqa: BLE001 - see above
        yield Finding(
            name,
            Severity.ERROR,
            "the whole object",
            f"{STOPPED} {type(error).__name__}: {error}",
            "what it would have found is not known",
            "build the file again; if it is whole, report this as a fault of Ferric",
            "pipeline/validate/judge.py",
        )


def _bounded(name: str, results: Iterable[Finding | Skipped]) -> Iterator[Finding | Skipped]:
    """Yield the results of one check up to the limit, and say so where there are more."""
    remaining = iter(results)
    yield from islice(remaining, MAX_FINDINGS)
    if next(remaining, None) is not None:
        yield Finding(
            name,
            Severity.ERROR,
            "the whole object",
            f"more than {MAX_FINDINGS} findings of this check",
            "only the first ones are listed",
            "mend those first",
            "",
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
