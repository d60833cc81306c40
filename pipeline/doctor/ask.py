# SPDX-License-Identifier: GPL-2.0-only
"""Ask a program for its version: bounded, and whatever it does becomes a row."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.doctor.model import Row, older
from pipeline.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.doctor.model import Need

SECONDS = 10.0
_NUMBERS = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+)")
_BRACKETS = re.compile(r"\([^()]*\)")
_LINE = 400


@dataclass(frozen=True)
class Tool:
    """A program to look for on PATH; ``package`` is Debian's, ``arguments`` make it speak."""

    name: str
    needed_for: Need
    package: str
    least: str | None = None
    arch: str | None = None
    arguments: tuple[str, ...] = ("--version",)


class UnansweredError(Exception):
    """The program is there, and does not say its version; the text says what it did instead."""


def examine(tool: Tool) -> Row:
    """Return the row of a program, from the first of its name on PATH."""
    mend = f"Debian: {tool.package}"
    path = shutil.which(tool.name)
    row = Row(tool.name, tool.needed_for, tool.arch, least=tool.least, mend=mend)
    return judge(row, path, *tool.arguments)


def judge(
    row: Row,
    path: str | None,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    pattern: re.Pattern[str] | None = None,
) -> Row:
    """Return ``row`` with what the program at ``path`` (None: nowhere) makes of it.

    ``row.mend`` is kept unless the tool is all right; a program of which no version is asked
    for passes where it ends well, whatever it prints.
    """
    if path is None:
        return replace(row, status="missing")
    row = replace(row, found=str(Path(path).absolute()))
    try:
        version = ask_version(path, *arguments, env=env, pattern=pattern)
    except UnansweredError as error:
        return replace(row, status="broken", mend=f"{error}; {row.mend}")
    if row.least is None or (version is not None and not older(version, row.least)):
        return replace(row, version=version, mend="")
    if version is None:
        return replace(row, status="broken", mend=f"it prints no version; {row.mend}")
    return replace(row, version=version, status="too old")


def ask_version(
    path: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    pattern: re.Pattern[str] | None = None,
) -> str | None:
    """Run a program and return the version on its first line, None where there is none.

    What stands in brackets there is skipped: distributions put versions of their own into it.  A
    ``pattern``, whose first group is the version, is looked for in the whole line.
    Raises :class:`UnansweredError` where the program does not end well within ten seconds.
    """
    asked = " ".join(arguments)
    try:
        result = run([path, *arguments], env=env, timeout=SECONDS)
    except OSError as error:
        raise UnansweredError(f"it cannot be run ({error.strerror})") from None
    if result.timed_out:
        raise UnansweredError(f"no answer to {asked} after {SECONDS:.0f} s")
    if result.exit_status != 0:
        raise UnansweredError(f"{asked} ends with {result.exit_status}")
    first_line = result.output.lstrip().partition("\n")[0][:_LINE]
    match = (
        pattern.search(first_line)
        if pattern is not None
        else _NUMBERS.search(_BRACKETS.sub("", first_line))
    )
    return match[1] if match else None
