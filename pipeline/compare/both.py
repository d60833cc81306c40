# SPDX-License-Identifier: GPL-2.0-only
"""``transpiler=both``: a crate by mrustc and by rustc's front end, and what differs.

Both results are for one machine, by one GCC: nothing has to be explained by another one, so what
C can see of them must be equal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline import stages
from pipeline.compare import border, frames, log, sizes, statics, symbols
from pipeline.compare.comparison import Logs, judged
from pipeline.compare.difference import Comparison, Differences, write
from pipeline.compare.native import reason
from pipeline.compare.reachable import declared_reprs
from pipeline.compare.rules import Rules
from pipeline.compare.selftest import FEATURE, emulated, program_log, test_crate
from pipeline.compare.side import Side
from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError, ToolError
from pipeline.programs.emulated import emulator
from pipeline.transpile.choice import BOTH, Transpiler
from pipeline.validate.elf import Object
from pipeline.validate.finding import Skipped
from pipeline.validate.reference import for_arch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline.crate.model import Crate
    from pipeline.stages import Options
    from pipeline.target import Target
    from pipeline.validate.finding import Finding, Verdict

FIRST: Transpiler = "mrustc"
SECOND: Transpiler = "rustc"
NAMES: tuple[Transpiler, Transpiler] = (FIRST, SECOND)
DOCUMENT = f"{BOTH}.json"


def one_of_both(options: Options, name: Transpiler) -> Options:
    """Return the options of one of the two builds, whose files are in a folder of its name.

    The library source that the user names is mrustc's: rustc takes none but its own.
    """
    rust_src = options.rust_src if name == FIRST else ""
    return replace(options, transpiler=name, out=options.out / name, rust_src=rust_src)


def build_both(
    options: Options, report: Callable[[str, str], None]
) -> tuple[list[Verdict], Differences]:
    """Go the whole way twice, then compare; ``options.out`` gets a folder for each.

    ``report`` is told each step's name as it begins, and the transpiler's (for the last: both).
    The verdicts name their transpiler, because both files have one name.
    """
    verdicts = []
    for name in NAMES:
        way = one_of_both(options, name)
        verdict = stages.build(way, lambda step, name=name: report(step, name))  # type: ignore[misc]
        verdicts.append(labelled(verdict, name))
    report("compare", BOTH)
    return verdicts, compare_both(options)


def labelled(verdict: Verdict, name: str) -> Verdict:
    """Return a verdict whose file says who turned the crate into C."""
    path = verdict.path
    return replace(verdict, path=path.with_name(f"{path.name} ({name})")) if name else verdict


def compare_both(options: Options) -> Differences:
    """Compare what the two builds left in ``options.out``, and write ``both.json`` there."""
    crate = load_crate(options.crate)
    ways = [one_of_both(options, name) for name in NAMES]
    targets = [way.target() for way in ways]
    objects = [Object.read(stages.Outputs(way.out, crate.crate_name).linked) for way in ways]
    logs = _logs(crate, options, targets)
    comparison = compare_objects((objects[0], objects[1]), (targets[0], targets[1]), crate, logs)
    arch = targets[0].arch.name
    found = Differences(crate.name, arch, (comparison,), ())
    write(found, options.out / DOCUMENT)
    return found


def compare_objects(
    objects: tuple[Object, Object], targets: tuple[Target, Target], crate: Crate, logs: Logs
) -> Comparison:
    """Compare mrustc's linked object of ``crate`` with rustc's; ``logs`` are those of its test."""
    one, other = (Side(obj, name) for obj, name in zip(objects, NAMES, strict=True))
    reprs = declared_reprs(crate)
    rules = _rules(targets[0]), _rules(targets[1])
    stacks = (
        frames.our_frames(one, for_arch(targets[0].arch, targets[0].toolchain)),
        frames.our_frames(other, for_arch(targets[1].arch, targets[1].toolchain)),
    )
    families: dict[str, Callable[[], Iterable[Finding | Skipped]]] = {
        symbols.CHECK: lambda: symbols.compare_symbols(one, other, same=True),
        border.SIGNATURE: lambda: border.compare_signatures(one, other),
        border.LAYOUT: lambda: border.compare_border(one, other, reprs, rules),
        statics.CHECK: lambda: statics.compare_statics(one, other, reprs),
        sizes.CHECK: lambda: sizes.compare_sizes(one, other),
        frames.CHECK: lambda: frames.compare_frames(one, other, *stacks),
        log.CHECK: lambda: compare_runs(logs),
    }
    return judged(one, other, families, stacks)


def compare_runs(logs: Logs) -> Iterable[Finding | Skipped]:
    """Return what differs between the logs of a test, or why there are none."""
    if logs.reason:
        return [Skipped(log.CHECK, logs.reason)]
    return log.compare_logs(logs.ours, logs.native, SECOND, same=FIRST)


def _rules(target: Target) -> Rules:
    """Return the alignments that Rust's types have with the target's transpiler."""
    gcc = f"{target.toolchain.triple}-gcc"
    how = "measured with" if target.transpiler == FIRST else "natural up to the word, else as"
    return Rules(target.layout.alignments, f"{target.transpiler}: {how} {gcc}")


def _logs(crate: Crate, options: Options, targets: list[Target]) -> Logs:
    """Build the test of ``crate`` twice, run it twice, and return both logs, or the reason."""
    tested = test_crate(crate)
    if tested is None:
        return Logs(reason=f"the crate has no test to run (a feature {FEATURE})")
    found = []
    try:
        for name, target in zip(NAMES, targets, strict=True):
            way = one_of_both(options, name)
            command = emulator(target)
            program = emulated(way, target, tested, way.out / "test")
            found.append(_run([*command, program]))
    except FerricError as error:
        return Logs(reason=reason(error))
    (ours, first), (theirs, second) = found
    if first and second:
        return Logs(reason=f"the test ends early in both: {first}; {second}")
    return Logs(ours, theirs)


def _run(argv: list[str | Path]) -> tuple[str, str]:
    """Run a test; return its log, and why it did not come to its end, which the log says too."""
    try:
        return program_log(argv), ""
    except ToolError as error:
        status = "" if error.exit_status is None else f" (exit {error.exit_status})"
        said = f"{error.what}{status}"
        return said, said
