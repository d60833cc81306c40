# SPDX-License-Identifier: GPL-2.0-only
"""Run one check on files that may be hostile: results are bounded, and no exception gets out."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pipeline.validate.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipeline.validate.finding import Skipped

STOPPED = "the check came to no end on these bytes:"
MAX_FINDINGS = 100  # of one check: more say nothing new, and a file could make millions


def results(name: str, check: Callable[[], Iterable[Finding | Skipped]]) -> list[Finding | Skipped]:
    """Return what ``check`` finds, under ``name``: up to a limit, and an error where there is more.

    A check that gives up on the bytes has proved nothing: that is an error, too.
    """
    return list(_bounded(name, _guarded(name, check)))


def _guarded(
    name: str, check: Callable[[], Iterable[Finding | Skipped]]
) -> Iterator[Finding | Skipped]:
    try:
        yield from check()
    # The second boundary, behind the reader's: a traceback would take the findings of all other
    # checks with it.
    except Exception as error:  # noqa: BLE001 - see above
        yield _about_all(
            name,
            f"{STOPPED} {type(error).__name__}: {error}",
            "what it would have found is not known",
            "build the file again; if it is whole, report this as a fault of Ferric",
            "pipeline/validate/guard.py",
        )


def _bounded(name: str, found: Iterator[Finding | Skipped]) -> Iterator[Finding | Skipped]:
    yield from islice(found, MAX_FINDINGS)
    if next(found, None) is not None:
        yield _about_all(
            name,
            f"more than {MAX_FINDINGS} findings of this check",
            "only the first ones are listed",
            "mend those first",
            "",
        )


def _about_all(name: str, evidence: str, meaning: str, mend: str, source: str) -> Finding:
    return Finding(name, Severity.ERROR, "the whole object", evidence, meaning, mend, source)
