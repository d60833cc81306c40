# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of rewriting share: edits made in a text, and texts that rustc compares."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.transpile.rewrite.edits import Edit


def edited(source: str, edits: Iterable[Edit]) -> str:
    """Return a source with these edits made."""
    for one in sorted(edits, key=lambda one: one.start, reverse=True):
        source = source[: one.start] + one.text + source[one.end :]
    return source


def compare_with_rustc(pairs: Mapping[str, str], folder: Path) -> None:
    """Have rustc compare the text of each expression with that of what it became, in a program."""
    lines = [f"    same({one}, {other});" for one, other in pairs.items()]
    (folder / "a.rs").write_text(
        "fn same(rustc: &str, ferric: &str) { assert_eq!(rustc, ferric); }\n"
        "fn main() {\n" + "\n".join(lines) + "\n}\n"
    )
    subprocess.run(["rustc", "--edition=2021", "a.rs", "-o", "a"], cwd=folder, check=True)
    subprocess.run([folder / "a"], check=True)
