# SPDX-License-Identifier: GPL-2.0-only
"""The verbs ``boot`` and ``boots``: modules in a running kernel, and several results as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.boot.boards import load_boards
from pipeline.boot.loader import too_old
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

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pipeline.boot.plan import Step
    from pipeline.toolchains.model import Arch


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``boot``."""
    parser = subparsers.add_parser(
        "boot",
        help="load and unload modules in a real kernel under QEMU",
        description="Boot a kernel under QEMU, load and unload each module, and each two of them "
        "together. Exit status: 0 all well or skipped, 1 it could not be begun, 2 a "
        "module failed.",
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
    add_several(subparsers, "boots", "boot.json", "0 no module failed, 2 one did", boots)


def main(args: argparse.Namespace) -> int:
    """Boot, write the result, show it."""
    files = _files(args.modules)
    arch = load().get(args.arch)
    reason = _why_skipped(arch, args.kernel, skip_missing=args.skip_missing)
    if reason:
        rows = [ModuleResult(module=name, state="skipped", reasons=(reason,)) for name in files]
        result = BootResult(arch=arch.name, transpiler=args.by, modules=tuple(rows))
    else:
        result = _boot(arch, files, args)
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


def _boot(arch: Arch, files: dict[str, Path], args: argparse.Namespace) -> BootResult:
    toolchain = find(arch)
    if args.kernel == "auto":
        tree = auto_tree(arch, toolchain, args.kernel_version)
    else:
        tree = open_tree(Path(args.kernel), arch, toolchain)
    kernel = Kernel(tree, toolchain, load_boards()[arch.name])
    reasons = {name: too_old(tree, toolchain, path) for name, path in files.items()}
    skipped = tuple(
        ModuleResult(module=name, state="skipped", reasons=(why,))
        for name, why in reasons.items()
        if why
    )
    files = {name: path for name, path in files.items() if not reasons[name]}
    if not files:
        return BootResult(arch=arch.name, transpiler=args.by, release=tree.release, modules=skipped)
    contents = {f"{name}.ko": _read(path) for name, path in files.items()}
    steps = make_plan(list(files), _plans(args.plan, files, reasons))
    steps, unmeasured = measuring(tree, toolchain, contents, steps)
    booted = boot(kernel, contents, steps, args.log.absolute())
    result = modules_result(kernel, booted, files, args.by, unmeasured)
    return result.model_copy(update={"modules": result.modules + skipped})


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
    plans = {}
    for word in words:
        name, equals, file = word.partition("=")
        if not equals or name not in named:
            raise UserError(
                f"--plan {word}: not the plan of a module that is booted",
                mend=f"write --plan NAME=FILE; the modules are {', '.join(named)}",
            )
        plan = read_plan(Path(file), name)
        if name in files:
            plans[name] = plan
    return plans
