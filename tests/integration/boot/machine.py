# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with what tests load into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.boot.machine import Booted, Kernel, boot
from pipeline.boot.qemu import Limits
from pipeline.stages import Options, build
from pipeline.validate.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.boot.plan import Step
    from pipeline.transpile.choice import Transpiler


@dataclass
class Machine:
    """A kernel of one architecture with modules by one transpiler, each built when asked for."""

    kernel: Kernel
    transpiler: Transpiler
    work: Path

    def module(self, crate: Path) -> Path:
        """Build a crate, see that nothing is found against it, and return its ``.ko``."""
        out = self.work / crate.name
        made = out / f"{crate.name}.ko"
        if made.is_file():
            return made
        tree, arch = self.kernel.tree, self.kernel.board.arch
        options = Options(
            crate, arch, out, kernel=str(tree.build), gate="off", transpiler=self.transpiler
        )
        verdict = build(options, lambda _step: None)
        assert verdict.count(Severity.ERROR) == 0
        return made

    def boot(self, files: dict[str, bytes], steps: Sequence[Step], log: Path) -> Booted:
        """Boot, to an end that must come soon."""
        return boot(self.kernel, files, steps, log, Limits(silence=90.0, total=400.0))
