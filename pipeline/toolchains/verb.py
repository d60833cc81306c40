# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline probe``: show what an architecture's GCC does with types and atomics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import probe

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.probe import AtomicWidth, Layout


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add the verb ``probe`` to the command line and return its parser."""
    parser = subparsers.add_parser(
        "probe",
        help="sizes, alignments, byte order and atomics of an architecture, as its GCC has them",
        description="Compile a probe with the architecture's GCC and read its layout from the "
        "object; nothing is run. The flags are those of toolchains.yaml unless others are given.",
    )
    parser.add_argument("--arch", required=True, metavar="A", help="architecture or alias")
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.add_argument(
        "--flag",
        action="append",
        default=[],
        metavar="FLAG",
        help="compile with this flag in place of toolchains.yaml's (again for more; --flag=-mX)",
    )
    parser.add_argument("flags", nargs="*", metavar="FLAGS", help="the same, after --")
    parser.set_defaults(main=main)
    return parser


def main(args: argparse.Namespace) -> int:
    """Probe ``args.arch`` and print the layout; 0 when that went well, else a FerricError."""
    arch = load().get(args.arch)
    toolchain = find(arch)
    flags = [*args.flag, *args.flags] or list(arch.all_flags)
    layout = probe(toolchain, flags)
    if args.json:
        document = {
            "arch": arch.name,
            "gcc": str(toolchain.gcc),
            "version": ".".join(map(str, toolchain.version)),
            "flags": flags,
            **layout.as_dict(),
        }
        print(json.dumps(document, indent=1))
    else:
        _show(toolchain, flags, layout)
    return 0


def _show(toolchain: Toolchain, flags: Sequence[str], layout: Layout) -> None:
    console = Console(highlight=False)
    console.print(f"{toolchain.arch.title}: {toolchain.banner}", markup=False)
    console.print(f"flags: {' '.join(flags)}", markup=False)
    order = "big" if layout.big_endian else "little"
    sign = "signed" if layout.char_signed else "unsigned"
    console.print(f"{layout.pointer_bits} bits, {order} endian, char is {sign}")
    table = Table("type", "size", "alignment")
    for name, size in layout.sizes.items():
        table.add_row(name, str(size), str(layout.alignments[name]))
    console.print(table)
    console.print(f"inline compare-exchange: {_words(layout.atomics)}")
    console.print(f"inline load and store: {_words(layout.atomic_load_store)}")


def _words(widths: tuple[AtomicWidth, ...]) -> str:
    return " ".join(map(str, widths)) or "none"
