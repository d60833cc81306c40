# SPDX-License-Identifier: GPL-2.0-only
"""What the SConstruct does with variables, architectures, the terminal and the end of a build."""

from __future__ import annotations

import atexit
import difflib
import os
import shlex
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import crates as steps
import SCons.Node
import SCons.Script
from crates import stop, tells_errors

from pipeline import console
from pipeline.boot import result as boots
from pipeline.check.rustc import find_rustc
from pipeline.compare import difference as differences
from pipeline.compare.both import NAMES, labelled
from pipeline.compare.show import print_differences
from pipeline.errors import FerricError
from pipeline.report.summary import print_summary
from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.transpile.choice import BOTH, CHOICES, choose, require_both
from pipeline.transpile.mrustc import find_mrustc
from pipeline.validate.finding import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.toolchains.model import Arch

SAMPLES = steps.PROJECT / "samples"
_CHOICES = {
    "transpiler": (*CHOICES, BOTH),
    "gate": ("auto", "off", "require"),
    "overflow_checks": ("no", "yes"),
    "verbose": ("0", "1"),
}
# Variables that are paths, and the words that each takes instead.
_PLACES = {
    "module": ("",),
    "kernel": ("auto", "none"),
    "mrustc": ("",),
    "rust_src": ("",),
    "rustc": ("",),
}
_PROGRAMS = ("mrustc", "rustc")
_BUILT = (SCons.Node.executed, SCons.Node.up_to_date)
_skipped: list[str] = []
_Read = TypeVar("_Read")


def environment(arguments: dict[str, str]) -> dict[str, str]:
    """Return the environment of every command: the user's, with this project importable."""
    path = os.pathsep.join(filter(None, [str(steps.PROJECT), os.environ.get("PYTHONPATH", "")]))
    verbose = {"FERRIC_VERBOSE": "1"} if arguments.get("verbose", "0") == "1" else {}
    return {**os.environ, "PYTHONPATH": path, **verbose}


def variables(given: Any, tools: Sequence[Any]) -> Any:
    """Add every variable: the architecture here, the others where their tool is."""
    given.Add(
        "arch",
        "architectures to build for: names or aliases between commas, all, or installed",
        "installed",
    )
    for tool in tools:
        tool.options(given)
    SCons.Script.SetOption("no_progress", True)  # noqa: FBT003 - SCons's interface
    return given


def check_variables(env: Any, given: Any) -> None:
    """Stop at a variable that is unknown, or has a value that it cannot have; settle the others."""
    known = [option.key for option in given.options]
    for name in given.UnknownVariables():
        stop(f"unknown variable {name}{_nearest(name, known)}\n  mend: scons -h lists them")
    for name, value in SCons.Script.ARGUMENTS.items():
        if not value.strip():
            stop(f"{name}= is empty\n  mend: give it a value, or leave it out for the default")
    for name, allowed in _CHOICES.items():
        if env[name] not in allowed:
            hint = _nearest(env[name], allowed)
            stop(f"{name}={env[name]}{hint}\n  mend: {name} is one of {', '.join(allowed)}")
    for name, words in _PLACES.items():
        env[name] = env[name] if env[name] in words else _place(name, env[name])
    env["VERBOSE"] = env["verbose"] == "1"
    # Words reach the shell as they are, whatever a path has in it.
    env["ESCAPE"] = shlex.quote
    env["SPAWN"] = steps.spawn


def _place(name: str, value: str) -> str:
    """Return a path as absolute, from where the user is; a program may be a name on PATH."""
    if name in _PROGRAMS and os.sep not in value:
        return value
    path = Path(SCons.Script.GetLaunchDir(), Path(value).expanduser())
    if not path.exists():
        stop(f"{name}={value}: no such file or folder\n  mend: name one that is there")
    return os.path.abspath(path)  # noqa: PTH100 - resolves `..` by name, a symlink stays


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


