# SPDX-License-Identifier: GPL-2.0-only
"""Say where a crate has destructors that only rustc could vouch for, where no rustc did.

Which destructors mrustc loses, or runs at another time, hangs on types (``pipeline/check/drops``).
Without rustc they are not known, so a crate that has destructors at all is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.crate.document import read_text
from pipeline.crate.graph import order
from pipeline.crate.lexer import Kind, tokens
from pipeline.crate.sources import MAX_BYTES, sources
from pipeline.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.crate.model import Crate

_NAMES = frozenset({"Drop", "lock", "borrow_mut", "KBox", "KVec", "Box", "Vec", "String", "Rc"})
"""What a crate with destructors names: its own, locks, borrows at run time, memory."""


def refuse_unchecked(crate: Crate) -> None:
    """Refuse a crate, for mrustc, that has destructors itself or in a path dependency.

    :class:`~pipeline.errors.UserError` names the first place.
    """
    for each in order(crate):
        for path in sorted(sources(each).rust):
            found = first_destructor(read_text(path, MAX_BYTES), path)
            if found:
                name, line = found
                raise UserError(
                    f"{name}: here are destructors, mrustc does not run all of them, and there is "
                    "no rustc to tell which",
                    where=f"{path}:{line}",
                    mend="install rustc with its library's source (Debian 12: rustc-web "
                    "rust-web-src; later: rustc rust-src), or build with transpiler=rustc; "
                    "gate=off builds unchecked",
                )


def first_destructor(source: str, path: Path) -> tuple[str, int] | None:
    """Return the first name that speaks of a destructor, and its line; None where there is none."""
    for token in tokens(source, path):
        if token.kind is Kind.IDENT and token.text in _NAMES:
            return token.text, token.line
    return None
