# SPDX-License-Identifier: GPL-2.0-only
"""What the tools share: how a pipeline command is written, and what each stage's result depends on.

Everything here is about SCons; the work itself is in ``pipeline`` and runs as a command of its own.
SCons has no types: its environments and nodes are ``Any``.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import SCons.Node
from SCons.Action import Action
from SCons.Subst import Literal

from pipeline import console
from pipeline.crate.graph import load_crate, order
from pipeline.crate.sources import sources
from pipeline.errors import FerricError, pasteable
from pipeline.stages import KERNEL_CRATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

PROJECT = Path(__file__).resolve().parents[1]
PIPELINE = PROJECT / "pipeline"

# Every declared target and the step that makes it; every verdict with its architecture, crate and
# (where both are used) transpiler; every comparison with a native build, and of both transpilers;
# every boot.
declared: dict[str, str] = {}
verdicts: list[tuple[str, str, str, Any]] = []
comparisons: list[tuple[str, str, Any]] = []
pairs: list[tuple[str, str, Any]] = []
boots: list[tuple[str, str, Any]] = []

_EVERY_STAGE = ("*.py",)
_STAGE_SOURCES: dict[str, tuple[str, ...]] = {
    "target": (
        "toolchains/*.py",
        "kernel/*.py",
        "kernel/*.cc",
        "kernel/configs/*",
        "boot/boards.*",
        "compile/flags.py",
        "transpile/target.py",
        "../toolchains.yaml",
    ),
    "check": (
        "check/*.py",
        "crate/*.py",
        "hazards/underscore.py",
        "kernel/kbuild.py",
        "../toolchains.yaml",
    ),
    "transpile": (
        "transpile/*.py",
        "transpile/*.yaml",
        "transpile/rustc/*",
        "check/library.py",
        "check/rustc.py",
        "crate/*.py",
        "kernel/kbuild.py",
    ),
    "compile": ("compile/*.py", "runtime/include/*"),
    "link": ("link/*.py", "compile/*.py", "runtime/include/*", "runtime/c/rt*.c"),
    "module": ("kernel/*.py", "crate/*.py", "runtime/c/ferric_kernel.*"),
    "validate": (
        "validate/*.py",
        "validate/*.txt",
        "validate/*.yaml",
        "link/*.py",
        "kernel/kbuild.py",
        "kernel/tree.py",
        "runtime/c/ferric_kernel.h",
        "../toolchains.yaml",
    ),
    "dist": (
        "dist/*.py",
        "dist/templates/*",
        "compile/*.py",
        "link/*.py",
        "kernel/kbuild.py",
        "runtime/c/*",
        "runtime/include/*",
        "../toolchains.yaml",
    ),
    "commands": ("toolchains/*.py", "kernel/*.py", "compile/*.py"),
    "report": ("report/*.py", "validate/finding.py"),
    "compare": (
        "compare/*.py",
        "debuginfo/*.py",
        "names/*.py",
        "validate/*.py",
        "validate/*.txt",
        "validate/*.yaml",
        "runtime/user/*",
        "../toolchains.yaml",
    ),
    "both": (
        "compare/*.py",
        "debuginfo/*.py",
        "names/*.py",
        "programs/*.py",
        "validate/*.py",
        "validate/*.txt",
        "validate/*.yaml",
        "runtime/user/*",
        "../toolchains.yaml",
    ),
    "differences": ("compare/*.py", "validate/finding.py"),
    "boot": (
        "boot/*.py",
        "boot/*.yaml",
        "boot/init/*",
        "kernel/*.py",
        "names/*.py",
        "validate/*.py",
        "validate/*.txt",
        "validate/*.yaml",
        "../toolchains.yaml",
    ),
    "boots": ("boot/result.py",),
}

_Given = ParamSpec("_Given")
_Got = TypeVar("_Got")


def stop(text: str) -> NoReturn:
    """End before anything is built, with an error that is complete."""
    console.error(text)
    sys.exit(1)


def shown(crate: str, by: str) -> str:
    """Return a crate as the lines of steps name it: with its transpiler where both are used."""
    return f"{crate}/{by}" if by else crate


def named(env: Any, name: str) -> str:
    """Return the name of an architecture's own file, with the transpiler where both are used."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{env['BY']}{dot}{suffix}" if env["BY"] else name