@tells_errors
def help_text(given: Any) -> str:
    """Return what ``scons -h`` says: commands, variables with their defaults, architectures."""
    if not SCons.Script.GetOption("help"):
        return ""
    toolchains = load()
    lines = [
        "Ferric builds Linux kernel modules in Rust for the architectures that only GCC reaches.",
        "",
        "  scons arch=m68k                 build and validate the samples",
        "  scons arch=m68k module=PATH     build and validate a crate of your own",
        "  scons arch=m68k transpiler=both build with mrustc and with rustc, and compare the two",
        "  scons arch=m68k compare         put them beside what rustc makes of them",
        "  scons arch=m68k boot            load and unload them in a real kernel under QEMU",
        "  scons arch=m68k transpiler=both boot  load those of mrustc, and those of rustc",
        "  scons arch=m68k dist            pack their C, to be built without Rust",
        "  scons doctor                    what is installed, what is missing, where it comes from",
        "  scons -c arch=m68k              remove what was built",
        "",
        "Variables (NAME=VALUE):",
    ]
    for option in given.options:
        head = f"  {option.key:<14} "
        text = f"{option.help} (default: {option.default or 'found by itself'})"
        lines += textwrap.wrap(text, 96, initial_indent=head, subsequent_indent=" " * len(head))
    lines += ["", "Architectures (with aliases):"]
    lines += [_arch_line(arch) for arch in toolchains.gcc_only()]
    lines += ["", "To compare with (rustc reaches them too):"]
    lines += [_arch_line(toolchains[name]) for name in toolchains if toolchains[name].reference]
    return "\n".join(lines) + "\n"


def _arch_line(arch: Arch) -> str:
    names = f"{arch.name} ({', '.join(arch.aliases)})" if arch.aliases else arch.name
    state = "GCC installed" if installed(arch) else f"needs {arch.package or 'a GCC of your own'}"
    return f"  {names:<36} {state}"


def builds(env: Any, targets: Sequence[str]) -> bool:
    """Say whether this run declares builds at all: ``scons doctor`` and ``-h`` need none."""
    return not (env.GetOption("help") or list(targets) == ["doctor"])


@tells_errors
def settle_transpiler(env: Any) -> None:
    """Settle who turns Rust into C, and say it where nobody chose."""
    if env["transpiler"] == BOTH:
        require_both(env["mrustc"], env["rust_src"], env["rustc"])
        return
    choice = choose(env["transpiler"], env["mrustc"], env["rust_src"])
    env["transpiler"] = choice.name
    if choice.line and not env.GetOption("silent"):
        console.note(choice.line)


@tells_errors
def architectures(env: Any) -> list[Arch]:
    """Return the architectures asked for.

    One that is named has to have a GCC; ``all`` and ``installed`` leave out, and say so at the end,
    what has none, and what cannot be linked.
    """
    chosen = load().select(env["arch"], installed=installed)
    groups = {"all", "installed"} & set(env["arch"].split(","))
    reasons = {arch.name: _why_skipped(arch) if groups else "" for arch in chosen}
    _skipped.extend(f"{name}: skipped: {reason}" for name, reason in reasons.items() if reason)
    kept = [arch for arch in chosen if not reasons[arch.name]]
    for arch in kept:
        find(arch)
    return kept


def _why_skipped(arch: Arch) -> str:
    try:
        find(arch)
    except FerricError as error:
        return str(error)
    return arch.no_link or ""


@tells_errors
def for_arch(base: Any, arch: Arch) -> list[Any]:
    """Return the environments of one architecture: one for each transpiler that is used."""
    if base["transpiler"] != BOTH:
        return [_environment(base, arch)]
    pairs: list[Any] = []
    made = []
    # The library source that the user names is mrustc's: rustc takes none but its own.
    for name, source in zip(NAMES, (base["rust_src"], ""), strict=True):
        env = _environment(base, arch, transpiler=name, BY=name, rust_src=source)
        env["PAIRS"] = pairs  # the same list: Clone would copy it
        made.append(env)
    return made


