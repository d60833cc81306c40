# SPDX-License-Identifier: GPL-2.0-only
"""Run foreign tools: every command can be pasted, is bounded in time, and leaves its whole log."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import IO, TYPE_CHECKING

from pipeline.errors import ToolError, pasteable
from pipeline.files import held_locks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 12
MAX_OUTPUT = 512 << 20
_MAX_LINE = 16 << 20


@dataclass(frozen=True)
class Result:
    """How a command ended: its status (negative: signal), output (both streams), and time-out."""

    argv: tuple[str, ...]
    exit_status: int
    output: str
    timed_out: bool


def verbose() -> bool:
    """Say whether pasteable commands are to be echoed: ``FERRIC_VERBOSE`` is set and not 0."""
    return os.environ.get("FERRIC_VERBOSE", "0") not in {"", "0"}


def run(
    argv: Sequence[str | Path],
    *,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 600.0,
    stdin: bytes | None = None,
    keep: Callable[[bytes], bool] | None = None,
) -> Result:
    """Run ``argv`` to its end and return how it ended; a bad exit is the caller's to judge.

    ``env`` is added to the environment, ``log`` gets both output streams, ``timeout`` is in
    seconds.  ``keep`` says which lines of the output are kept at all; without ``stdin`` only.
    At the time-out and when we are interrupted, the command and all its children are killed:
    nothing goes on writing behind our back.
    """
    words = [str(word) for word in argv]
    if verbose():
        print(pasteable(words, cwd=cwd, env=env), file=sys.stderr, flush=True)
    environment = {**os.environ, "LC_ALL": "C", **(env or {})}
    # The output goes to a file: a tool that floods it fills no memory of ours.
    with (
        tempfile.TemporaryFile() as spool,
        subprocess.Popen(
            words,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=spool if keep is None else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Where only we are killed, the place that the command works in stays locked.
            pass_fds=held_locks(),
        ) as process,
    ):
        timed_out = False
        try:
            if keep is not None:
                _sieve(process, spool, keep, timeout)
            else:
                _wait(process, timeout) if stdin is None else process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            _kill_group(process)
            process.wait()
        except BaseException:
            _kill_group(process)
            raise
        text = _read(spool)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"$ {pasteable(words, cwd=cwd, env=env)}\n{text}", encoding="utf-8")
    return Result(tuple(words), process.returncode, text, timed_out)


def check(
    argv: Sequence[str | Path],
    what: str,
    *,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 600.0,
    mend: str = "",
) -> str:
    """Run ``argv``, return its output; raise :class:`ToolError` (``what`` leads) if it failed."""
    result = run(argv, log=log, cwd=cwd, env=env, timeout=timeout)
    if result.timed_out:
        what = f"{what}: no end after {timeout:.0f} s, killed"
    elif result.exit_status == 0:
        return result.output
    raise ToolError(
        what,
        argv=result.argv,
        log=log,
        exit_status=result.exit_status,
        tail="\n".join(result.output.splitlines()[-TAIL_LINES:]),
        cwd=cwd,
        env=env,
        mend=mend,
    )


def _wait(process: subprocess.Popen[bytes], timeout: float) -> None:
    """Wait for a command's end: ``Popen.wait`` looks up to 50 ms late.

    Raises ``TimeoutExpired`` as that does.
    """
    with contextlib.suppress(OSError):  # before Linux 5.3: pidfd_open(2)
        descriptor = os.pidfd_open(process.pid)
        try:
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            if not ended.poll(timeout * 1000):
                raise subprocess.TimeoutExpired(process.args, timeout)
        finally:
            os.close(descriptor)
    process.wait(timeout)


def _sieve(
    process: subprocess.Popen[bytes],
    spool: IO[bytes],
    keep: Callable[[bytes], bool],
    timeout: float,
) -> None:
    """Write the lines to be kept into the spool, until the command ends."""
    failed: list[OSError] = []

    def read(output: IO[bytes]) -> None:
        try:
            for line in iter(partial(output.readline, _MAX_LINE), b""):
                if keep(line):
                    spool.write(line)
        except OSError as error:
            # Nobody reads what the command goes on writing: it would wait for ever.
            failed.append(error)
            _kill_group(process)

    reader = Thread(target=read, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        _wait(process, timeout)
    except BaseException:
        _kill_group(process)
        raise
    finally:
        reader.join()
    if failed:
        raise failed[0]


def _read(spool: IO[bytes]) -> str:
    """Return what a command printed: all of it, or the end where that is more than the limit."""
    size = spool.seek(0, os.SEEK_END)
    spool.seek(max(0, size - MAX_OUTPUT))
    return spool.read().decode("utf-8", errors="replace")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads its own session, with everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
