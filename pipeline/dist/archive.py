# SPDX-License-Identifier: GPL-2.0-only
"""A tarball whose bytes depend on nothing but what is in it."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Final

from pipeline.files import output_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MODE = 0o644
_PRESET: Final = 6


def write_archive(output: Path, top: str, files: Mapping[str, bytes]) -> None:
    """Write ``files`` (names relative to the folder ``top``) to the ``.tar.xz`` ``output``.

    Entries are sorted and have no owner, no time and one mode: equal files give equal bytes,
    wherever and whenever (with one version of liblzma).
    """
    with (
        output_file(output) as temporary,
        tarfile.open(temporary, "w:xz", format=tarfile.PAX_FORMAT, preset=_PRESET) as archive,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size = len(files[name])
            entry.mode = _MODE
            archive.addfile(entry, io.BytesIO(files[name]))
