# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline.hazards.docs``: write docs/hazards.md from the catalogue."""

from __future__ import annotations

from pathlib import Path

from pipeline.files import write_if_changed
from pipeline.hazards.catalogue import catalogue, program

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hazards.md"
_HEAD = """\
# What mrustc is known to get wrong

Written from `pipeline/hazards/catalogue.yaml` by `python -m pipeline.hazards.docs`.

`python -m pipeline hazards --arch m68k` builds the smallest program of each entry with the mrustc
at hand and with rustc for this machine, runs both, and says which faults this mrustc has: `wrong`
is another result than rustc's, `stops` no object at all, `right` the same. It ends with 2 where
that is not what the table says: a fault was mended, or there is a new one.

`let-underscore`, `underscore-assigned`, `drop-in-tail` and `drop-before-else` are refused in a
build ([check](check.md)); the others are neither repaired nor detected yet. `transpiler=rustc` has
none of them.

| Hazard | mrustc | On | In a kernel | Write instead |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page, in Markdown: a table of all entries, then the program of each."""
    entries = catalogue()
    rows = [
        f"| [{one.title}](#{name}) | {', '.join(one.versions)}: {one.mrustc} | {one.on} "
        f"| {one.effect} | {one.instead} |\n"
        for name, one in entries.items()
    ]
    programs = [f"\n## {name}\n\n```rust\n{_without_licence(name)}```\n" for name in entries]
    return _HEAD + "".join(rows) + "".join(programs)


def _without_licence(name: str) -> str:
    return program(name).partition("\n")[2]


def main() -> None:
    """Bring the page up to date."""
    write_if_changed(PAGE, page())


if __name__ == "__main__":
    main()
