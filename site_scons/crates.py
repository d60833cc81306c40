# SPDX-License-Identifier: GPL-2.0-only
"""What the tools share: how a pipeline command is written, and what each stage's result depends on.

Everything here is about SCons; the work itself is in ``pipeline`` and runs as a command of its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SCons.Action import Action
from SCons.Subst import Literal

from pipeline.console import step_line
from pipeline.crate.graph import load_crate, order
from pipeline.crate.sources import sources
from pipeline.stages import KERNEL_CRATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from SCons.Environment import Environment
    from SCons.Node.FS import File

PROJECT = Path(__file__).resolve().parents[1]
PIPELINE = PROJECT / "pipeline"

# Every declared target and the step that makes it; every verdict with its architecture and crate.
declared: dict[str, str] = {}
verdicts: list[tuple[str, str, Any]] = []

_EVERY_STAGE = ("*.py",)
_STAGE_SOURCES: dict[str, tuple[str, ...]] = {
    "target": (
        "toolchains/*.py",
        "kernel/*.py",
        "kernel/configs/*",
        "compile/flags.py",
        "transpile/target.py",
        "../toolchains.yaml",
    ),
    "check": ("check/*.py", "crate/*.py"),
    "transpile": ("transpile/*.py", "crate/*.py"),
    "compile": ("compile/*.py", "runtime/include/*"),
    "link": ("link/*.py", "compile/*.py", "runtime/include/*", "runtime/c/rt.c"),
    "module": ("kernel/kbuild.py", "crate/*.py", "runtime/c/ferric_kernel.*"),
    "validate": ("validate/*.py", "../toolchains.yaml"),
    "commands": ("toolchains/*.py", "kernel/*.py", "compile/flags.py"),
    "report": ("report/*.py", "validate/finding.py"),
}


def step(
    env: Environment,
    crate: str,
    stage: str,
    targets: Sequence[object],
    sources: Sequence[object],
    words: Sequence[object],
) -> list[File]:
    """Declare one command: ``python -m pipeline`` with ``words``, shown as one short line.

    The words are taken as they are: no shell and no ``$`` of SCons touches a path.  The result
    depends on the pipeline's own files for this stage, too.
    """
    argv = [Literal(str(word)) for word in (sys.executable, "-m", "pipeline", *words)]
    line = None if env["VERBOSE"] else step_line(env["ARCH_NAME"], crate, stage)
    made = env.Command(
        [str(target) for target in targets],
        list(sources),
        Action([argv], line),
        source_scanner=env["CRATE_SCANNER"],
    )
    env.Depends(made, stage_sources(env, stage))
    env.Clean(made, [f"{target}.log" for target in made])
    declared.update((str(target), f"{env['ARCH_NAME']} {crate} {stage}") for target in made)
    return made


def stage_sources(env: Environment, stage: str) -> list[File]:
    """Return the pipeline's own files that a stage's result depends on."""
    patterns = (*_EVERY_STAGE, *_STAGE_SOURCES[stage])
    paths = {path.resolve() for pattern in patterns for path in PIPELINE.glob(pattern)}
    return [env.File(str(path)) for path in sorted(paths) if path.is_file()]


def crate_files(manifest: Path) -> list[Path]:
    """Return every file that the C of a crate depends on: its own, and its dependencies'."""
    crate = load_crate(manifest)
    graph = order(crate)
    if crate.module.runtime == "kernel":
        graph = [*order(load_crate(KERNEL_CRATE)), *graph]
    files: set[Path] = set()
    for one in graph:
        found = sources(one)
        files.update((one.manifest_path, *found.files))
    return sorted(files)


def scan_crate(node: File, env: Environment, _path: object) -> list[File]:
    """Scanner for a ``Cargo.toml``: the files that its crate is made of."""
    if node.name != "Cargo.toml":
        return []
    return env.File([str(path) for path in crate_files(Path(node.get_abspath()))])


def identity(path: str) -> str:
    """Return what tells a tool from another at the same place, without reading its megabytes."""
    if not path:
        return ""
    real = os.path.realpath(path)
    try:
        status = Path(real).stat()
    except OSError:
        return f"{path}: absent"
    return f"{real} {status.st_size} {status.st_mtime_ns}"
