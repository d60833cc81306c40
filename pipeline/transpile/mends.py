# SPDX-License-Identifier: GPL-2.0-only
"""Rust's library for mrustc: a few lines of it have another text with the same meaning.

What mrustc translates wrongly in a user's crate is refused; the library cannot be refused.  So
``mends.yaml`` holds those of its lines that are concerned, word for word, and :mod:`asserts
<pipeline.transpile.asserts>` gives its assertions rustc's text.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from pipeline.errors import UserError
from pipeline.transpile.asserts import PANICS, worded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FILE = Path(__file__).with_name("mends.yaml")


@functools.cache
def mends() -> Mapping[str, Sequence[Mapping[str, str | int]]]:
    """Return what is changed, by the file's path below ``library``."""
    found: dict[str, list[dict[str, str | int]]] = YAML(typ="safe").load(_FILE)
    return found


@contextlib.contextmanager
def mended(library: Path, crate: str, work: Path) -> Iterator[Path]:
    """Give the folder of the library to transpile ``crate`` in: a copy below ``work``, if need be.

    Raises :class:`~pipeline.errors.UserError` where a line is not there as it is known.
    """
    concerned = {name: edits for name, edits in mends().items() if name.split("/")[0] == crate}
    if not concerned and crate not in PANICS:
        yield library
        return
    with tempfile.TemporaryDirectory(dir=work, prefix="library-") as name:
        copy = Path(name)
        for entry in library.iterdir():
            if entry.name == crate:
                shutil.copytree(entry, copy / crate)
            else:
                (copy / entry.name).symlink_to(entry)
        for file, edits in concerned.items():
            path = copy / file
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            path.write_text(changed(text, edits, library / file), encoding="utf-8")
        for path in sorted((copy / crate / "src").rglob("*.rs")):
            text = path.read_text(encoding="utf-8")
            if (said := worded(text, crate, path)) != text:
                path.write_text(said, encoding="utf-8")
        yield copy


def changed(text: str, edits: Sequence[Mapping[str, str | int]], where: Path) -> str:
    """Return a file's text with its lines changed; ``where`` is for the error."""
    for edit in edits:
        old = str(edit["old"])
        if text.count(old) != edit["count"]:
            raise UserError(
                f"{old.strip()!r} is there {text.count(old)} times, not {edit['count']}: this "
                "library is another than the one whose destructors are known to be put right",
                where=str(where),
                mend="use the library source of the release that mrustc takes, unchanged, or "
                "transpiler=rustc",
            )
        text = text.replace(old, str(edit["new"]))
    return text
