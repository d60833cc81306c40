# SPDX-License-Identifier: GPL-2.0-only
"""Known faults of a GCC: each is looked for in the GCC at hand, not assumed from its version."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import CompilerFault


def has_fault(toolchain: Toolchain, flags: Sequence[str], fault: CompilerFault) -> bool:
    """Say whether GCC with ``flags`` compiles the fault's program wrongly.

    ``fault.sound`` matches the assembly that a right compiler writes for ``fault.program``.
    """
    with tempfile.TemporaryDirectory(prefix="ferric-fault-") as name:
        source = Path(name) / "fault.c"
        source.write_text(fault.program, encoding="utf-8")
        argv: list[str | Path] = [toolchain.gcc, *flags, "-S", source.name, "-o", "fault.s"]
        run.check(argv, f"{toolchain.arch.name}: GCC does not compile a probe", cwd=source.parent)
        assembly = source.with_suffix(".s").read_text(encoding="utf-8", errors="replace")
    return re.search(fault.sound, assembly) is None
