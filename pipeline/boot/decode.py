# SPDX-License-Identifier: GPL-2.0-only
"""Addresses of a kernel's report in words: which Rust function, which file and line.

The kernel writes ``symbol+0xoffset/0xsize [module]`` (Documentation/core-api/printk-formats.rst,
"%pS"); the module's own symbol table and line table say the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.names import readable
from pipeline.run import run
from pipeline.validate.elf import Object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain

_PLACE = re.compile(
    r"(?P<symbol>[\w.$]+)\+0x(?P<offset>[0-9a-f]+)/0x(?P<size>[0-9a-f]+) \[(?P<module>\w+)\]"
)
# Where the machine was, and not where it will return to (show_regs of each architecture).
_EXACT = re.compile(r"\b(?:PC|pc|RIP|PC is at|pc is at|IAOQ\[0\]|Krnl PSW)\b")
_MOST = 64
_SECONDS = 60.0


@dataclass(frozen=True)
class Frame:
    """One address: what the kernel wrote, the function's Rust path, its lines (innermost first)."""

    text: str
    function: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        places = " in ".join(self.lines) or "no line is known"
        return f"{self.text}: {self.function}, {places}"


def decode(
    lines: Iterable[str], modules: Mapping[str, Path], toolchain: Toolchain
) -> tuple[Frame, ...]:
    """Return the addresses in ``lines`` that are in ``modules`` (files by name), in order.

    At most 64 are looked up; an address that a file does not have is left out.
    """
    objects: dict[str, Object] = {}
    frames: dict[str, Frame] = {}
    for line in lines:
        for match in _PLACE.finditer(line):
            path = modules.get(match["module"])
            if path is None or match[0] in frames or len(frames) == _MOST:
                continue
            try:
                obj = objects.setdefault(match["module"], Object.read(path))
            except UserError:
                continue
            frame = _frame(match, obj, toolchain, exact=bool(_EXACT.search(line)))
            if frame is not None:
                frames[match[0]] = frame
    return tuple(frames.values())


def _frame(match: re.Match[str], obj: Object, toolchain: Toolchain, *, exact: bool) -> Frame | None:
    name = match["symbol"]
    found = [one for one in obj.symbols if one.name == name and one.section is not None]
    if not found:
        return None
    size = int(match["size"], 16)
    symbol = min(found, key=lambda one: abs(one.size - size))
    # A return address is behind the call, and may be on the next line.
    offset = symbol.value + int(match["offset"], 16) - (0 if exact else 1)
    section = obj.sections[symbol.section or 0].name
    return Frame(match[0], readable(name), _lines(obj, section, max(0, offset), toolchain))


def _lines(obj: Object, section: str, offset: int, toolchain: Toolchain) -> tuple[str, ...]:
    """Return ``function at file:line`` for an address, what was inlined first."""
    tool = toolchain.tool("addr2line")
    argv = [str(tool), "-e", str(obj.path), "-j", section, "-f", "-i", f"{offset:#x}"]
    result = run(argv, timeout=_SECONDS)
    if result.timed_out or result.exit_status:
        return ()
    words = result.output.splitlines()
    pairs = zip(words[::2], words[1::2], strict=False)
    return tuple(
        f"{readable(function)} at {place}" for function, place in pairs if "?" not in place
    )