def tells_errors(function: Callable[_Given, _Got]) -> Callable[_Given, _Got]:
    """Make a :class:`FerricError` while SCons reads the SConstruct one error and the end."""

    @functools.wraps(function)
    def told(*args: _Given.args, **kwargs: _Given.kwargs) -> _Got:
        try:
            return function(*args, **kwargs)
        except FerricError as error:
            stop(str(error))

    return told


def step(
    env: Any,
    crate: str,
    stage: str,
    targets: Sequence[object],
    sources: Sequence[object],
    words: Sequence[object],
) -> list[Any]:
    """Declare one command: ``python -m pipeline`` with ``words``, shown as one short line.

    The words are taken as they are: no shell and no ``$`` of SCons touches a path.  The result
    depends on the pipeline's own files for this stage, too.
    """
    line = console.step_line(env["ARCH_NAME"], crate, stage)
    made: list[Any] = env.Command(
        [file(env, target) for target in targets],
        list(sources),
        command(env, words, line),
        source_scanner=env["CRATE_SCANNER"],
    )
    env.Depends(made, stage_sources(env, stage))
    env.Clean(made, [file(env, f"{node.get_abspath()}.log") for node in made])
    declared.update((str(target), f"{env['ARCH_NAME']} {crate} {stage}") for target in made)
    return made


def option_words(env: Any, *names: str) -> list[str]:
    """Return the variables of these names (with ``-`` for ``_``) that are set, as options."""
    values = ((name, env[name.replace("-", "_")]) for name in names)
    return [word for name, value in values if value for word in (f"--{name}", value)]


def kernel_words(env: Any) -> list[str]:
    """Return the words that say which kernel tree a command is for."""
    return option_words(env, "kernel", "kernel-version")


def command(env: Any, words: Sequence[object], line: str) -> Any:
    """Return the action that runs ``python -m pipeline``; verbose, it shows what can be pasted."""
    argv = [sys.executable, "-m", "pipeline", *map(str, words)]
    shown = f"{line}\n{pasteable(argv, cwd=PROJECT)}" if env["VERBOSE"] else line
    return Action([[Literal(word) for word in argv]], shown.replace("$", "$$"))


def file(env: Any, path: object) -> Any:
    """Return the node of a path or a node; ``env.File`` would take a ``$`` in it for a variable."""
    return env.fs.File(path if isinstance(path, SCons.Node.Node) else str(path))


def spawn(_shell: object, _escape: object, _name: str, words: list[str], env: Any) -> int:
    """Run a command as SCons would, but with Ctrl-C held back until the pipeline takes it.

    The signal mask is inherited; without it a Python that Ctrl-C meets while it starts shows a
    traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen(["/bin/sh", "-c", " ".join(words)], env=env)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process.wait()


def stage_sources(env: Any, stage: str) -> list[Any]:
    """Return the pipeline's own files that a stage's result depends on."""
    patterns = (*_EVERY_STAGE, *_STAGE_SOURCES[stage])
    paths = {path.resolve() for pattern in patterns for path in PIPELINE.glob(pattern)}
    return [file(env, path) for path in sorted(paths) if path.is_file()]


@functools.cache
def crate_files(manifest: Path) -> tuple[Path, ...]:
    """Return every file that the C of a crate depends on: its own, and its dependencies'."""
    crate = load_crate(manifest)
    graph = order(crate)
    if crate.module.runtime == "kernel":
        graph = [*order(load_crate(KERNEL_CRATE)), *graph]
    files: set[Path] = set()
    for one in graph:
        found = sources(one)
        files.update((one.manifest_path, *found.files))
    return tuple(sorted(files))


def scan_crate(node: Any, env: Any, _path: object) -> list[Any]:
    """Scanner for a ``Cargo.toml``: the files that its crate is made of."""
    if node.name != "Cargo.toml":
        return []
    return [file(env, path) for path in crate_files(Path(node.get_abspath()))]


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
