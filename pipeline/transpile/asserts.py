# SPDX-License-Identifier: GPL-2.0-only
"""Assertions of Rust's library for mrustc, which words their conditions its own way.

Of ``assert!(self.is_char_boundary(at))`` mrustc 0.12 makes the text that its parser prints,
``(self).is_char_boundary(at,)``.  rustc prints what rustfmt has left in the library's source, where
that is one line.  So mrustc gets what rustc makes of such a line (``rustc_builtin_macros``,
``expand_assert``): a branch to ``panicking::panic`` with that text.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from pipeline.files import digest_files
from pipeline.hazards.words import words
from pipeline.transpile.rewrite.crate import rewrite_digest
from pipeline.transpile.rewrite.macros import arguments, calls
from pipeline.transpile.rewrite.texts import as_written

_LINE = re.compile(r"^( *)(assert!\(.+\));$", re.MULTILINE)
# Where the function is that panics with a text; nobody sees an assertion of compiler_builtins.
PANICS: Final = {"core": "crate::panicking::panic", "alloc": "::core::panicking::panic"}


@functools.cache
def asserts_digest() -> str:
    """Return a digest of what words assertions: a key for a library that was made with it."""
    here = Path(__file__)
    return digest_files([here], base=here.parent) + rewrite_digest()


def worded(text: str, crate: str, path: Path) -> str:
    """Return a file of the library's ``crate`` with rustc's own words in its assertions.

    One with a message of its own, with a macro's variables or of several lines stays as it is.
    """

    def line(match: re.Match[str]) -> str:
        source = match[2]
        stream = words(source, path)
        call = calls(stream)[0]
        if call.end != len(stream) - 1 or len(arguments(stream, call.start, call.end)) != 1:
            return match[0]
        shown = as_written(source, stream, call)
        if shown is None or stream[call.end - 1].text == ",":
            return match[0]
        condition = source[stream[call.start].start : stream[call.end - 1].end]
        said = f'"assertion failed: {shown[1:]}'
        return f"{match[1]}if !({condition}) {{ {PANICS[crate]}({said}) }};"

    return _LINE.sub(line, text)
