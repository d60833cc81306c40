# SPDX-License-Identifier: GPL-2.0-only
"""What came of a boot: one document, and the table that a person sees."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import colour
from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.validate.finding import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

State = Literal["ok", "failed", "skipped"]
FAILURES = 2
_STYLE = {"ok": "green", "failed": "bold red", "skipped": "cyan"}
_COLUMNS = 120
_MOST_TEXT = 400
_MOST_LINES = 60
_STACK = (
    "stack: bytes that the deepest of init and exit took in the running kernel, its functions and "
    "interrupts included; own: the module's part (empty where the function that is called saves "
    "the return address: how deep its caller is does not show then); computed: its deepest chain "
    "of calls by validate (+: a chain goes on through pointers, so several may add up)"
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Report(_Frozen):
    """A fault's lines, and the addresses in them in words."""

    what: str
    lines: tuple[str, ...]
    frames: tuple[str, ...] = ()


class StackUse(_Frozen):
    """The kernel's stack in the deepest ``run`` of a module's init or exit, in bytes.

    ``measured`` is all that was written to, by the kernel's functions and interrupts too (0: too
    little to be seen), ``own`` the module's part of it (None: this architecture does not show it).
    ``computed`` is the deepest chain that ``validate`` sees from there, ``anywhere`` the deepest
    from any function of the module (None: not known); ``open`` is why a run may go deeper than
    ``computed``.
    """

    run: Literal["init", "exit"]
    measured: int
    own: int | None = None
    computed: int | None = None
    anywhere: int | None = None
    open: str = ""


class ModuleResult(_Frozen):
    """One module: how it went, why it failed or was skipped, the seconds of its own steps.

    ``errors`` are the checks of ``validate`` with errors that the reason for a skip does not tell.
    """

    module: str
    state: State
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    seconds: float = 0.0
    stack: tuple[StackUse, ...] = ()
    reports: tuple[Report, ...] = ()


class BootResult(_Frozen):
    """One boot: the kernel's release, the command, the console's log, seconds, each module.

    ``stack_unmeasured`` is why nothing is known of the stack that the modules took.
    """

    schema_: Literal[1] = 1
    arch: str
    transpiler: str
    release: str = ""
    command: str = ""
    log: str = ""
    seconds: float = 0.0
    seconds_to_init: float = 0.0
    stopped: str = ""
    stack_unmeasured: str = ""
    modules: tuple[ModuleResult, ...]

    @property
    def title(self) -> str:
        """Say which boot this is: the architecture, and the transpiler where it is known."""
        return f"{self.arch} ({self.transpiler})" if self.transpiler else self.arch

    @property
    def failed(self) -> bool:
        """Say whether any module failed."""
        return any(one.state == "failed" for one in self.modules)


def write(result: BootResult, path: Path) -> None:
    """Write the document."""
    write_atomic(path, json.dumps(result.model_dump(mode="json"), indent=1) + "\n")


def read(path: Path) -> BootResult:
    """Read a document; :class:`UserError`, with the first thing that is wrong, where it is none."""
    try:
        return BootResult.model_validate_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
    raise UserError(
        f"not the result of a boot: {printable(reason, _MOST_TEXT)}",
        where=str(path),
        mend="remove it and boot again with this version",
    )


def exit_status(results: Sequence[BootResult]) -> int:
    """Return 2 where a module failed, or ``validate`` found an error in one; else 0."""
    modules = [one for result in results for one in result.modules]
    return FAILURES if any(one.state == "failed" or one.errors for one in modules) else 0


def print_boots(results: Sequence[BootResult], console: Console | None = None) -> None:
    """Print the table of all modules and, under it, why each of them failed or was skipped."""
    console = console or _console()
    table = Table(pad_edge=False)
    for heading in ("arch", "transpiler", "kernel", "module", "boot"):
        table.add_column(heading)
    table.add_column("seconds", justify="right")
    table.add_column("stack", justify="right")
    table.add_column("own", justify="right")
    table.add_column("computed", justify="right")
    for result in results:
        for one in result.modules:
            seconds = "" if one.state == "skipped" else f"{one.seconds:.2f}"
            words = [result.arch, result.transpiler, result.release, one.module]
            state = Text(one.state, _STYLE[one.state])
            table.add_row(
                *(Text(printable(word)) for word in words), state, seconds, *_stack(one.stack)
            )
    console.print(table)
    if any(one.stack for result in results for one in result.modules):
        _print(console, _STACK, "dim")
    for result in results:
        for line in _notes(result):
            _print(console, f"{result.title}: {line}", "dim")
    for result in results:
        _print_reasons(console, result)


def _notes(result: BootResult) -> list[str]:
    """Return how long a boot took, and why figures of the stack are not there."""
    lines = [_times(result)] if result.seconds else []
    if result.stack_unmeasured:
        lines.append(f"the stack was not measured: {result.stack_unmeasured}")
    for one in result.modules:
        reasons = sorted({use.open for use in one.stack if use.computed is None})
        lines += [f"{one.module}: no chain of calls is computed: {why}" for why in reasons]
    return lines


def _stack(found: Sequence[StackUse]) -> tuple[str, str, str]:
    """Return the words of the run that took most: bytes in all, the module's own, computed."""
    if not found:
        return "", "", ""
    most = max(found, key=lambda one: one.measured)
    own = "" if most.own is None else str(most.own)
    if most.computed is None or most.anywhere is None:
        return str(most.measured), own, "unknown"
    if most.open:
        return str(most.measured), own, f"{most.anywhere}+"
    return str(most.measured), own, str(most.computed)


def _times(result: BootResult) -> str:
    return f"{result.seconds:.1f} s in QEMU, {result.seconds_to_init:.1f} s of them up to init"


def _print_reasons(console: Console, result: BootResult) -> None:
    """Print skips, those of one reason together, then each failure with its lines."""
    skips: dict[str, list[str]] = {}
    for one in result.modules:
        if one.state == "skipped":
            skips.setdefault("; ".join(one.reasons), []).append(one.module)
    for reason, names in skips.items():
        _print(console, f"skipped {result.title}: {', '.join(names)}: {reason}", "dim")
    for one in result.modules:
        if one.errors:
            text = f"{result.title}: {one.module}: validate found errors: {', '.join(one.errors)}"
            _print(console, text, _STYLE["failed"])
    shown: set[tuple[str, ...]] = set()
    for one in result.modules:
        if one.state == "failed":
            _print(console, f"failed {result.title}: {one.module}", _STYLE["failed"])
            for reason in one.reasons:
                _print(console, f"  {reason}")
            _print_reports(console, [each for each in one.reports if each.lines not in shown])
            shown.update(each.lines for each in one.reports)
    if result.failed:
        _print(console, f"  log: {result.log}")
        _print(console, f"  command: {result.command}", most=10 * _MOST_TEXT)


def _print_reports(console: Console, reports: Sequence[Report]) -> None:
    for report in reports:
        for line in report.lines[:_MOST_LINES]:
            _print(console, f"  | {line}", "dim")
        for frame in report.frames:
            _print(console, f"  > {frame}")


def _print(console: Console, text: str, style: str = "", most: int = _MOST_TEXT) -> None:
    console.print(Text(printable(text, most), style), soft_wrap=True, highlight=False)


def _console() -> Console:
    console = Console(color_system="auto" if colour(sys.stdout) else None)
    return console if console.is_terminal else Console(width=_COLUMNS)
