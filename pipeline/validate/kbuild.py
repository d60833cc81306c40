# SPDX-License-Identifier: GPL-2.0-only
"""Kbuild's ``.<name>.cmd`` files: the commands that made an object and its parts.

Kbuild (scripts/Kbuild.include, ``if_changed``) leaves beside each file the command that made it.
A module is linked from objects and lists of objects, so the files are followed to the compilers'.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import text_start

_MAX_BYTES = 4 << 20
_MAX_FILES = 5000
_WORD = re.compile(r"""(?:[^\s'"\\]|'[^']*'|"(?:[^"\\]|\\.)*"|\\.)+""")
_QUOTES = frozenset("'\"\\")
_COMMAND = re.compile(r"(?:saved)?cmd_(\S+) := (.*)")


@dataclass(frozen=True)
class Compilation:
    """One C file compiled: the ``.cmd`` file that says so, and the words of the command."""

    cmd_file: Path
    words: tuple[str, ...]

    @property
    def records(self) -> bool:
        """Say whether the command makes GCC record its options in the object itself."""
        return "-frecord-gcc-switches" in self.words

    @property
    def debug(self) -> bool:
        """Say whether the command makes GCC write DWARF, where it names its options too."""
        return any(re.fullmatch(r"-g(dwarf.*|gdb|[123])?", word) for word in self.words)


def compilations(path: Path) -> list[Compilation]:
    """Return how Kbuild compiled every C file in the object ``path``; none where it did not."""
    found: list[Compilation] = []
    seen: set[Path] = set()
    waiting = [path]
    while waiting and len(seen) < _MAX_FILES:
        target = waiting.pop()
        if target in seen:
            continue
        seen.add(target)
        cmd_file = target.with_name(f".{target.name}.cmd")
        name, words = _command(cmd_file)
        if "-c" in words and words[-1].endswith(".c"):
            found.append(Compilation(cmd_file, tuple(words)))
        else:
            waiting += _objects(target, name, words)
    return found


def _command(cmd_file: Path) -> tuple[str, list[str]]:
    """Return the target's name and the words of its command; ("", []) where there are none."""
    match = _COMMAND.match(text_start(cmd_file, _MAX_BYTES))
    if match is None:
        return "", []
    try:
        words = _split(match[2])
    except ValueError:
        return "", []
    for end in (";", "&&"):
        words = words[: words.index(end)] if end in words else words
    return match[1], [word.removesuffix(";") for word in words]


def _split(text: str) -> list[str]:
    """Split a command as a shell does; shlex alone takes longer than all checks of a module."""
    if _WORD.sub("", text).strip():
        raise ValueError("a quote that does not end")
    words: list[str] = []
    for word in _WORD.findall(text):
        words += shlex.split(word) if _QUOTES.intersection(word) else [word]
    return words


def _objects(target: Path, name: str, words: list[str]) -> list[Path]:
    """Return the objects that a link command names, directly or in an ``@list``.

    Names are relative to the folder where make ran; the target's own name tells which that is.
    """
    if not name or not str(target.absolute()).endswith(name):
        return []
    base = Path(str(target.absolute()).removesuffix(name) or "/")
    inputs = list(words)
    for word in words:
        if word.startswith("@"):
            inputs += text_start(base / word[1:], _MAX_BYTES).split()
    return [base / word for word in inputs if word.endswith(".o") and word != name]
