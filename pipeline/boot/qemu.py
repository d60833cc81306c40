# SPDX-License-Identifier: GPL-2.0-only
"""Run a machine: QEMU without input, its console into a log and to a listener, line by line.

It always comes to an end: after a time without output, after a time in all, after too much output,
when we are interrupted; whatever QEMU started ends with it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pipeline.errors import ToolError, pasteable
from pipeline.run import verbose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MOST_LINE = 4096  # bytes of one line that are looked at; the log has them all
MOST_LOG = 32 << 20
_CHUNK = 65536
_GRACE = 5.0


@dataclass(frozen=True)
class Limits:
    """Seconds: without a line, in all, and from the end of the plan to the end of QEMU."""

    silence: float = 120.0
    total: float = 900.0
    grace: float = _GRACE


class Listener(Protocol):
    """Who is told each line, knows when nothing more is to come, and what is under way."""

    ended: bool

    def feed(self, raw: str, now: float) -> None:
        """Take a line and when it came."""

    def where(self) -> str:
        """Say what is under way."""


@dataclass(frozen=True)
class Run:
    """How a machine ended: ``stopped`` says why we ended it, empty where it ended by itself."""

    seconds: float
    stopped: str
    exit_status: int


def run_machine(
    argv: Sequence[str],
    log: Path,
    listener: Listener,
    limits: Limits,
    clock: Callable[[], float] = time.monotonic,
) -> Run:
    """Run QEMU to its end and return how it ended; the console goes to ``log`` as it comes.

    Raises :class:`~pipeline.errors.ToolError` where QEMU itself fails before the kernel speaks.
    """
    if verbose():
        print(pasteable(argv), file=sys.stderr, flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    began = clock()
    with (
        log.open("wb") as file,
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe, said two lines above
            lines = _Lines(listener, clock)
            watch = _Watch(limits, listener, began)
            stopped = _follow(process.stdout.fileno(), file.write, lines, watch, clock)
        finally:
            # Also on Ctrl-C; where QEMU has ended there is nobody to be killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    status = process.returncode
    if not stopped and status > 0:
        tail = log.read_bytes()[-2000:].decode("utf-8", "replace").rstrip()
        raise ToolError("QEMU fails", argv=argv, log=log, exit_status=status, tail=tail)
    return Run(clock() - began, stopped, status)


class _Watch:
    """Knows when to stop, and why."""

    def __init__(self, limits: Limits, listener: Listener, began: float) -> None:
        self._limits = limits
        self._listener = listener
        self._total = began + limits.total
        self._silent = began + limits.silence
        self._grace: float | None = None

    def heard(self, now: float) -> None:
        """Note that there was output."""
        self._silent = now + self._limits.silence
        if self._listener.ended and self._grace is None:
            self._grace = now + self._limits.grace

    def left(self, now: float) -> float:
        """Return the seconds until something is to be done."""
        ends = [self._total, self._silent, *([] if self._grace is None else [self._grace])]
        return max(0.0, min(ends) - now)

    def reason(self, now: float) -> str:
        """Return why to stop now, empty to go on."""
        if self._grace is not None and now >= self._grace:
            return "the plan has ended and the machine is still on"
        if now >= self._total:
            return f"no end after {self._limits.total:.0f} s, {self._listener.where()}"
        if now >= self._silent:
            return f"no output for {self._limits.silence:.0f} s, {self._listener.where()}"
        return ""


class _Lines:
    """Cuts bytes into lines; one without an end does not fill our memory."""

    def __init__(self, listener: Listener, clock: Callable[[], float]) -> None:
        self._listener = listener
        self._clock = clock
        self._rest = b""
        self._cut = False

    def take(self, data: bytes) -> None:
        *whole, rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._tell(line)
        self._rest = rest
        if len(rest) > MOST_LINE:
            self._tell(rest)
            self._rest, self._cut = b"", True

    def end(self) -> None:
        if self._rest:
            self._tell(self._rest)

    def _tell(self, line: bytes) -> None:
        cut, self._cut = self._cut, False
        if not cut:  # the start of this line was told already
            self._listener.feed(line[:MOST_LINE].decode("utf-8", "replace"), self._clock())


def _follow(
    stream: int,
    write: Callable[[bytes], object],
    lines: _Lines,
    watch: _Watch,
    clock: Callable[[], float],
) -> str:
    """Follow the console to its end; return why it was left before, empty where it was not."""
    written = 0
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not (reason := watch.reason(clock())):
            if not selector.select(watch.left(clock())):
                continue
            data = os.read(stream, _CHUNK)
            if not data:
                break
            write(data[: max(0, MOST_LOG - written)])
            written += len(data)
            lines.take(data)
            watch.heard(clock())
            if written > MOST_LOG:
                reason = f"more than {MOST_LOG >> 20} MiB of output"
                break
    lines.end()
    return reason
