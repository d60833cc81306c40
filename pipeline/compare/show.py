# SPDX-License-Identifier: GPL-2.0-only
"""Differences on a terminal: a table with a line for each native build, then what differs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import colour
from pipeline.validate.finding import Severity, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.compare.difference import Comparison, Differences
    from pipeline.validate.finding import Finding

_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_COLUMNS = 120
_LIMIT = 400
_FUNCTIONS = 10


def print_differences(
    documents: Sequence[Differences], *, notes: bool = False, console: Console | None = None
) -> None:
    """Print what differs; with ``notes`` also what is explained, and the largest functions."""
    console = console or _console()
    for document in documents:
        for each in document.comparisons:
            _print_comparison(console, document, each, notes=notes)
        for skip in document.skipped:
            line = f"skipped {skip.check}: {skip.reason} ({document.arch} {document.crate})"
            _print(console, Text(printable(line, _LIMIT), "dim"))
    console.print(_table(documents))


def _print_comparison(
    console: Console, document: Differences, each: Comparison, *, notes: bool
) -> None:
    where = f"{document.arch} {document.crate} beside {each.native.title}"
    for severity in reversed(Severity):
        for finding in each.findings:
            if finding.severity is severity and (notes or severity is not Severity.NOTE):
                _print_finding(console, where, finding)
    for skip in each.skipped:
        line = f"skipped {skip.check}: {skip.reason} ({where})"
        _print(console, Text(printable(line, _LIMIT), "dim"))
    if notes:
        console.print(_functions(each))


def _print_finding(console: Console, where: str, finding: Finding) -> None:
    head = Text(printable(finding.severity), _STYLE[finding.severity])
    head.append(f" {printable(finding.check)}", "bold")
    head.append(f" {printable(where)}: {printable(finding.place, _LIMIT)}: ")
    head.append(printable(finding.evidence, _LIMIT))
    _print(console, head)
    if finding.severity is not Severity.NOTE:
        for label in ("meaning", "mend", "source"):
            text = getattr(finding, label)
            if text:
                _print(console, Text(f"  {label}: {printable(text, _LIMIT)}"))


def _functions(each: Comparison) -> Table:
    """Return the table of our largest functions that the native build has, too."""
    table = Table(pad_edge=False, title="bytes of code and of stack", title_justify="left")
    table.add_column("function")
    for heading in ("ours", "native", "ratio", "our frame", "native frame"):
        table.add_column(heading, justify="right")
    rows = [row for row in each.functions if row.ours is not None and row.native]
    for row in rows[:_FUNCTIONS]:
        table.add_row(
            Text(printable(row.path, 60)),
            str(row.ours),
            str(row.native),
            f"{(row.ours or 0) / (row.native or 1):.2f}",
            *("" if size is None else str(size) for size in (row.our_frame, row.native_frame)),
        )
    return table


def _table(documents: Sequence[Differences]) -> Table:
    table = Table(pad_edge=False)
    for heading in ("arch", "crate", "beside"):
        table.add_column(heading)
    for heading in ("text", "data", "rodata", "equal", "skipped", "notes", "warnings", "errors"):
        table.add_column(heading, justify="right")
    for document in documents:
        for each in document.comparisons:
            sizes = each.ours.sizes, each.native.sizes
            table.add_row(
                printable(document.arch),
                Text(printable(document.crate)),
                Text(printable(each.native.title)),
                *(f"{sizes[0][kind]}/{sizes[1][kind]}" for kind in ("text", "data", "rodata")),
                str(len(each.passed)),
                str(len(each.skipped)),
                *(_count(each, severity) for severity in reversed(Severity)),
            )
    return table


def _count(each: Comparison, severity: Severity) -> Text:
    number = each.count(severity)
    return Text(str(number), _STYLE[severity] if number else "")


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def _console() -> Console:
    console = Console(color_system="auto" if colour(sys.stdout) else None)
    return console if console.is_terminal else Console(width=_COLUMNS)
