# SPDX-License-Identifier: GPL-2.0-only
"""Read ``instructions.yaml``: what counts as floating point or vectors on each architecture."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.errors import UserError
from pipeline.toolchains.located import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.validate.disassembly import Instruction

TABLE = Path(__file__).resolve().parent / "instructions.yaml"
_WORDS = re.compile(r"[^][(){},\s@+!-]+")
_DATA = {  # directives that objdump prints, and their bits
    **dict.fromkeys((".word", ".long", ".4byte", ".insn"), 32),
    **dict.fromkeys((".short", ".2byte"), 16),
}

Pattern = Annotated[str, Field(min_length=1, max_length=300)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Word(_Frozen):
    """An instruction that objdump prints as data: ``value`` is what is under the mask."""

    bits: Literal[16, 32]
    mask: int = Field(ge=0, le=0xFFFF_FFFF)
    value: int = Field(ge=0, le=0xFFFF_FFFF)


class Entry(_Frozen):
    """One architecture; the patterns are regular expressions, see the head of the file."""

    same_as: str | None = None
    mnemonics: tuple[Pattern, ...] = ()
    operands: tuple[Pattern, ...] = ()
    lines: tuple[Pattern, ...] = ()
    except_: tuple[Pattern, ...] = Field(default=(), alias="except")
    words: tuple[Word, ...] = ()
    begin: tuple[Pattern, ...] = ()
    end: tuple[Pattern, ...] = ()
    end_lines: tuple[Pattern, ...] = ()
    regions_source: str = ""
    source: str = ""

    @field_validator("mnemonics", "operands", "lines", "except_", "begin", "end", "end_lines")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r}: {error}") from None
        return patterns

    @model_validator(mode="after")
    def _complete(self) -> Self:
        counts = self.mnemonics or self.operands or self.lines
        if (self.same_as is None) != bool(counts and self.source):
            raise ValueError("give same_as, or patterns with their source")
        if bool(self.begin) != bool(self.regions_source):
            raise ValueError("begin and regions_source belong together")
        return self


class _Table(_Frozen):
    architectures: dict[str, Entry] = Field(min_length=1)


class Rule:
    """What counts on one architecture, ready for use; ``source`` says where that is written."""

    def __init__(self, entry: Entry) -> None:
        self.source = " ".join(entry.source.split())
        self.regions_source = entry.regions_source
        self.begin = _any(entry.begin)
        self.end = _any(entry.end)
        self.end_line = _any(entry.end_lines)
        self._mnemonic = _any(entry.mnemonics)
        self._operand = _any(entry.operands)
        self._line = _any(entry.lines)
        self._except = _any(entry.except_)
        self._data = entry.words
        self._known: dict[tuple[str, tuple[str, ...]], bool] = {}

    @property
    def has_regions(self) -> bool:
        """Say whether this kernel lets a module use these instructions anywhere."""
        return bool(self.regions_source)

    def counts(self, instruction: Instruction) -> bool:
        """Say whether an instruction uses floating-point or vector registers or their state."""
        key = instruction.mnemonic, instruction.operands
        known = self._known.get(key)
        if known is None:
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            known = self._known[key] = self._decide(instruction)
        return known

    def _decide(self, instruction: Instruction) -> bool:
        mnemonic, operands = instruction.mnemonic, instruction.operands
        if mnemonic in _DATA:
            return self._is_word(_DATA[mnemonic], operands)
        line = str(instruction)
        named = (word for operand in operands for word in _WORDS.findall(operand))
        found = (
            self._mnemonic.fullmatch(mnemonic)
            or any(map(self._operand.fullmatch, named))
            or self._line.fullmatch(line)
        )
        return bool(found) and not self._except.fullmatch(line)

    def _is_word(self, bits: int, operands: tuple[str, ...]) -> bool:
        """Say whether data is an instruction that this objdump was not told to know."""
        if not self._data or len(operands) != 1:
            return False
        try:
            value = int(operands[0], 16)
        except ValueError:
            return False
        return any(one.bits == bits and value & one.mask == one.value for one in self._data)


_MAX_KNOWN = 100_000


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return one pattern for several; for none, one that matches nothing."""
    return re.compile("|".join(f"(?:{one})" for one in patterns) or r"(?!)")


@functools.cache
def rules(path: Path = TABLE) -> Mapping[str, Rule]:
    """Return the rule of each architecture in the table; a mistake in it is a UserError."""
    document = read(path)
    problems = [f"{line}: {text}" for line, text in document.problems]
    try:
        table = _Table.model_validate(document.data)
    except ValidationError as error:
        problems += [
            f"{document.line(one['loc'])}: {one['msg']}" for one in error.errors(include_url=False)
        ]
    else:
        entries = table.architectures
        problems += [
            f"{document.line(('architectures', name))}: {entry.same_as} has no patterns"
            for name, entry in entries.items()
            if entry.same_as and not (entries.get(entry.same_as) or entry).source
        ]
    if problems:
        raise UserError("\n".join(problems), where=path.name, mend=f"correct {path}")
    return {name: Rule(entries[entry.same_as or name]) for name, entry in entries.items()}
