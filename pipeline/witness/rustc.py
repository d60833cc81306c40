# SPDX-License-Identifier: GPL-2.0-only
"""Ask rustc for the checks of a crate that mrustc is about to translate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.check.gate import choose
from pipeline.check.library import BOOTSTRAP
from pipeline.run import run
from pipeline.witness.memory import memories
from pipeline.witness.mir import FLAGS, checks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.check.library import Library
    from pipeline.check.rustc import RustcInfo
    from pipeline.toolchains.model import Arch
    from pipeline.toolchains.probe import Layout
    from pipeline.transpile.mrustc import Job
    from pipeline.witness.memory import Memory
    from pipeline.witness.mir import Check

_SECONDS = 600.0
_FOLDER = "witness"
_VALUES: Final = (
    "-Z", "unpretty=mir", "-Z", "mir-opt-level=0", "--error-format=short",
    # Else a name that is there once stands without its modules.
    "-Z", "trim-diagnostic-paths=no",
)  # fmt: skip
_ERROR = re.compile(r"^(\S.*?):(\d+):\d+: error", re.MULTILINE)


@dataclass(frozen=True)
class Witness:
    """A rustc with a library for the target, or for this machine where it has none for that."""

    rustc: RustcInfo
    library: Library
    overflow_checks: bool

    @property
    def key(self) -> object:
        """What its answers depend on, beside the crate."""
        return [self.rustc.verbose, self.library.key, self.overflow_checks]

    def checks(self, job: Job, before: Sequence[Path]) -> list[Check] | None:
        """Return the checks in the functions of a job's crate, None where rustc refuses it.

        ``before`` are the folders of what the crate depends on.  rustc's log and metadata come to
        lie beside the job's output, for the crates that depend on it.
        """
        folder = job.output.parent / _FOLDER
        folder.mkdir(exist_ok=True)
        log = folder / f"{job.crate_name}.log"
        argv = self._command(job, before)
        if job.crate_type == "rlib":
            self._run([*argv, "--emit=metadata", "--out-dir", folder], job, log)
        printed = folder / f"{job.crate_name}.mir"
        if not self._run([*argv, *FLAGS, "-o", printed], job, log):
            return None
        return checks(printed.read_text(encoding="utf-8", errors="replace"))

    def values(self, job: Job, before: Sequence[Path]) -> dict[int, Memory] | set[tuple[str, int]]:
        """Return the bytes behind each probe in a job's crate, by number.

        Where rustc refuses the crate, the files and lines of its errors are returned.
        """
        log = job.output.parent / _FOLDER / f"{job.crate_name}.values.log"
        printed = log.with_suffix(".mir")
        if not self._run([*self._command(job, before), *_VALUES, "-o", printed], job, log):
            errors = _ERROR.findall(log.read_text(encoding="utf-8", errors="replace"))
            return {(file, int(line)) for file, line in errors}
        with printed.open(encoding="utf-8", errors="replace") as lines:
            return memories(lines)

    def _command(self, job: Job, before: Sequence[Path]) -> list[str | Path]:
        argv: list[str | Path] = [self.rustc.path, *self.library.flags]
        argv += ["--crate-name", job.crate_name, "--crate-type", "lib", "--edition", job.edition]
        argv += ["-C", "panic=abort", "-C", "debug-assertions=no", "--cap-lints", "allow"]
        argv += ["-C", f"overflow-checks={'yes' if self.overflow_checks else 'no'}"]
        for cfg in job.cfgs:
            argv += ["--cfg", cfg]
        for one in before:
            argv += ["-L", one / _FOLDER]
        for name, rlib in job.externs:
            argv += [
                "--extern",
                f"{name}={rlib.parent / _FOLDER / rlib.name}".removesuffix("rlib") + "rmeta",
            ]
        return [*argv, job.root]

    @staticmethod
    def _run(argv: list[str | Path], job: Job, log: Path) -> bool:
        env = {**BOOTSTRAP, **dict(job.env)}
        return run(argv, log=log, cwd=job.cwd, env=env, timeout=_SECONDS).exit_status == 0


def find_witness(
    arch: Arch, layout: Layout, named: Path | None, *, overflow_checks: bool
) -> Witness | None:
    """Return the rustc to ask, None where there is none that could say anything of the target.

    Raises :class:`~pipeline.errors.UserError` where ``named`` cannot be used.
    """
    chosen = choose(arch, layout, named)
    if chosen is None:
        return None
    return Witness(*chosen, overflow_checks=overflow_checks)
