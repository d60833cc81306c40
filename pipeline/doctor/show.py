# SPDX-License-Identifier: GPL-2.0-only
"""The doctor's table; it can be read at 80 columns, without colour and without a terminal."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import colour

if TYPE_CHECKING:
    from pipeline.doctor.model import Diagnosis, Row

_PROJECT = Path(__file__).resolve().parents[2]
_MEND_COLUMNS = 30
_STYLE = {"ok": "green", "missing": "red", "too old": "yellow", "broken": "red"}


def show(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """Print one row for each tool, under it the longer advice, and what follows from it all."""
    console = console or _console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), highlight=False)
    table.add_column("tool", no_wrap=True)
    table.add_column("found", overflow="fold", max_width=11)
    table.add_column("least", max_width=7, overflow="fold")
    table.add_column("for", no_wrap=True)
    table.add_column("where, or what to do", overflow="fold")
    arch = None
    for row in diagnosis.rows:
        if row.arch != arch:
            arch = row.arch
            table.add_section()
            table.add_row(Text(arch or "", style="bold"))
        table.add_row(
            Text(row.name),
            _version(row),
            Text(row.least or ""),
            row.needed_for,
            Text(_where(row)),
        )
    console.print(table)
    for row in diagnosis.rows:
        if len(row.mend) > _MEND_COLUMNS:
            console.print(Text(f"{row.name}: ", style=_STYLE[row.status]).append(row.mend, "none"))
    console.print(Text(diagnosis.summary, style="bold green" if diagnosis.ok else "bold red"))


def _version(row: Row) -> Text:
    """Return the version, and the status in words where it is not good: colour is never alone."""
    words = [word for word in (row.version, "" if row.status == "ok" else row.status) if word]
    return Text(" ".join(words) or "yes", style=_STYLE[row.status])


def _where(row: Row) -> str:
    """Return the folder of a tool that has its own name, another's path, and a short mend."""
    place = ""
    if row.found:
        path = Path(row.found)
        place = _short(path.parent if path.name == row.name else path)
    mend = row.mend if len(row.mend) <= _MEND_COLUMNS else "see below"
    return "; ".join(filter(None, (place, mend if row.mend else "")))


def _short(path: Path) -> str:
    """Return a path inside the project or from ``~``, and the environment of a package."""
    if path == Path(sysconfig.get_path("purelib")):
        path = Path(sys.prefix)
    for base, prefix in ((_PROJECT, Path()), (Path.home(), Path("~"))):
        if path.is_relative_to(base):
            return str(prefix / path.relative_to(base))
    return str(path)


def _console() -> Console:
    # Without a colour system rich writes no escape sequence at all, not even for bold.
    return Console(color_system="auto" if colour(sys.stdout) else None, highlight=False)
