# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline validate``: judge any object or module, whoever built it."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.kernel.tree import open_tree
from pipeline.report.summary import exit_status, print_verdict
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import to_json
from pipeline.validate.identity import machine_name
from pipeline.validate.judge import judge
from pipeline.validate.reference import for_arch, kernel_of

if TYPE_CHECKING:
    import argparse

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.load import Toolchains
    from pipeline.toolchains.model import Arch
    from pipeline.validate.reference import Reference

UNJUDGED = 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb and its options; ``main`` becomes the parser's default ``main``."""
    parser = subparsers.add_parser(
        "validate",
        help="judge an object or a module from its bytes",
        description="Judge an object or a module from its bytes. Exit status: 0 nothing worse than "
        "a note, 1 warnings with --strict, 2 errors, 3 the file cannot be judged.",
    )
    parser.add_argument("file", type=Path, help="an object (.o) or module (.ko) from anywhere")
    parser.add_argument("--arch", help="its architecture, where the file does not decide it")
    parser.add_argument(
        "--kernel", type=Path, metavar="BUILD", help="a built kernel tree to compare with"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")
    parser.add_argument(
        "--allow-global",
        nargs="+",
        metavar="NAME",
        help="the only names that are meant to be global",
    )
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Judge ``args.file``, print the verdict, and return the exit status."""
    try:
        obj = Object.read(args.file)
        arch = architecture(obj, args.arch, load())
        reference = against(arch, args.kernel)
        if args.allow_global is not None:
            names = frozenset(args.allow_global)
            reference = dataclasses.replace(reference, allowed_globals=names)
        verdict = judge(obj, reference)
    except UserError as error:
        print(error, file=sys.stderr)
        return UNJUDGED
    if args.json:
        sys.stdout.write(to_json(verdict))
    else:
        print_verdict(verdict)
    return exit_status([verdict], strict=args.strict)


def architecture(obj: Object, name: str | None, toolchains: Toolchains) -> Arch:
    """Return the architecture called ``name``; without one, the only one that the file fits."""
    if name is not None:
        return toolchains.get(name)
    key = (obj.machine, obj.bits, obj.byte_order)
    fitting = [
        arch
        for arch in (toolchains.get(one) for one in toolchains)
        if (arch.elf.machine, arch.elf.bits, arch.elf.byte_order) == key
    ]
    if len(fitting) != 1:
        names = ", ".join(arch.name for arch in fitting) or "none"
        raise UserError(
            f"{obj.path} is for {machine_name(obj.machine)}, {obj.bits}-bit {obj.byte_order}-"
            f"endian; architectures that fit: {names}",
            mend="name the architecture with --arch",
        )
    return fitting[0]


def against(arch: Arch, kernel: Path | None) -> Reference:
    """Return what to compare with: the GCC, if it is installed, and the tree, if one is named."""
    if kernel is None:
        return for_arch(arch, _installed(arch))
    toolchain = find(arch)
    tree = open_tree(kernel, arch, toolchain)
    loader = kernel_of(tree, toolchain)
    return dataclasses.replace(
        for_arch(arch, toolchain),
        flags=tree.cflags(toolchain),
        flags_source=f"the flags of a module in {tree.build}",
        kernel_object=tree.object(),
        exports={name: export.module for name, export in loader.exports.items()},
        kernel=loader,
    )


def _installed(arch: Arch) -> Toolchain | None:
    """Return the architecture's GCC, or None: the checks that need it then say so."""
    try:
        return find(arch)
    except UserError:
        return None
