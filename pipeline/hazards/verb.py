# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline hazards``: which of its known faults the mrustc at hand has."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from pipeline.errors import UserError
from pipeline.hazards.catalogue import catalogue
from pipeline.hazards.measure import measure
from pipeline.target import resolve
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pipeline.hazards.measure import Measured

CHANGED = 2
_STYLE = {"wrong": "bold red", "stops": "yellow", "right": "green"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``hazards``."""
    parser = subparsers.add_parser(
        "hazards",
        help="run the catalogue of mrustc's faults against the mrustc at hand",
        description="Build the program of each known fault of mrustc, with its C as it is and with "
        "its C repaired, run both under emulation, and say which faults it has and which are left. "
        "Exit status: 0 all is as the catalogue says, 2 it is not: a fault is mended, or there is "
        "a new one.",
    )
    parser.add_argument("name", nargs="*", help="only these entries; default: all")
    parser.add_argument("--arch", default="m68k", help="default: m68k, which is big-endian")
    parser.add_argument("--rust-src", default="", metavar="PATH", help="Rust's library source")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the entries and print the table."""
    entries = catalogue()
    for name in args.name:
        if name not in entries:
            raise UserError(f"no hazard {name}", mend=f"one of: {', '.join(entries)}")
    mrustc = find_mrustc(None)
    source = find_rust_source(args.rust_src or None, mrustc.releases)
    target = resolve(args.arch, "none", "mrustc")
    chosen = {name: one for name, one in entries.items() if not args.name or name in args.name}
    console = Console()
    with tempfile.TemporaryDirectory(prefix="ferric-hazards-") as folder:
        found = [
            measure(name, hazard, target, str(source.library), Path(folder))
            for name, hazard in track(chosen.items(), "hazards", console=Console(stderr=True))
        ]
    console.print(f"{mrustc.banner} on {target.arch.name}")
    show(found, console)
    return 0 if all(one.known for one in found) else CHANGED


def show(found: Sequence[Measured], console: Console) -> None:
    """Print one line for each entry, and what is not as the catalogue says."""
    table = Table(pad_edge=False)
    for heading in ("hazard", "mrustc", "catalogue", "repaired", "catalogue"):
        table.add_column(heading)
    for one in found:
        raw, ours = one.raw_behaviour, one.behaviour
        table.add_row(
            one.name,
            Text(raw, _STYLE[raw]),
            one.expected_raw,
            Text(ours, _STYLE[ours]),
            one.expected,
        )
    console.print(table)
    for one in found:
        if not one.known:
            has = f"{one.raw_behaviour}, repaired {one.behaviour}"
            said = f"{one.expected_raw}, repaired {one.expected}"
            console.print(Text(f"{one.name}: {has}, and the catalogue has {said}"))
            console.print(Text(f"  rustc:  {_said(one.theirs.output, one.theirs.why)}"))
            console.print(Text(f"  mrustc: {_said(one.raw.output, one.raw.why)}"))
            console.print(Text(f"  repaired: {_said(one.ours.output, one.ours.why)}"))


def _said(output: str, why: str) -> str:
    return repr((output or why)[:300])
