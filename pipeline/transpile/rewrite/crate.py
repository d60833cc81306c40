# SPDX-License-Identifier: GPL-2.0-only
"""What is written otherwise in a crate's sources for mrustc."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.crate.document import read_text
from pipeline.crate.graph import order
from pipeline.crate.sources import MAX_BYTES, can_be_copied, sources
from pipeline.files import digest_files
from pipeline.hazards.words import words
from pipeline.transpile.rewrite import concats, dropped, literals, statics, texts
from pipeline.transpile.rewrite.formats import Formats, Known
from pipeline.transpile.rewrite.labels import Labels
from pipeline.transpile.rewrite.macros import definitions, reached
from pipeline.transpile.rewrite.statics import refuse_copies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.crate.lexer import Token
    from pipeline.crate.model import Crate
    from pipeline.transpile.rewrite.edits import Edit
    from pipeline.transpile.rewrite.macros import Definition


@functools.cache
def rewrite_digest() -> str:
    """Return a digest of what writes sources otherwise: a key for whatever is made of them."""
    here = Path(__file__).parent
    return digest_files(here.glob("*.py"), base=here)


def rewrites(crate: Crate) -> Mapping[Path, Sequence[Edit]]:
    """Return the changes of each of a crate's files, in their order; files without are left out.

    :class:`~pipeline.errors.UserError` with the line of what mrustc gets wrong in any spelling.
    """
    files = [_read(one) for one in order(crate)]
    every = [one for each in files for file in each for one in file.macros]
    known, calling = Known.of(every), reached(every)
    own = {one.name for one in every}
    pasting = concats.pasting(every, calling)
    kept = {name for each in files for file in each for name in file.kept}
    changed = {}
    for number, file in enumerate(files[-1]):
        suffix = f"{crate.crate_name}_{number}_"
        refuse_copies(file.stream, file.path, kept)
        edits = [
            *Labels(file.stream, file.path, file.macros, calling, suffix).edits(),
            *Formats(file.text, file.stream, file.path, known, edition=crate.edition).edits(),
            *literals.edits(file.text, file.stream),
            *concats.edits(file.text, file.stream, file.path, pasting, own),
            *texts.edits(file.text, file.stream, file.path, file.macros, own),
            *(statics.edits(file.stream, file.macros) if file.copied else ()),
            *(dropped.edits(file.text, file.stream) if file.copied else ()),
        ]
        if edits:
            changed[file.path] = sorted(edits, key=lambda one: one.start)
    return changed


@dataclass(frozen=True)
class _File:
    """A source with its words and macros; ``copied`` says whether mrustc may get another text."""

    path: Path
    text: str
    stream: Sequence[Token]
    macros: Sequence[Definition]
    copied: bool

    @property
    def kept(self) -> set[str]:
        """The names of the statics that mrustc may copy."""
        return statics.kept(self.stream, self.macros, copied=self.copied)


def _read(crate: Crate) -> list[_File]:
    """Return the Rust files of a crate.

    One that reads files outside its folder cannot be copied, which is asked for only where mrustc
    would do worse than give one static two addresses.
    """
    copied = can_be_copied(crate)
    files = []
    for path in sources(crate).rust:
        text = read_text(path, MAX_BYTES)
        stream = words(text, path)
        files.append(_File(path, text, stream, definitions(stream), copied))
    return files
