# SPDX-License-Identifier: GPL-2.0-only
"""What the doctor says: one row for each tool, and what follows from all of them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = 1
"""The version of the JSON document; docs/setup.md has its fields."""

Need = Literal["build", "mrustc", "rustc", "kernel", "check", "tests"]
Transpiler = Literal["mrustc", "rustc"]
TRANSPILERS: tuple[Transpiler, ...] = ("mrustc", "rustc")
Status = Literal["ok", "missing", "too old", "broken"]


@dataclass(frozen=True)
class Row:
    """One tool.

    ``needed_for``: ``build`` to make objects, ``mrustc`` and ``rustc`` for the transpiler of that
    name (one is enough), ``kernel`` to build a kernel tree, ``check`` for the borrow-checking gate
    and also for the transpiler ``rustc``, ``tests``.  ``arch`` is None for a tool that serves all
    architectures.  ``found`` is the path; ``version`` and ``least`` are numbers with dots; ``mend``
    says what to do where ``status`` is not ``ok`` (``broken``: it is there and does not answer as
    it should).
    """

    name: str
    needed_for: Need
    arch: str | None = None
    found: str | None = None
    version: str | None = None
    least: str | None = None
    status: Status = "ok"
    mend: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All rows, and the architectures asked for: ``kernels`` are those with a configuration.

    ``archs`` is in the order asked for; ``every`` says that each of them has to be buildable, not
    just one.
    """

    rows: tuple[Row, ...]
    archs: tuple[str, ...]
    kernels: frozenset[str]
    every: bool

    def lacking(self, need: Need, arch: str | None) -> list[Row]:
        """Return the rows that are not right, of one need and one architecture (None: all's)."""
        return [
            row
            for row in self.rows
            if row.needed_for == need and row.arch == arch and row.status != "ok"
        ]

    @property
    def transpilers(self) -> list[Transpiler]:
        """The transpilers that can be used; ``transpiler=auto`` takes the first."""
        return [name for name in TRANSPILERS if not self._stopping(name)]

    def _stopping(self, name: Transpiler) -> list[Row]:
        """Return the rows that stop a transpiler; rustc is the gate's."""
        gate = self.lacking("check", None) if name == "rustc" else []
        return [*gate, *self.lacking(name, None)]

    @property
    def _common(self) -> list[Row]:
        """The rows that stop every architecture: those of all transpilers where there is none."""
        none = [] if self.transpilers else [row for n in TRANSPILERS for row in self._stopping(n)]
        return [*self.lacking("build", None), *none]

    @property
    def can_build(self) -> list[str]:
        """The architectures for which everything that makes objects is here."""
        if self._common:
            return []
        return [arch for arch in self.archs if not self.lacking("build", arch)]

    @property
    def cannot_build(self) -> dict[str, list[str]]:
        """For each other architecture the names of what is missing, too old or broken."""
        can = self.can_build
        common = self._common
        return {
            arch: [row.name for row in [*common, *self.lacking("build", arch)]]
            for arch in self.archs
            if arch not in can
        }

    @property
    def ok(self) -> bool:
        """Say whether the main job can be done."""
        can = self.can_build
        return bool(can) and (not self.every or len(can) == len(self.archs))

    @property
    def summary(self) -> str:
        """Say in one line what can be built and what cannot, and why."""
        can, cannot = self.can_build, self.cannot_build
        if self._common:
            why = _list(f"{row.name} {row.status}" for row in self._common)
            either = (
                "" if self.transpilers else "; one of mrustc and rustc, with its source, will do"
            )
            return f"Nothing can be built: {why}{either}."
        parts = [f"Can build for {_list(can)}"] if can else []
        if cannot:
            parts.append(f"{'not' if can else 'Cannot build'} for {_list(cannot)}")
        modules = [arch for arch in can if arch in self.kernels]
        lacking = self.lacking("kernel", None)
        if modules and lacking:
            why = _list(f"{row.name} {row.status}" for row in lacking)
            parts.append(f".ko only with kernel=PATH ({why})")
        elif modules:
            parts.append(f".ko for {_list(modules)}")
        if self.lacking("check", None):
            parts.append("crates go unchecked: no rustc that does")
        parts.append(f"transpiler={' or '.join(self.transpilers)}")
        return "; ".join(parts) + "."

    def as_dict(self) -> dict[str, object]:
        """Return the document that ``doctor --json`` writes."""
        return {
            "schema": SCHEMA,
            "ok": self.ok,
            "summary": self.summary,
            "transpilers": self.transpilers,
            "can_build": self.can_build,
            "cannot_build": self.cannot_build,
            "tools": [asdict(row) for row in self.rows],
        }


def older(version: str, least: str) -> bool:
    """Say whether ``version`` is below ``least``; both are numbers with dots, whatever follows.

    >>> older("4.3", "3.82"), older("2.5", "2.5.35"), older("9.0.0", "9")
    (False, True, False)
    """

    def numbers(text: str) -> list[int]:
        return [int(part[:9]) for part in re.findall(r"\d+", text)[:6]]

    have, need = numbers(version), numbers(least)
    width = max(len(have), len(need))
    return have + [0] * (width - len(have)) < need + [0] * (width - len(need))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
