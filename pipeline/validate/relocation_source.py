# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel tree's own module loader applies, beyond the loader of Linux 6.1.

``toolchains.yaml`` has the loaders of Linux 6.1, and later ones learn more types.  A type that
the tree's source has a ``case`` or a table's entry for is applied there.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from pipeline.files import text_start

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.validate.reference import Reference

_MAX_BYTES = 1 << 20
_FILE = re.compile(r"arch/[\w/]+/module\w*\.c")
_APPLIED = re.compile(r"\bcase\s+(R_\w+)\s*:|\[(R_\w+)\]\s*=")


def learnt(reference: Reference) -> frozenset[str]:
    """Return the names that the loader of the reference's kernel has and that of 6.1 has not."""
    file = _FILE.search(reference.arch.relocations_source)
    if reference.kernel is None or file is None:
        return frozenset()
    named = _named(reference.kernel.tree.source / file[0])
    return named - set(reference.arch.relocations) - set(reference.arch.loader.refuses)


@functools.cache
def _named(path: Path) -> frozenset[str]:
    """Return the relocation types that the source ``path`` names; none where it is not there.

    Packages of kernel headers do not have it.
    """
    text = text_start(path, _MAX_BYTES)
    return frozenset(name for match in _APPLIED.findall(text) for name in match if name)
