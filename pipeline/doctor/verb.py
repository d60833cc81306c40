# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline doctor``: a table of every tool, or the same as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.doctor.packages import distribution
from pipeline.doctor.show import show
from pipeline.doctor.tools import diagnose
from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    import argparse


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add the verb ``doctor`` to the command line and return its parser."""
    parser = subparsers.add_parser(
        "doctor",
        help="which tools are here, what is missing, and where that comes from",
        description="Look for every tool and say where a missing one comes from. Exit status: 0 "
        "everything is there to build objects for one GCC-only architecture, or for each that is "
        "named; 1 it is not.",
    )
    parser.add_argument(
        "--arch",
        action="extend",
        nargs="+",
        default=[],
        metavar="A",
        help="architectures or aliases (default: every GCC-only one)",
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.set_defaults(main=main)
    return parser


def main(args: argparse.Namespace) -> int:
    """Look, print, and return 0 where the main job can be done, otherwise 1."""
    toolchains = load()
    if args.arch:
        archs = toolchains.select(",".join(args.arch), installed=installed)
    else:
        archs = toolchains.gcc_only()
    diagnosis = diagnose(archs, distribution(), every=bool(args.arch))
    if args.json:
        print(json.dumps(diagnosis.as_dict(), indent=1))
    else:
        show(diagnosis)
    return 0 if diagnosis.ok else 1
