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
at hand, as its C is and [repaired](repair.md), without the [gate](check.md), and with rustc for
this machine, runs all three, and says which faults mrustc has and which are left: `wrong` is
another result than rustc's, `stops` no object at all, `right` the same. It ends with 2 where that
is not what the table says: by itself mrustc has to do what stands under mrustc, so that a newer
one which has mended a fault is seen, and repaired, what is called *repaired* has to be right.

What is *refused* does not pass the gate, or the checks of constants; what is *absent* these
versions of mrustc do not have; what is *open* is neither repaired nor detected.
`transpiler=rustc` has none of them.

| Hazard | mrustc | Ferric | On | In a kernel | Write instead |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page, in Markdown: a table of all entries, then the program of each."""
    entries = catalogue()
    rows = [
        f"| [{one.title}](#{name}) | {', '.join(one.versions)}: {one.mrustc} "
        f"| {one.ferric} | {one.on} | {one.effect} | {one.instead} |\n"
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
