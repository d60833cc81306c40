# SPDX-License-Identifier: GPL-2.0-only
"""Rust's library for mrustc: a few lines of it have another text with the same meaning.

What mrustc translates wrongly in a user's crate is refused; the library cannot be refused.  So
``mends.yaml`` holds those of its lines that are concerned, word for word, and :mod:`asserts
<pipeline.transpile.asserts>` gives its assertions rustc's text.  ``cpus.yaml`` has what is left out
for one architecture, because mrustc cannot read it.
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

    Mends = Mapping[str, Sequence[Mapping[str, str | int]]]

_FILE = Path(__file__).with_name("mends.yaml")
_CPUS = Path(__file__).with_name("cpus.yaml")


@functools.cache
def mends() -> Mends:
    """Return what is changed, by the file's path below ``library``."""
    found: dict[str, list[dict[str, str | int]]] = YAML(typ="safe").load(_FILE)
    return found


@functools.cache
def _cpus() -> Mapping[str, Mends]:
    found: dict[str, dict[str, list[dict[str, str | int]]]] = YAML(typ="safe").load(_CPUS)
    return found


def concerned(crate: str, arch: str) -> Mends:
    """Return what is changed for ``crate`` on the architecture that Rust calls ``arch``.

    ``core`` has the modules of single architectures, which are files beside its own.
    """
    own = {name: edits for name, edits in mends().items() if name.split("/")[0] == crate}
    return own | dict(_cpus().get(arch, {})) if crate == "core" else own


@contextlib.contextmanager
def mended(library: Path, crate: str, arch: str, work: Path) -> Iterator[Path]:
    """Give the folder of the library to transpile ``crate`` in: a copy below ``work``, if need be.

    ``arch`` is Rust's name of the architecture.
    Raises :class:`~pipeline.errors.UserError` where a line is not there as it is known.
    """
    edited = concerned(crate, arch)
    if not edited and crate not in PANICS:
        yield library
        return
    copied = {crate, *(name.split("/")[0] for name in edited)}
    with tempfile.TemporaryDirectory(dir=work, prefix="library-") as name:
        copy = Path(name)
        for entry in library.iterdir():
            if entry.name in copied:
                shutil.copytree(entry, copy / entry.name)
            else:
                (copy / entry.name).symlink_to(entry)
        for file, edits in edited.items():
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
