# SPDX-License-Identifier: GPL-2.0-only
"""The table at the end of a build: one line for each module, then each error with its mend."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import colour
from pipeline.report.repaired import repaired_lines
from pipeline.validate.finding import Finding, Severity, printable, read, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.validate.finding import Verdict

_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_NO_TERMINAL_COLUMNS = 120
_LIMIT = 400
_MOST = 6  # places of one rule that are shown


def read_all(paths: Iterable[Path]) -> list[Verdict]:
    """Read several findings.json (``build/<arch>/<crate>/findings.json``), sorted by place."""
    return [read(path) for path in sorted(paths)]


class Judged(Protocol):
    """A verdict, or anything else that findings say something of."""

    @property
    def worst(self) -> Severity | None:
        """The worst severity among the findings, None where there is no finding."""


def exit_status(verdicts: Iterable[Judged], *, strict: bool = False) -> int:
    """Return 2 where any verdict has an error, 1 for warnings where ``strict``, otherwise 0."""
    found = {verdict.worst for verdict in verdicts}
    if Severity.ERROR in found:
        return 2
    return 1 if strict and Severity.WARNING in found else 0


def print_summary(verdicts: Sequence[Verdict], console: Console | None = None) -> None:
    """Print the table of all modules; under it mrustc's faults, skips, every error and warning.

    Colour only on a terminal and without ``NO_COLOR``; that is rich's own rule.
    """
    console = console or _console()
    table = Table(pad_edge=False)
    for heading in ("arch", "module"):
        table.add_column(heading)
    for heading in ("text", "data", "bss", "passed", "skipped", "notes", "warnings", "errors"):
        table.add_column(heading, justify="right")
    for verdict in verdicts:
        table.add_row(
            printable(verdict.arch),
            Text(printable(verdict.path.name)),
            *(str(size) for size in (verdict.sizes.text, verdict.sizes.data, verdict.sizes.bss)),
            str(len(verdict.passed)),
            str(len(verdict.skipped)),
            *(_count(verdict, severity) for severity in reversed(Severity)),
        )
    console.print(table)
    for text in repaired_lines(verdicts):
        _print(console, text)
    for line in _skips(verdicts):
        _print(console, Text(line, "dim"))
    for places in _alike(verdicts):
        _print_group(console, places)


def print_verdict(verdict: Verdict, console: Console | None = None) -> None:
    """Print everything about one file: a table of the families, what was skipped, each finding.

    The worst findings come last, where the eye is when the text has stopped moving.
    """
    console = console or _console()
    for group in reversed(_alike([verdict], least=Severity.NOTE)):
        _print_group(console, group)
    reasons: dict[str, list[str]] = {}
    for skip in verdict.skipped:
        reasons.setdefault(skip.reason, []).append(skip.check)
    for reason, checks in reasons.items():
        _print(console, Text(f"skipped {printable(some(checks, 20))}: {_cut(reason)}", "dim"))
    console.print(_families(verdict))
    for text in repaired_lines([verdict]):
        _print(console, text)
    counts = ", ".join(f"{verdict.count(severity)} {severity}s" for severity in Severity)
    name = printable(str(verdict.path))
    _print(
        console,
        Text(
            f"{name} ({verdict.arch}): {counts}, {len(verdict.skipped)} skipped, "
            f"{len(verdict.passed)} checks passed"
        ),
    )


def _families(verdict: Verdict) -> Table:
    """Return the table of one file: a line for each family of checks."""
    table = Table(pad_edge=False)
    table.add_column("family")
    for heading in ("passed", "skipped", "notes", "warnings", "errors"):
        table.add_column(heading, justify="right")
    findings = verdict.findings
    names = dict.fromkeys(
        name.partition(".")[0]
        for name in (
            *verdict.passed,
            *(skip.check for skip in verdict.skipped),
            *(finding.check for finding in findings),
        )
    )
    for family in sorted(names):
        start = f"{family}."
        of_family = replace(
            verdict, findings=tuple(one for one in findings if one.check.startswith(start))
        )
        table.add_row(
            printable(family),
            str(sum(name.startswith(start) for name in verdict.passed)),
            str(sum(skip.check.startswith(start) for skip in verdict.skipped)),
            *(_count(of_family, severity) for severity in reversed(Severity)),
        )
    return table


def _skips(verdicts: Iterable[Verdict]) -> list[str]:
    """Return one line for each check that was skipped and each reason, with the modules."""
    modules: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        for skip in verdict.skipped:
            name = f"{verdict.arch} {verdict.path.name}"
            modules.setdefault((skip.check, skip.reason), []).append(name)
    return [
        f"skipped {printable(check)}: {_cut(reason)} ({printable(some(names))})"
        for (check, reason), names in modules.items()
    ]


def _alike(
    verdicts: Iterable[Verdict], least: Severity = Severity.WARNING
) -> list[list[tuple[str, Finding]]]:
    """Return the findings from the worst down to ``least``, those of one rule together.

    They differ in module, place and evidence; what they mean and how to mend them is the same.
    """
    ranks = {severity: rank for rank, severity in enumerate(Severity)}
    groups: dict[Finding, list[tuple[str, Finding]]] = {}
    for verdict in verdicts:
        for finding in verdict.findings:
            if ranks[finding.severity] <= ranks[least]:
                name = f"{verdict.arch} {verdict.path.name}"
                rule = replace(finding, place="", evidence="")
                groups.setdefault(rule, []).append((name, finding))
    return sorted(groups.values(), key=lambda group: ranks[group[0][1].severity])


def _print_group(console: Console, group: Sequence[tuple[str, Finding]]) -> None:
    """Print the findings of one rule: where and what of the first ones, the rest once."""
    name, finding = group[0]
    if len(group) == 1:
        _print_finding(console, name, finding)
        return
    head = Text(printable(finding.severity), _STYLE[finding.severity])
    head.append(f" {printable(finding.check)}", "bold")
    _print(console, head)
    places: dict[tuple[str, str], list[str]] = {}
    for module, one in group:
        places.setdefault((module, one.evidence), []).append(one.place)
    for (module, evidence), found in list(places.items())[:_MOST]:
        _print(console, Text(f"  {printable(module)}: {printable(some(found))}: {_cut(evidence)}"))
    if len(places) > _MOST:
        _print(console, Text(f"  and {len(places) - _MOST} more: findings.json has them all"))
    _print_texts(console, finding)


def _print_finding(console: Console, name: str, finding: Finding) -> None:
    """Print one finding: where and what, then what it means and what to do."""
    head = Text(printable(finding.severity), _STYLE[finding.severity])
    head.append(f" {printable(finding.check)}", "bold")
    head.append(f" {printable(name)}: {_cut(finding.place)}: {_cut(finding.evidence)}")
    _print(console, head)
    _print_texts(console, finding)


def _print_texts(console: Console, finding: Finding) -> None:
    for label, text in (
        ("means", finding.meaning),
        ("mend", finding.mend),
        ("source", finding.source),
    ):
        if text:
            _print(console, Text(f"  {label}: {_cut(text)}"))


def _count(verdict: Verdict, severity: Severity) -> Text:
    """Return the number of findings, coloured where it is not 0."""
    number = verdict.count(severity)
    return Text(str(number), _STYLE[severity] if number else "")


def _cut(text: str) -> str:
    return printable(text, _LIMIT)


def _print(console: Console, text: Text) -> None:
    """Print one line as it is: no markup, no wrapping, no highlighting."""
    console.print(text, soft_wrap=True, highlight=False)


def _console() -> Console:
    """Return a console on standard output; where that is no terminal, of a fixed width.

    Under ``NO_COLOR`` rich still writes bold and dim: it is given no colours at all.
    """
    console = Console(color_system="auto" if colour(sys.stdout) else None)
    return console if console.is_terminal else Console(width=_NO_TERMINAL_COLUMNS)
