# SPDX-License-Identifier: GPL-2.0-only
"""Big-endian constants: a second run of mrustc for a little-endian twin of the target.

mrustc 0.12 computes constants in the memory of the target, and takes some values (floating point,
``char``, what ``match`` looks at) in the byte order of the machine that it runs on.  So a crate for
a big-endian target goes through it twice, for the target and for one with the same layout and the
other byte order, where all of that is right.  A number in one C file must be the same in the other,
and bytes must be mirrored, number by number.  Where they are not, the twin's value is written,
unless the source may legitimately ask for byte order: then the crate is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pipeline.errors import UserError
from pipeline.transpile.constants.bodies import (
    HASHED,
    NUMBERED,
    Function,
    Unequal,
    functions,
    unequal,
)
from pipeline.transpile.constants.layout import Types, UnknownTypeError
from pipeline.transpile.constants.statics import OtherFormError, Static, declared, initialised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.transpile.constants.source import Sources
    from pipeline.transpile.mrustc import Job

FOLDER: Final = "twin"
_BIG: Final = "is-big-endian = true"
_LITTLE: Final = "is-big-endian = false"
_POINTER = re.compile(r"^pointer-bits = (\d+)$", re.MULTILINE)
_GENERIC = re.compile(r"V(\d+)_([0-9a-f]+)")
_EVALUATED = re.compile(r"Evaluated\(([0-9A-F]+)\{")
_WIDE = re.compile(r"\b(?:0x[0-9a-f]{3,}|\d{4,}|\d\.\d+e)")
_SWAP: Final = "bswap"
_OF_ONE_UNIT = re.compile(f"{HASHED.pattern}|{NUMBERED.pattern}")
_MEND: Final = (
    "mrustc may have it in the wrong byte order; compute it at run time, write it as a literal, or "
    "use transpiler=rustc"
)


def is_big_endian(target: str) -> bool:
    """Say whether mrustc's target file is one of a big-endian machine."""
    return _BIG in target


def little_endian(target: str) -> str:
    """Return the target file of the little-endian twin."""
    return target.replace(_BIG, _LITTLE)


def pointer_bytes(target: str) -> int:
    """Return the size of a pointer that a target file says."""
    width = _POINTER.search(target)
    if width is None:
        raise ValueError("a target file without pointer-bits")
    return int(width[1]) // 8


def twin_job(job: Job) -> Job:
    """Return the same job for the twin; each crate's lies in a folder beside its own output."""

    def beside(path: Path) -> Path:
        return path.parent / FOLDER / path.name

    return replace(
        job,
        target=beside(job.target),
        output=beside(job.output),
        externs=tuple((name, beside(path)) for name, path in job.externs),
        search=tuple(folder / FOLDER for folder in job.search),
    )


