# SPDX-License-Identifier: GPL-2.0-only
"""Who turns Rust into C: mrustc, or rustc's front end where there is no mrustc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source
from pipeline.transpile.rustc.emit import own_source

Transpiler = Literal["mrustc", "rustc"]
CHOICES = ("auto", "mrustc", "rustc")
BOTH = "both"


@dataclass(frozen=True)
class Choice:
    """The transpiler, and where nobody named it, a line that says why and how to have the other."""

    name: Transpiler
    line: str = ""


def choose(asked: str, mrustc: str = "", rust_src: str = "") -> Choice:
    """Return the transpiler for ``asked``, one of :data:`CHOICES`.

    ``auto`` is mrustc where it and a library source that it takes are found, otherwise rustc.
    ``mrustc`` and ``rust_src`` are what the user named; a named mrustc that cannot be used is a
    :class:`~pipeline.errors.UserError`, and never a reason to take another.
    """
    if asked == "mrustc":
        return Choice("mrustc")
    if asked == "rustc":
        return Choice("rustc")
    if asked != "auto":
        raise UserError(f"transpiler={asked}", mend=f"one of {', '.join(CHOICES)}")
    try:
        found = find_mrustc(mrustc or None)
        find_rust_source(rust_src or None, found.releases)
    except UserError as error:
        if mrustc:
            raise
        return Choice(
            "rustc",
            f"transpiler: rustc, because {error.what}; mrustc is taken when it is on PATH with "
            "its library source, or by transpiler=mrustc",
        )
    return Choice(
        "mrustc", f"transpiler: mrustc, because {found.path} is here; transpiler=rustc is the other"
    )


def require_both(mrustc: str = "", rust_src: str = "", rustc: str = "") -> None:
    """Raise :class:`~pipeline.errors.UserError` where one of the two transpilers cannot be had.

    The arguments are what the user named; ``rust_src`` is mrustc's.
    """
    try:
        find_rust_source(rust_src or None, find_mrustc(mrustc or None).releases)
    except UserError as error:
        raise _missing("mrustc", "rustc", error) from None
    try:
        own_source(find_rustc(rustc or None))
    except UserError as error:
        raise _missing("rustc", "mrustc", error) from None


def _missing(one: Transpiler, other: Transpiler, error: UserError) -> UserError:
    mend = f"{error.mend}; or build with one: transpiler={other}"
    what = f"transpiler=both needs {one}, too: {error.what}"
    return UserError(what, where=error.where, mend=mend.removeprefix("; "))
