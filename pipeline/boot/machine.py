# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel with modules and a plan, and say how each module fared."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.boot.decode import decode
from pipeline.boot.image import build_init, kernel_image
from pipeline.boot.initramfs import initramfs
from pipeline.boot.judge import Judge
from pipeline.boot.plan import plan_text
from pipeline.boot.qemu import Limits, Run, run_machine
from pipeline.boot.result import BootResult, ModuleResult, Report
from pipeline.boot.stack import contradictions, refused, uses
from pipeline.errors import UserError, pasteable
from pipeline.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.boot.boards import Board
    from pipeline.boot.judge import Fault, StepOutcome
    from pipeline.boot.plan import Step
    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain

# Documentation/admin-guide/kernel-parameters.txt: no limit on how many lines init may say, and
# every message of a module on the console, whatever the kernel's default is.
_APPEND = "printk.devkmsg=on loglevel=8"
_MOST_REASONS = 12


@dataclass(frozen=True)
class Kernel:
    """A kernel that can be booted: its tree, the compiler that made it, the board it is for."""

    tree: KernelTree
    toolchain: Toolchain
    board: Board


@dataclass(frozen=True)
class Booted:
    """One boot: the judge that followed it, how QEMU ended, the command and the log."""

    judge: Judge
    run: Run
    command: str
    log: Path
    seconds_to_init: float


def emulator(board: Board) -> str:
    """Return the path of the board's QEMU; :class:`UserError` names the package that has it."""
    if board.qemu is None:
        raise UserError(
            f"no emulator for {board.arch}: {board.reason}",
            mend="build without booting: leave out the target boot",
        )
    found = shutil.which(board.qemu)
    if found is None:
        raise UserError(
            f"{board.qemu} is not installed", mend=f"apt-get install {board.package} (Debian)"
        )
    return found


def boot(
    kernel: Kernel,
    modules: Mapping[str, bytes],
    steps: Sequence[Step],
    log: Path,
    limits: Limits | None = None,
) -> Booted:
    """Boot ``kernel`` with ``modules`` (file names in ``/modules`` and their bytes) and a plan.

    The console goes to ``log`` as it comes; the initramfs stays beside it, so that the command can
    be pasted.  Nothing is raised for what a module or the kernel does wrong: the judge has it.
    """
    image = kernel_image(kernel.tree, kernel.board)
    program = emulator(kernel.board)
    archive = log.with_name(f"{log.name}.cpio.gz")
    init = build_init(kernel.tree, kernel.toolchain)
    write_atomic(archive, initramfs(init, plan_text(steps), modules))
    append = f"{kernel.board.append} {_APPEND}"
    argv = [program, *kernel.board.args, "-kernel", str(image), "-initrd", str(archive)]
    argv += ["-append", append]
    judge = Judge(steps)
    began = time.monotonic()
    run = run_machine(argv, log, judge, limits or Limits())
    judge.end()
    to_init = max(0.0, judge.began - began) if judge.began else 0.0
    return Booted(judge, run, pasteable(argv), log, to_init)


def modules_result(
    kernel: Kernel,
    booted: Booted,
    files: Mapping[str, Path],
    transpiler: str,
    stack_unmeasured: str = "",
) -> BootResult:
    """Return how each of ``files`` (modules by name) fared.

    ``stack_unmeasured`` is why nothing in the plan measures the stack, where the reader is to know.
    """
    return BootResult(
        arch=kernel.board.arch,
        transpiler=transpiler,
        release=kernel.tree.release,
        command=booted.command,
        log=str(booted.log),
        seconds=round(booted.run.seconds, 3),
        seconds_to_init=round(booted.seconds_to_init, 3),
        stopped=booted.run.stopped,
        stack_unmeasured=stack_unmeasured or refused(booted.judge.lines),
        modules=tuple(_module(name, kernel, booted, files) for name in files),
    )


def _module(name: str, kernel: Kernel, booted: Booted, files: Mapping[str, Path]) -> ModuleResult:
    """Return how one module fared in all steps that test it, and in those that test none."""
    judge = booted.judge
    mine = [one for one in judge.outcomes if name in one.step.modules]
    shared = [one for one in judge.outcomes if not one.step.modules]
    faults = [*judge.faults, *(fault for one in (*shared, *mine) for fault in one.faults)]
    reasons = [f"{fault.what} while the kernel boots" for fault in judge.faults]
    reasons += _reasons([*shared, *mine], judge, booted.run)
    stack = uses(files[name], name, kernel.toolchain, judge.lines)
    reasons += contradictions(stack, kernel.toolchain)
    if len(reasons) > _MOST_REASONS:
        left = len(reasons) - _MOST_REASONS
        reasons = [*reasons[:_MOST_REASONS], f"and {left} more: the log has all"]
    alone = [one.seconds for one in mine if one.step.modules == (name,)]
    return ModuleResult(
        module=name,
        state="failed" if reasons else "ok",
        reasons=tuple(reasons),
        seconds=round(sum(alone), 3),
        stack=stack,
        reports=tuple(_report(fault, kernel, files) for fault in faults),
    )


def _reasons(outcomes: Sequence[StepOutcome], judge: Judge, run: Run) -> list[str]:
    """Return why steps failed; those that were never begun are told once."""
    begun = next((one for one in judge.outcomes if one.ok is None), None)
    reasons = []
    unreached = 0
    for one in outcomes:
        if one.ok is None and one is not begun:
            unreached += 1
        else:
            reasons += one.failures()
    why = run.stopped or ("QEMU ended" if begun is not None else "")
    if begun is not None and (unreached or begun in outcomes):
        where = "" if why.endswith(judge.where()) else f", {judge.where()}"
        after = f"; {unreached} steps were not begun" if unreached else ""
        reasons.append(f"{why}{where}{after}")
    return reasons


def _report(fault: Fault, kernel: Kernel, files: Mapping[str, Path]) -> Report:
    frames = decode(fault.lines, files, kernel.toolchain)
    return Report(what=fault.what, lines=fault.lines, frames=tuple(str(one) for one in frames))
