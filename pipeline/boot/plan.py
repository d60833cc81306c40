# SPDX-License-Identifier: GPL-2.0-only
"""What is done in a booted kernel: the steps of its init, and what each of them is to show.

A crate may have a file ``boot.plan`` beside its ``Cargo.toml``: the steps of ``init/init.c``, one a
line, and after a step any number of lines ``expect TEXT``, each to be in a line that the kernel or
init says during this step, in that order.  Lines that are empty or begin with ``#`` are left out.
A crate without one is loaded and unloaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FILE_NAME = "boot.plan"
_STEPS = frozenset({
    "load", "unload", "try", "mount", "write", "read", "cat", "echo", "repeat", "both", "fails",
})  # fmt: skip
_MOST_LINE = 700  # init.c cuts lines at some more bytes
_MOST_FILE = 1 << 18


@dataclass(frozen=True)
class Step:
    """One line of init's plan; the modules that it tests; texts that are to be seen meanwhile."""

    text: str
    modules: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()


MOUNTS = (
    Step("mount proc /proc"),
    Step("mount sysfs /sys"),
    Step("mount devtmpfs /dev"),
)


def plan_text(steps: Iterable[Step]) -> str:
    """Return the file that init reads."""
    return "".join(f"{step.text}\n" for step in steps)


def read_plan(path: Path, module: str) -> tuple[Step, ...]:
    """Return the steps of a crate's own plan; :class:`UserError` names the line that is wrong."""
    try:
        with path.open("rb") as stream:
            text = stream.read(_MOST_FILE + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the plan cannot be read: {error}", where=str(path)) from None
    if len(text) > _MOST_FILE:
        raise UserError(f"a plan of more than {_MOST_FILE} bytes", where=str(path))
    steps: list[Step] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "expect" and rest and steps:
            steps[-1] = replace(steps[-1], expect=(*steps[-1].expect, rest))
            continue
        if word not in _STEPS or len(line.encode()) > _MOST_LINE or not rest:
            raise UserError(
                f"not a step: {line[:80]}",
                where=f"{path}:{number}",
                mend=f"a step is one of {', '.join(sorted(_STEPS))} with its words; expect TEXT "
                "follows a step",
            )
        steps.append(Step(line, (module,)))
    return tuple(steps)


def make_plan(modules: Sequence[str], own: Mapping[str, Sequence[Step]]) -> tuple[Step, ...]:
    """Return the plan for modules: each by itself, then each two neighbours in both orders.

    ``own`` has the steps of modules that bring a plan; the others are loaded and unloaded.
    """
    steps = [*MOUNTS]
    for name in modules:
        steps += own.get(name) or (Step(f"load {name}", (name,)), Step(f"unload {name}", (name,)))
    for first, second in pairwise(modules):
        for one, other in ((first, second), (second, first)):
            both = (one, other)
            steps += [Step(f"{_load(name, own)}", both) for name in both]
            steps += [Step(f"unload {name}", both) for name in both]
    return tuple(steps)


def _load(name: str, own: Mapping[str, Sequence[Step]]) -> str:
    """Return the step that loads a module, with the parameters of its plan."""
    for step in own.get(name, ()):
        if step.text == f"load {name}" or step.text.startswith(f"load {name} "):
            return step.text
    return f"load {name}"
