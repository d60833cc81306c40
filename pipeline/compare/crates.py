# SPDX-License-Identifier: GPL-2.0-only
"""Compare a crate that was built with every native build of it that can be had."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipeline.check.rustc import find_rustc
from pipeline.compare.comparison import Context, compare, native_rules, our_rules
from pipeline.compare.difference import Comparison, Differences
from pipeline.compare.native import build_native, machines, reason
from pipeline.compare.selftest import run_both
from pipeline.errors import FerricError, UserError
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import Skipped
from pipeline.validate.reference import for_arch

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.check.rustc import RustcInfo
    from pipeline.compare.native import Machine
    from pipeline.crate.model import Crate
    from pipeline.stages import Options
    from pipeline.target import Target
    from pipeline.toolchains.model import Arch
    from pipeline.validate.reference import Reference

CHECK = "compare.native"


def compare_crate(
    path: Path, crate: Crate, options: Options, target: Target, out: Path
) -> Differences:
    """Compare the object ``path`` that ``crate`` became; native builds go into the folder ``out``.

    A native build that cannot be had is listed as skipped, with the reason.
    """
    ours = Object.read(path)
    rules = our_rules(target.arch, target.toolchain, target.flags.words)
    reference = for_arch(target.arch, target.toolchain)
    comparisons: list[Comparison] = []
    skipped: list[Skipped] = []
    try:
        rustc = find_rustc(options.rustc or None)
        choices = machines(rustc, target.arch)
    except UserError as error:
        if options.rustc:
            raise
        return Differences(crate.name, target.arch.name, (), (Skipped(CHECK, error.what),))
    for machine in choices:
        if isinstance(machine, str):
            skipped.append(Skipped(CHECK, machine))
            continue
        context = Context(reference, rules, None, native_rules(machine.target, ours), crate)
        try:
            comparisons.append(_one(ours, context, crate, options, target, (rustc, machine), out))
        except FerricError as error:
            skipped.append(Skipped(CHECK, reason(error)))
    return Differences(crate.name, target.arch.name, tuple(comparisons), tuple(skipped))


def _one(
    ours: Object,
    context: Context,
    crate: Crate,
    options: Options,
    target: Target,
    how: tuple[RustcInfo, Machine],
    out: Path,
) -> Comparison:
    rustc, machine = how
    folder = out / machine.target.name
    build = build_native(rustc, machine, crate, folder, options.roots)
    logs = run_both(crate, options, target, rustc, machine, folder / "test")
    context = dataclasses.replace(
        context, native_reference=reference_of(Object.read(build.linked)), logs=logs
    )
    native, unfolded = Object.read(build.linked), Object.read(build.unfolded)
    title = machine.target.name
    return compare(ours, native, context, title=title, unfolded=unfolded)


def arch_of(obj: Object) -> Arch | None:
    """Return the one architecture of ``toolchains.yaml`` that an object is for, or None."""
    toolchains = load()
    fitting = [
        arch
        for arch in (toolchains[name] for name in toolchains)
        if (arch.elf.machine, arch.elf.bits, arch.elf.byte_order)
        == (obj.machine, obj.bits, obj.byte_order)
    ]
    return fitting[0] if len(fitting) == 1 else None


def reference_of(obj: Object) -> Reference | None:
    """Return what is needed to disassemble an object, None where its tools are not here."""
    arch = arch_of(obj)
    if arch is None:
        return None
    try:
        return for_arch(arch, find(arch))
    except UserError:
        return None
