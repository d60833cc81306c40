# SPDX-License-Identifier: GPL-2.0-only
"""Build coretests in a way, run each of its tests, and say how it ended."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipeline.programs.small import PANIC_STATUS
from pipeline.run import run
from tests.coretests.source import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.coretests.source import Test

# Of processor time, so that a busy machine changes no verdict; and of time, for what waits.
SECONDS, _LONGEST = 300, 3600.0
_STOPPED = (-signal.SIGXCPU, -signal.SIGKILL)
_TOLD = 300
_BEGINS = re.compile(r"^begins (\d+)$", re.MULTILINE)
_WANTS = re.compile(r"^wants (.*)$", re.MULTILINE)
_PANIC = re.compile(r"^panic: (.*)", re.MULTILINE | re.DOTALL)

Kind = Literal["passed", "failed", "refused", "not built", "not run"]
# Ferric refuses what it knows to be translated wrongly; what is not built, a tool breaks down on.


@dataclass(frozen=True)
class Verdict:
    """How a test ended; ``why`` is empty where it passed."""

    kind: Kind
    why: str = ""


PASSED = Verdict("passed")


def judged(test: Test, output: str, status: int) -> Verdict:
    """Return the verdict of a test by what was written from its beginning to the next one's.

    ``status`` is how the program ended, which counts only where the test did not end.
    """
    if wants := _WANTS.search(output):
        return Verdict("not run", f"wants {wants[1]}")
    if re.search(r"^ended \d+$", output, re.MULTILINE):
        return Verdict("failed", "it did not panic") if test.panics else PASSED
    panic = _PANIC.search(output)
    if panic is None or status != PANIC_STATUS:
        return Verdict("failed", f"ended with status {status}")
    if not test.panics:
        return Verdict("failed", f"panicked: {panic[1].strip()[:_TOLD]}")
    if test.message not in panic[1]:
        return Verdict("failed", f"another panic: {panic[1].strip()[:_TOLD]}")
    return PASSED


def run_all(
    command: Sequence[str], program: Path, tests: Sequence[Test], seconds: int = SECONDS
) -> Iterator[dict[Test, Verdict]]:
    """Run a built program's tests, each once, and yield the verdicts of each start.

    A start runs some tests (``head.rs``); one that ends the program is followed by a new start.
    ``command`` is what the program's path follows: an emulator, or nothing.  ``seconds`` are what a
    test has of processor time.
    """
    data = program.read_bytes()
    if data.count(MARK) != 1:
        why = f"the mark is {data.count(MARK)} times in {program.name}"
        yield dict.fromkeys(tests, Verdict("failed", why))
        return
    at = data.index(MARK) + len(MARK)
    limited = ("prlimit", f"--cpu={seconds}:{seconds}", "--")
    number = 0
    while number < len(tests):
        with program.open("r+b") as stream:
            stream.seek(at)
            stream.write(number.to_bytes(2, "big"))
        done = run([*limited, *command, program], timeout=_LONGEST)
        parts = _BEGINS.split(done.output)[1:]
        ran = {int(n): text for n, text in zip(parts[::2], parts[1::2], strict=True)}
        last = max(ran, default=number)
        verdicts = {
            tests[one]: judged(tests[one], ran.get(one, ""), done.exit_status)
            for one in range(number, last + 1)
        }
        endless = done.timed_out or done.exit_status in _STOPPED
        if endless and not _ended(ran.get(last, "")):
            if last > number:
                # Those before it took their share of the time.
                del verdicts[tests[last]]
                yield verdicts
                number = last
                continue
            why = f"no end after {seconds} s of processor time"
            verdicts[tests[last]] = Verdict("failed", why)
        yield verdicts
        number = last + 1


def _ended(output: str) -> bool:
    return re.search(r"^ended \d+$", output, re.MULTILINE) is not None
