# SPDX-License-Identifier: GPL-2.0-only
"""Verbs that show several documents as one table: verdicts, comparisons, boots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_several(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    document: str,
    status: str,
    main: Callable[[argparse.Namespace], int],
) -> None:
    """Add the verb ``name``, which takes ``files``, each a ``document``, ``quiet`` and ``output``.

    ``status`` says what the exit status means.
    """
    parser = subparsers.add_parser(
        name,
        help=f"several {document} as one table",
        description=f"Show several {document}. Exit status: {status}.",
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--quiet", action="store_true", help="only the exit status")
    parser.add_argument("-o", dest="output", type=Path, help="also write them as one JSON document")
    parser.set_defaults(main=main)
