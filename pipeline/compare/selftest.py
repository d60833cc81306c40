# SPDX-License-Identifier: GPL-2.0-only
"""Run a crate's own test: ours under QEMU's user-mode emulation, the native one as it is.

A crate has such a test where it, or a crate that it depends on, declares the feature
``standalone``: with it the object has ``int32_t run(void)``, and calls ``selftest_write(text,
len)`` and ``selftest_abort()``, which the programs in ``pipeline/runtime/user`` bring.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.compare.comparison import Logs
from pipeline.compare.native import build_native, reason
from pipeline.crate.graph import load_crate, order
from pipeline.errors import FerricError, ToolError
from pipeline.programs.emulated import build_emulated, emulator, link_hosted
from pipeline.run import TAIL_LINES, run

if TYPE_CHECKING:
    from pipeline.check.rustc import RustcInfo
    from pipeline.compare.native import Machine
    from pipeline.crate.model import Crate
    from pipeline.stages import Options
    from pipeline.target import Target

FEATURE, ROOT = "standalone", "run"
_RUN_SECONDS = 120.0
_MOST_FAILURES = 99


def test_crate(crate: Crate) -> Crate | None:
    """Return the crate that has the test, None where there is none."""
    for each in order(crate):
        if FEATURE in each.declared_features:
            return load_crate(each.root)
    return None


def run_both(
    crate: Crate,
    options: Options,
    target: Target,
    rustc: RustcInfo,
    machine: Machine,
    out: Path,
) -> Logs:
    """Build the test of ``crate`` twice, run it twice, and return both logs, or the reason."""
    tested = test_crate(crate)
    if tested is None:
        return Logs(reason=f"the crate has no test to run (a feature {FEATURE})")
    if not machine.host:
        return Logs(reason=f"a program for {machine.target.name} is not run: the host's log is it")
    try:
        command = emulator(target)
        native = build_native(rustc, machine, tested, out / "native", [ROOT])
        theirs = program_log([link_hosted([native.linked], out / "native" / "program")])
        ours = program_log([*command, emulated(options, target, tested, out / "ours")])
    except FerricError as error:
        return Logs(reason=reason(error))
    return Logs(ours, theirs)


def emulated(options: Options, target: Target, crate: Crate, out: Path) -> Path:
    """Build the test as a module is built, and link it with a program of system calls alone.

    Whoever turns Rust into C is ``target``'s to say.
    """
    ours = replace(options, crate=crate.root, out=out, gate="off", roots=(ROOT,))
    return build_emulated(ours, target)


def program_log(argv: list[str | Path]) -> str:
    """Run a program and return what it wrote; one that does not come to its end is an error."""
    result = run(argv, timeout=_RUN_SECONDS)
    if result.timed_out:
        raise ToolError(f"{Path(argv[-1]).name} does not end", argv=result.argv)
    if not 0 <= result.exit_status <= _MOST_FAILURES and not result.output:
        tail = "\n".join(result.output.splitlines()[-TAIL_LINES:])
        status = result.exit_status
        raise ToolError("the test breaks down", argv=result.argv, exit_status=status, tail=tail)
    return result.output