def _environment(base: Any, arch: Arch, **more: Any) -> Any:
    toolchain = find(arch)
    env = base.Clone(ARCH=arch, ARCH_NAME=arch.name, C_FILES=[], LINKED=[], WAYS=[], **more)
    env["GCC_IDENTITY"] = f"{toolchain.banner} {steps.identity(str(toolchain.gcc))}"
    env["MRUSTC_IDENTITY"] = _tool(lambda: find_mrustc(base["mrustc"]).path)
    env["RUSTC_IDENTITY"] = _tool(lambda: find_rustc(base["rustc"] or None).path)
    env["TARGET_FILE"], env["LAYOUT_FILE"] = env.Target()
    return env


def _tool(find_it: Callable[[], Path]) -> str:
    """Return a tool's identity; that it is missing is told by the step that needs it."""
    try:
        return steps.identity(str(find_it()))
    except FerricError:
        return "absent"


def crates(env: Any) -> list[Path]:
    """Return the folders of the crates to build: the user's one, or all samples."""
    if env["module"]:
        return [Path(env["module"])]
    return sorted(manifest.parent for manifest in SAMPLES.glob("*/Cargo.toml"))


def doctor(env: Any) -> Any:
    """Return the action of ``scons doctor``."""
    return steps.command(env, ["doctor"], "looking for tools")


def count_steps(env: Any) -> None:
    """Show done/total in front of every step on a terminal; steps that need nothing count too."""
    seen: set[str] = set()

    def visit(node: Any) -> None:
        if str(node) in steps.declared:
            seen.add(steps.declared[str(node)])

    def show(text: str, _target: object, _source: object, _env: object) -> None:
        total = len(set(steps.declared.values()))
        prefix = f"[{len(seen):>{len(str(total))}}/{total}] " if sys.stdout.isatty() else ""
        sys.stdout.write(f"{prefix}{text}\n")
        sys.stdout.flush()

    SCons.Script.Progress(visit)
    env["PRINT_CMD_LINE_FUNC"] = show


def summary_at_exit(env: Any) -> None:
    """Print the table of all verdicts when the build ends, however it ends."""
    if any(env.GetOption(name) for name in ("clean", "no_exec", "question", "silent")):
        return
    atexit.register(_summary)


def _there(node: Any) -> bool:
    """Say whether this run made a document, or found that it need not be made again."""
    return Path(node.get_abspath()).is_file() and node.get_state() in _BUILT


def _documents(read_one: Callable[[Path], _Read], node: Any) -> list[_Read]:
    """Return the one document of a node; none, and an error is told, where it cannot be read.

    What is in ``build/`` may have been changed since it was made, and no error may end the summary:
    SCons is done, and Python would show where in our own code it was.
    """
    try:
        return [read_one(Path(node.get_abspath()))]
    except FerricError as error:
        console.error(str(error))
        return []


def _differences() -> None:
    """Print the table of all comparisons, where there were any."""
    found = []
    for arch, crate, node in (*steps.comparisons, *steps.pairs):
        if _there(node):
            found += _documents(differences.read, node)
        else:
            console.note(f"{arch}: {crate}: not compared")
    if found:
        print_differences(found)


def _boots() -> None:
    """Print the table of all boots, where there were any."""
    found = []
    for arch, name, node in steps.boots:
        if _there(node):
            found += _documents(boots.read, node)
        else:
            console.note(f"{arch}: {name}: not booted")
    if found:
        boots.print_boots(found)


def _summary() -> None:
    """Print the table of all verdicts; whoever closed the pipe in the meantime reads no more."""
    try:
        _tables()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tables() -> None:
    verdicts = []
    for arch, crate, by, node in steps.verdicts:
        if _there(node):
            verdicts += [labelled(one, by) for one in _documents(read, node)]
        elif not (steps.comparisons and node.get_state() == SCons.Node.no_state):
            console.note(f"{arch}: {steps.shown(crate, by)}: not built")
    if verdicts:
        print_summary(verdicts)
    _differences()
    _boots()
    for line in _skipped:
        console.note(line)
