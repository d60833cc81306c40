# SPDX-License-Identifier: GPL-2.0-only
"""GCC's ``.su`` files: what ``-fstack-usage`` says of each function's frame.

A line is ``file:line:column:name``, bytes, and one of ``static``, ``dynamic`` and
``dynamic,bounded``, between tabs (GCC manual, "Developer Options").  The name is the C one: static
functions of several files share one, and a clone's name lacks its number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline.files import text_start
from pipeline.validate.kbuild import compilations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_MAX_BYTES = 32 << 20
_LINE = re.compile(r".*:\d+:\d+:(.+)\t(\d{1,15})\t(static|dynamic,bounded|dynamic)")
# gcc/cgraphclones.cc: a clone's symbol ends in its kind and a number, its name in the kind alone.
_NUMBER = re.compile(r"\.\d+$|\.\d+(?=\.)")


class Usage(NamedTuple):
    """What GCC says of one function: bytes, and whether it takes more that only the run decides."""

    size: int
    unbounded: bool


def read(paths: Iterable[Path]) -> dict[str, list[Usage]]:
    """Return what the files say, by the function's C name; lines of another form are left out."""
    found: dict[str, list[Usage]] = {}
    for path in paths:
        for line in text_start(path, _MAX_BYTES).splitlines():
            match = _LINE.fullmatch(line)
            if match:
                usage = Usage(int(match[2]), match[3] == "dynamic")
                found.setdefault(match[1], []).append(usage)
    return found


def usages(known: Mapping[str, Sequence[Usage]], symbol: str) -> Sequence[Usage]:
    """Return what was said of all functions that may be the one called ``symbol``."""
    return known.get(symbol) or known.get(_NUMBER.sub("", symbol)) or ()


def beside(path: Path) -> list[Path]:
    """Return the ``.su`` files of the C files that Kbuild's records name for the object ``path``.

    GCC puts one beside each object: ``.a.o.cmd`` tells of ``a.o``, whose file is ``a.su``.
    """
    found = []
    for compilation in compilations(path):
        name = compilation.cmd_file.name.removeprefix(".").removesuffix(".o.cmd")
        found.append(compilation.cmd_file.with_name(f"{name}.su"))
    return [one for one in found if one.is_file()]


def joined(objects: Iterable[Path], names: Iterable[str]) -> str:
    """Return, as the text of one ``.su`` file, what those beside ``objects`` say of ``names``."""
    wanted = {form for name in names for form in (name, _NUMBER.sub("", name))}
    texts = (text_start(one.with_suffix(".su"), _MAX_BYTES) for one in objects)
    lines = (line for text in texts for line in text.splitlines())
    matches = ((_LINE.fullmatch(line), line) for line in lines)
    return "".join(f"{line}\n" for match, line in matches if match and match[1] in wanted)
