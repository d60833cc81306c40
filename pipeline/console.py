# SPDX-License-Identifier: GPL-2.0-only
"""What a person sees: one short line a step, errors that stand out, colour only on a terminal."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

_RED = "31;1"
_DIM = "2"
_HEADED = re.compile(r"(?:\033\[[\d;]*m)*error\b")


def colour(stream: TextIO) -> bool:
    """Say whether ``stream`` may be coloured: a terminal, and ``NO_COLOR`` is unset or empty."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def error(text: str) -> None:
    """Print an error that is complete for the user; a compiler's own may say so already."""
    head = "" if _HEADED.match(text) else _paint("error:", _RED, sys.stderr) + " "
    print(f"{head}{text}", file=sys.stderr, flush=True)


def step_line(arch: str, crate: str, step: str) -> str:
    """Return the line of one step: the architecture, the crate and what is done to it."""
    return f"{arch:<10} {crate:<16} {step}"


def step(arch: str, crate: str, name: str) -> None:
    """Print the line of one step."""
    print(step_line(arch, crate, name), flush=True)


def note(text: str) -> None:
    """Print something worth knowing that is no error."""
    print(_paint(text, _DIM, sys.stderr), file=sys.stderr, flush=True)


def _paint(text: str, code: str, stream: TextIO) -> str:
    return f"\033[{code}m{text}\033[0m" if colour(stream) else text
