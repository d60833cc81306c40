# SPDX-License-Identifier: GPL-2.0-only
"""The verbs ``boot`` and ``boots``: modules in a running kernel, and several results as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.boot.boards import load_boards
from pipeline.boot.loader import Skip, too_old
from pipeline.boot.machine import Kernel, boot, emulator, modules_result
from pipeline.boot.plan import make_plan, read_plan
from pipeline.boot.result import BootResult, ModuleResult, exit_status, print_boots, read, write
from pipeline.boot.stack import measuring
from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.kernel.auto import auto_tree, has_config
from pipeline.kernel.tree import open_tree
from pipeline.report.several import add_several
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate.finding import Severity
from pipeline.validate.finding import read as read_findings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from pipeline.boot.plan import Step
    from pipeline.toolchains.model import Arch


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``boot``."""
    parser = subparsers.add_parser(
        "boot",
        help="load and unload modules in a real kernel under QEMU",
        description="Boot a kernel under QEMU, load and unload each module, and each two of them "
        "together. Exit status: 0 all well or skipped, 1 it could not be begun, 2 a "
        "module failed, or validate found an error in one.",
    )
    parser.add_argument("modules", nargs="+", type=Path, metavar="KO")
    parser.add_argument("--arch", required=True, metavar="A", help="architecture or alias")
    parser.add_argument(
        "--kernel",
        default="auto",
        metavar="K",
        help="auto (Ferric's own, cached), or the path of a built tree; default: auto",
    )
    parser.add_argument(
        "--kernel-version",
        default="",
        metavar="X.Y",
        help="the installed kernel source that auto is built from; default: the newest",
    )
    parser.add_argument(
        "--plan",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="what to do with a module, where it is more than loading and unloading",
    )
    parser.add_argument(
        "--findings",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="what validate found in a module: an error there is a failure here, too",
    )
    parser.add_argument(
        "--by", default="", metavar="TRANSPILER", help="who made the modules' C, for the table"
    )
    parser.add_argument(
        "--skip-missing", action="store_true", help="a QEMU that is not installed is a skip"
    )
    parser.add_argument(
        "--log",
        type=Path,
        default=Path("boot.log"),
        metavar="FILE",
        help="the console, as it comes; the initramfs is put beside it; default: boot.log",
    )
    parser.add_argument("-o", dest="output", type=Path, help="write boot.json there; exit 0")
    parser.set_defaults(main=main)


def add_boots(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``boots``."""
    add_several(
        subparsers,
        "boots",
        "boot.json",
        "0 no module failed, 2 one did, or validate found an error in one",
        boots,
    )


def main(args: argparse.Namespace) -> int:
    """Boot, write the result, show it."""
    files = _files(args.modules)
    arch = load().get(args.arch)
    reason = _why_skipped(arch, args.kernel, skip_missing=args.skip_missing)
    errors = _errors(args.findings, files)
    if reason:
        rows = tuple(skipped(name, Skip(reason), errors) for name in files)
        result = BootResult(arch=arch.name, transpiler=args.by, modules=rows)
    else:
        result = _boot(arch, files, errors, args)
    if args.output:
        write(result, args.output)
        return 0
    print_boots([result])
    return exit_status([result])


def boots(args: argparse.Namespace) -> int:
    """Show several results, and judge them together."""
    results = [read(path) for path in args.files]
    if not args.quiet:
        print_boots(results)
    if args.output:
        documents = [one.model_dump(mode="json") for one in results]
        write_atomic(args.output, json.dumps(documents, indent=1) + "\n")
    return exit_status(results)


def _boot(
    arch: Arch,
    files: dict[str, Path],
    errors: dict[str, tuple[str, ...]],
    args: argparse.Namespace,
) -> BootResult:
    toolchain = find(arch)
    if args.kernel == "auto":
        tree = auto_tree(arch, toolchain, args.kernel_version)
    else:
        tree = open_tree(Path(args.kernel), arch, toolchain)
    kernel = Kernel(tree, toolchain, load_boards()[arch.name])
    found = {name: too_old(tree, toolchain, path) for name, path in files.items()}
    skips = {name: why for name, why in found.items() if why}
    left_out = tuple(skipped(name, why, errors) for name, why in skips.items())
    files = {name: path for name, path in files.items() if name not in skips}
    if not files:
        return BootResult(
            arch=arch.name, transpiler=args.by, release=tree.release, modules=left_out
        )
    contents = {f"{name}.ko": _read(path) for name, path in files.items()}
    steps = make_plan(list(files), _plans(args.plan, files, found))
    steps, unmeasured = measuring(tree, toolchain, contents, steps)
    booted = boot(kernel, contents, steps, args.log.absolute())
    result = modules_result(kernel, booted, files, args.by, unmeasured)
    judged = tuple(
        one.model_copy(update={"errors": errors.get(one.module, ())}) for one in result.modules
    )
    return result.model_copy(update={"modules": judged + left_out})


def skipped(name: str, why: Skip, errors: dict[str, tuple[str, ...]]) -> ModuleResult:
    """Return the row of a module that is not booted; an error that the reason tells is not kept."""
    left = tuple(check for check in errors.get(name, ()) if check not in why.told)
    return ModuleResult(module=name, state="skipped", reasons=(why.reason,), errors=left)


def _why_skipped(arch: Arch, kernel: str, *, skip_missing: bool) -> str:
    """Return why nothing is booted, empty where it is; a missing QEMU may be the user's to mend."""
    board = load_boards().get(arch.name)
    if board is None:
        return f"Ferric knows no board for {arch.name}"
    if board.qemu is None:
        return board.reason or f"no emulator for {arch.name}"
    if kernel == "auto" and not has_config(arch):
        return f"Ferric has no kernel configuration for {arch.name}; kernel=PATH names a tree"
    try:
        emulator(board)
    except UserError as error:
        if not skip_missing:
            raise
        return f"{error.what} ({error.mend})"
    return ""


def _files(paths: list[Path]) -> dict[str, Path]:
    """Return the modules by the names that the kernel knows them by."""
    files: dict[str, Path] = {}
    for path in paths:
        name = path.stem.replace("-", "_")
        if name in files:
            raise UserError(f"two modules have the name {name}", where=str(path))
        files[name] = path
    return files


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _plans(
    words: list[str], files: dict[str, Path], named: Iterable[str]
) -> dict[str, tuple[Step, ...]]:
    """Return the plans of ``files``; ``named`` are all modules, those that are skipped too."""
    plans = {
        name: read_plan(file, name)
        for name, file in _by_name("--plan", "the plan of a module that is booted", words, named)
    }
    return {name: plan for name, plan in plans.items() if name in files}


def _errors(words: list[str], files: dict[str, Path]) -> dict[str, tuple[str, ...]]:
    """Return the checks of ``validate`` that found an error, by module."""
    named = _by_name("--findings", "what was found in one of the modules", words, files)
    return {
        name: tuple(
            sorted(
                {
                    one.check
                    for one in read_findings(file).findings
                    if one.severity == Severity.ERROR
                }
            )
        )
        for name, file in named
    }


def _by_name(
    option: str, what: str, words: list[str], named: Iterable[str]
) -> Iterator[tuple[str, Path]]:
    """Yield the module and the file of each ``NAME=FILE`` that was given with an option."""
    for word in words:
        name, equals, file = word.partition("=")
        if not equals or name not in named:
            raise UserError(
                f"{option} {word}: not {what}",
                mend=f"write {option} NAME=FILE; the modules are {', '.join(named)}",
            )
        yield name, Path(file)