class Twins:
    """The C of one crate for the target (which is changed) and for its twin."""

    def __init__(self, ours: str, theirs: str, target: str, source: Sources | None) -> None:
        """Take both texts; ``source`` is None for a crate of Rust's own library."""
        self.pointer = pointer_bytes(target)
        self.source = source
        self.counts: Counter[str] = Counter()
        self.replaced: dict[int, tuple[int, list[str]]] = {}
        self.ours = ours.split("\n")
        self.theirs = _in_order(theirs).split("\n")
        self._functions = functions(self.ours)

    def mend(self) -> str:
        """Return the target's text with every constant right.

        :class:`UserError` names one that may be wrong.
        """
        try:
            self._statics()
        except OtherFormError as error:
            raise UserError(
                f"mrustc wrote C that Ferric does not know: {error}",
                mend="use transpiler=rustc",
            ) from error
        self._bodies()
        return "\n".join(self.ours)

    # -- statics --------------------------------------------------------------------------------

    def _statics(self) -> None:
        numbered = self.source is None or not self.source.discriminants
        plain = self.source is not None and not self.source.faulty
        types = Types(self.theirs, self.pointer, numbered=numbered, plain=plain)
        kinds = declared(self.theirs)
        mine = {static.symbol: (at, static) for at, static in initialised(self.ours)}
        twins = {static.symbol: static for _, static in initialised(self.theirs)}
        own = declared(self.ours)
        for symbol, static in twins.items():
            if symbol not in mine and symbol in own:
                self._insert(static)
        for symbol, (at, static) in mine.items():
            if symbol not in kinds:
                self._refuse(static.path, "the twin has none like it")
                continue
            kind, word = kinds[symbol]
            width = self.pointer if word == "uintptr_t" else 1
            self._static(at, static, twins.get(symbol), types, kind, width)

    def _static(
        self, at: int, static: Static, twin: Static | None, types: Types, kind: str, width: int
    ) -> None:
        big = static.memory(width, "big")
        little = twin.memory(width, "little") if twin is not None else bytes(len(big))
        if (twin.addresses if twin is not None else ()) != static.addresses:
            self._refuse(static.path, "its addresses depend on byte order")
        try:
            right = types.settle(kind, little, big)
        except UnknownTypeError as error:
            if any(little) or any(big):
                self._refuse(static.path, f"{error} cannot be told apart")
            return
        if right != big and not self._asked(static.path):
            self.ours[at] = static.written(right, width)
            self.counts["constant"] += 1

    def _insert(self, static: Static) -> None:
        """Refuse a static that is zero for the target alone: it has no line to be put right in."""
        self._refuse(static.path, "it is zero for the target, and not for the twin")

    # -- functions ------------------------------------------------------------------------------

    def _bodies(self) -> None:
        twins = functions(self.theirs)
        for path, function in self._functions.items():
            twin = twins.get(path)
            if twin is None:
                if _wide(self.ours, function):
                    self._refuse(function.path, "the twin has no such function")
                continue
            for place in unequal(self.ours, self.theirs, function, twin):
                if function.start not in self.replaced:
                    self._place(place, twin)
        for start, (end, code) in sorted(self.replaced.items(), reverse=True):
            self.ours[start:end] = code

    def _place(self, place: Unequal, twin: Function) -> None:
        function = place.function
        if place.ours:
            if not self._asked(function.path):
                for ours, theirs in zip(place.ours, place.theirs, strict=True):
                    self.ours[ours] = _named_as(self.ours[ours], self.theirs[theirs])
                self.counts["constant"] += len(place.ours)
            return
        # Other code: a swap of bytes that only one of them needs.  Its numbers are in both.
        if not _wide(self.ours, function) <= _wide(self.theirs, twin):
            self._whole(function, twin)

    def _whole(self, function: Function, twin: Function) -> None:
        """Take the twin's code of a function that no swap of bytes makes another one."""
        if self._asked(function.path):
            return
        code = self.theirs[twin.start : twin.end]
        both = "\n".join((*self.ours[function.start : function.end], *code))
        if _SWAP in both or HASHED.search(both):
            self._refuse(function.path, "its code depends on byte order")
        self.replaced[function.start] = (function.end, code)
        self.counts["constant"] += 1

    # -- judging --------------------------------------------------------------------------------

    def _asked(self, path: str) -> bool:
        """Say whether the target's own value stands although the twin has another.

        It does where the source asks for byte order and has nothing that mrustc gets wrong.
        """
        if self.source is None or not self.source.depends:
            return False
        if self.source.faulty:
            self._refuse(path, f"and the source may ask for byte order ({self.source.depends})")
        return True

    def _refuse(self, path: str, why: str) -> None:
        where = self.source.place(path) if self.source is not None else ""
        raise UserError(
            f"the constant {path} is another one on a little-endian machine, {why}"
            if why.startswith("and ")
            else f"the constant {path} cannot be proved right: {why}",
            where=where,
            mend=_MEND,
        )


def _wide(lines: list[str], function: Function) -> set[str]:
    """Return the numbers in a function that have more than one byte."""
    return set(_WIDE.findall(HASHED.sub("", "\n".join(lines[function.start : function.end]))))


def _named_as(ours: str, theirs: str) -> str:
    """Return the twin's line with the names that the target's has, which are in the same order."""
    names = (match[0] for match in _OF_ONE_UNIT.finditer(ours))
    return _OF_ONE_UNIT.sub(partial(_next, names), theirs)


def _next(names: Iterator[str], twins: re.Match[str]) -> str:
    return next(names, twins[0])


def _in_order(text: str) -> str:
    """Write the constant parameters in the twin's names as the target has them."""

    def generic(match: re.Match[str]) -> str:
        digits = 2 * int(match[1])
        if len(match[2]) < digits:
            return match[0]
        value = bytes.fromhex(match[2][:digits])[::-1].hex()
        return f"V{match[1]}_{value}{match[2][digits:]}"

    def evaluated(match: re.Match[str]) -> str:
        return f"Evaluated({bytes.fromhex(match[1])[::-1].hex().upper()}{{"

    return _EVALUATED.sub(evaluated, _GENERIC.sub(generic, text))
