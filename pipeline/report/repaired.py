# SPDX-License-Identifier: GPL-2.0-only
"""A line for the modules that came through mrustc: what became of its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from pipeline.validate.finding import printable, some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.validate.finding import Guarded, Verdict


def repaired_lines(verdicts: Iterable[Verdict]) -> list[Text]:
    """Return a line for each architecture, for verdicts that say what was ``guarded``.

    It is yellow where a fault is open: nothing looks for it, so the modules may have it.
    """
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[tuple[str, Guarded]]] = {}
    for verdict in verdicts:
        if verdict.guarded is not None:
            key = (verdict.arch, verdict.guarded.refused, verdict.guarded.open)
            groups.setdefault(key, []).append((verdict.path.name, verdict.guarded))
    return [_line(*key, members) for key, members in groups.items()]


def _line(
    arch: str, refused: tuple[str, ...], left: tuple[str, ...], members: list[tuple[str, Guarded]]
) -> Text:
    counts = sorted(sum(one.repaired.values()) for _, one in members)
    sites = f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"
    kinds = {kind for _, one in members for kind, count in one.repaired.items() if count}
    names = ", ".join(left) if left else "none"
    text = (
        f"mrustc's faults ({arch} {some([name for name, _ in members])}): {sites} sites of "
        f"{len(kinds)} kinds repaired, {len(refused)} refused by name, open: {names}"
    )
    return Text(printable(text), "yellow" if left else "dim")
