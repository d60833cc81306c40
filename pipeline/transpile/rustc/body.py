# SPDX-License-Identifier: GPL-2.0-only
"""Read the body of a function: basic blocks, and the instructions of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.transpile.rustc import common
from pipeline.transpile.rustc.instructions import reader
from pipeline.transpile.rustc.ir import Block, Instruction, IrError
from pipeline.transpile.rustc.lexer import name_of
from pipeline.transpile.rustc.parse import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

_LABEL = re.compile(r'^("[^"]*"|[-\w.$]+):')
_LOCATION = re.compile(r", !dbg !(\d+)")


def read_blocks(lines: list[str], types: dict[str, str]) -> tuple[Block, ...]:
    """Read the lines between the braces of a function."""
    blocks: list[Block] = []
    label = ""
    found: list[Instruction] = []
    for line in _whole(lines):
        match = _LABEL.match(line)
        if match:
            if found:
                blocks.append(Block(label, tuple(found)))
            label, found = match[1].strip('"'), []
        else:
            found.append(_instruction(line, types))
    blocks.append(Block(label, tuple(found)))
    return tuple(blocks)


def _whole(lines: list[str]) -> Iterator[str]:
    """Yield lines without what is no instruction; a switch over several lines becomes one."""
    waiting = ""
    for line in lines:
        text = line.strip()
        if waiting:
            waiting += " " + text
            if text.startswith("]"):
                yield waiting
                waiting = ""
        elif text.startswith("switch ") and "]" not in text.rpartition("[")[2]:
            waiting = text
        elif text and not text.startswith((";", "#dbg")):
            yield text


def _instruction(line: str, types: dict[str, str]) -> Instruction:
    match = _LOCATION.search(line)
    location = None
    if match:
        # Behind the location stand other remarks, and nothing of the instruction.
        location, line = int(match[1]), line[: match.start()]
    plain = common.read(line)
    if plain is not None:
        return Instruction(*plain, location)
    at = Cursor(line, types)
    result = ""
    if at.peek().startswith("%") and at.peek(1) == "=":
        result = name_of(at.next())
        at.next()
    op = at.next()
    if op in ("tail", "musttail", "notail"):
        op = at.next()
    try:
        kind, operands, extra = reader(op)(at, op)
    except IrError as error:
        raise IrError(f"{error.construct}, in: {line[:160]}", error.where) from None
    return Instruction(op, result, kind, operands, extra, location)
