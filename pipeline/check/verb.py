# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline check``: have rustc check a crate for an architecture."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.check.gate import check
from pipeline.crate.graph import load_crate
from pipeline.kernel.kbuild import parameters_source
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import probe
from pipeline.transpile.crates import PARAMETERS_VARIABLE

if TYPE_CHECKING:
    import argparse

KERNEL_CRATE = Path(__file__).resolve().parents[1] / "runtime" / "kernel"


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add the verb ``check`` to the command line and return its parser."""
    parser = subparsers.add_parser(
        "check",
        help="types and borrows of a crate, as rustc sees them; no code is generated",
        description="Check a crate and its path dependencies with rustc for an architecture, with "
        "the layout that its GCC has. rustc's warnings are shown; its errors are the verdict.",
    )
    parser.add_argument("crate", type=Path, metavar="CRATE", help="folder or Cargo.toml")
    parser.add_argument("--arch", required=True, metavar="A", help="architecture or alias")
    parser.add_argument("--rustc", type=Path, metavar="R", help="the rustc to use")
    parser.add_argument(
        "--gate",
        choices=["auto", "off", "require"],
        default="require",
        help="what to do without a rustc: auto and off skip, require is an error (default)",
    )
    parser.add_argument("--features", action="append", default=[], metavar="F", help="enable F")
    parser.add_argument("--no-default-features", action="store_true")
    parser.set_defaults(main=main)
    return parser


def main(args: argparse.Namespace) -> int:
    """Check ``args.crate`` and say how it went; 0 when passed or skipped, else a FerricError."""
    features = [name for words in args.features for name in words.replace(",", " ").split()]
    crate = load_crate(args.crate, features=features, default_features=not args.no_default_features)
    arch = load().get(args.arch)
    layout = probe(find(arch), arch.all_flags)
    kernel = load_crate(KERNEL_CRATE) if crate.module.runtime == "kernel" else None
    with tempfile.TemporaryDirectory(prefix="ferric-check-") as folder:
        parameters = Path(folder) / "parameters.rs"
        parameters.write_text(parameters_source(crate), encoding="utf-8")
        result = check(
            crate,
            layout=layout,
            arch=arch,
            rustc=args.rustc,
            mode=args.gate,
            kernel_crate=kernel,
            out=Path(folder),
            env={PARAMETERS_VARIABLE: str(parameters)},
        )
    by = f" by {result.rustc_version}" if result.rustc_version else ""
    print(f"{crate.name} {arch.name}: {result.status}{by}: {result.reason}")
    return 0
