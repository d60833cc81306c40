# SPDX-License-Identifier: GPL-2.0-only
"""What the console of a kernel says of a plan, judged line by line as it comes.

The judge is told each line and when it came.  It follows init's KTAP, the KTAP of modules (lines
that begin with the module's name, as ``selftest: ok 1 …``), and every sign of a fault; each fault
belongs to the step that was under way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.boot.faults import fault, unexpected_taint
from pipeline.boot.ktap import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.boot.plan import Step

END = "# the plan has ended"
BEFORE, AFTER = 4, 60
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
# Time and caller as CONFIG_PRINTK_TIME and CONFIG_PRINTK_CALLER put them before a message.
_STAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
_MODULE = re.compile(r"(?P<name>[A-Za-z0-9_]+): (?P<rest> *(?:KTAP|TAP|\d|ok|not ok|# Sub|Bail).*)")
_TAINT = re.compile(r"# tainted (\d+)")


@dataclass(frozen=True)
class Fault:
    """A sign that something is wrong: what, and the lines around it."""

    what: str
    lines: tuple[str, ...]


@dataclass
class StepOutcome:
    """How a step went: None while it is not known; its lines, its faults, its seconds."""

    step: Step
    ok: bool | None = None
    diagnostic: str = ""
    lines: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seconds: float = 0.0

    def failures(self) -> list[str]:
        """Return why the step failed, in words; nothing where it did not."""
        found = [f"{one.what}: {_telling(one)}" for one in self.faults]
        if self.ok is None:
            found.append(f"“{self.step.text}” did not come to its end")
        elif not self.ok:
            found.append(f"“{self.step.text}” failed: {self.diagnostic or 'no reason given'}")
        found += [f"nothing said “{text}”" for text in _unseen(self.step.expect, self.lines)]
        return found


def clean(raw: str) -> str:
    """Return a line of the console without terminal controls and the kernel's time stamp."""
    return _STAMP.sub("", _ESCAPE.sub("", raw).rstrip())


class Judge:
    """Follows one boot; :attr:`outcomes` are its steps, :attr:`faults` what came before them."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.outcomes = [StepOutcome(step) for step in steps]
        self.faults: list[Fault] = []
        self.lines: list[str] = []
        self.ended = False
        self._init = Parser()
        self._modules: dict[str, Parser] = {}
        self.began = 0.0  # when init began, 0 while it has not
        self._began = 0.0
        self._at = -1  # the step under way; -1: the kernel boots
        # What was seen, and at which line, by the step that was under way.
        self._marks: dict[int, list[tuple[str, int]]] = {}

    def feed(self, raw: str, now: float) -> None:
        """Take one line of the console, which came ``now`` (seconds of any clock)."""
        line = clean(raw)
        if self.ended:
            return  # what a machine says when it is switched off is no fault of a module
        self.lines.append(line)
        if 0 <= self._at < len(self.outcomes):
            self.outcomes[self._at].lines.append(line)
        if line == END:
            self.ended = True
        elif self._at < 0 and line == "KTAP version 1":
            self._at, self.began, self._began = 0, now, now
            self._init.feed(line)
        elif not self._module_line(line) and self._at >= 0:
            self._init_line(line, now)
        self._look(line)

    def where(self) -> str:
        """Say what was under way, for one who ends the machine."""
        if self.ended:
            return "after the last step"
        if self._at < 0:
            last = next((line for line in reversed(self.lines) if line), "")
            return f"before init began; the last line is “{last}”" if last else "without a word"
        if self._at < len(self.outcomes):
            step = self.outcomes[self._at].step.text
            return f"in step {self._at + 1} of {len(self.outcomes)}, “{step}”"
        return "after the last step"

    def end(self) -> None:
        """Say that the machine is off: what is missing now never comes."""
        self._finish_faults()
        for name, parser in self._modules.items():
            parser.end()
            for document in parser.documents:
                for text in document.failures():
                    self._blame(name, Fault(f"{name} reports", (text,)))
        self._init.end()
        if any(one.ok is None for one in self.outcomes):
            return  # that results are missing is told with the step that was under way
        for document in self._init.documents:
            for text in document.problems:
                self.faults.append(Fault("init", (text,)))

    def _init_line(self, line: str, now: float) -> None:
        result = self._init.feed(line)
        if result is None or self._at >= len(self.outcomes):
            return
        outcome = self.outcomes[self._at]
        outcome.ok, outcome.diagnostic = result.ok, result.diagnostic
        outcome.seconds, self._began = now - self._began, now
        self._at += 1

    def _module_line(self, line: str) -> bool:
        """Give a line of a module's KTAP to its parser; say whether it was one."""
        match = _MODULE.match(line)
        if match is None or not 0 <= self._at < len(self.outcomes):
            return False
        if match["name"] not in self.outcomes[self._at].step.modules:
            return False
        self._modules.setdefault(match["name"], Parser()).feed(match["rest"])
        return True

    def _look(self, line: str) -> None:
        """Note a fault that the line tells of."""
        taint = _TAINT.fullmatch(line)
        letters = unexpected_taint(int(taint[1])) if taint else ""
        what = f"taint {letters}" if letters else fault(line)
        # Our own lines quote: what init shows of a file, and texts of the plan.
        if (
            not what
            or (line.startswith("# ") and not letters)
            or line.startswith(("ok ", "not ok"))
        ):
            return
        known = self._current()
        at = len(self.lines) - 1
        if known and at - known[-1][1] <= AFTER:
            return  # a line of the same report
        known.append((what, at))

    def _current(self) -> list[tuple[str, int]]:
        return self._marks.setdefault(min(self._at, len(self.outcomes) - 1), [])

    def _finish_faults(self) -> None:
        for step, marks in self._marks.items():
            faults = self.faults if step < 0 else self.outcomes[step].faults
            for what, at in marks:
                faults.append(Fault(what, tuple(self.lines[max(0, at - BEFORE) : at + AFTER])))

    def _blame(self, module: str, one: Fault) -> None:
        """Note a fault in the first step that tests only this module, else in the first at all."""
        having = [each for each in self.outcomes if module in each.step.modules]
        having.sort(key=lambda each: len(each.step.modules))
        (having[0].faults if having else self.faults).append(one)


def _unseen(texts: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Return the texts that are in no line, or only in one before that of an earlier text."""
    at, missing = 0, []
    for text in texts:
        found = next((i for i in range(at, len(lines)) if text in lines[i]), None)
        if found is None:
            missing.append(text)
        else:
            at = found + 1
    return missing


def _telling(one: Fault) -> str:
    """Return the line of a fault that says what it is."""
    return next((line for line in one.lines if fault(line)), one.lines[-1] if one.lines else "")
