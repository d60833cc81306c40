# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline compare`` and ``differences``: ours beside rustc's, and a view of it."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.check.rustc import find_rustc
from pipeline.compare.comparison import (
    Context,
    Logs,
    compare,
    native_rules,
    native_target,
    our_rules,
)
from pipeline.compare.crates import arch_of, compare_crate, reference_of
from pipeline.compare.difference import Differences, read, to_json, write
from pipeline.compare.show import print_differences
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.report.several import add_several
from pipeline.report.summary import exit_status
from pipeline.stages import Options
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.transpile.choice import CHOICES, choose
from pipeline.validate.elf import Object
from pipeline.validate.reference import for_arch
from pipeline.validate.verb import architecture

if TYPE_CHECKING:
    import argparse

    from pipeline.check.rustc import RustcInfo
    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch

UNREADABLE = 3
_MAX_LOG = 16 << 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``compare`` and its options."""
    parser = subparsers.add_parser(
        "compare",
        help="put our object or module beside one that rustc made",
        description="Compare an object or module with one that rustc made of the same crate, for "
        "any architecture; without NATIVE, with those that rustc makes now of --crate. Exit "
        "status: 0 nothing worse than a note, 1 warnings with --strict, 2 errors, 3 a file cannot "
        "be read.",
    )
    parser.add_argument("ours", type=Path, metavar="OURS", help="our object (.o) or module (.ko)")
    parser.add_argument("native", type=Path, nargs="?", metavar="NATIVE", help="rustc's object")
    parser.add_argument(
        "--constants", type=Path, metavar="FILE",
        help="rustc's object of the crate without optimisation, which folds constants",
    )  # fmt: skip
    parser.add_argument("--crate", type=Path, metavar="DIR", help="the source of both")
    parser.add_argument(
        "--arch", help="the architecture of OURS, where the file does not decide it"
    )
    parser.add_argument(
        "--log", type=Path, nargs=2, metavar=("OURS_LOG", "NATIVE_LOG"), help="logs of its test"
    )
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")
    parser.add_argument("-o", dest="output", type=Path, help="write differences.json there; exit 0")
    build = parser.add_argument_group("without NATIVE")
    build.add_argument("--kernel", default="auto", metavar="K", help="as in build; default: auto")
    build.add_argument("--kernel-version", default="", metavar="X.Y", help="as in build")
    build.add_argument(
        "--transpiler",
        choices=CHOICES,
        default="auto",
        help="who made OURS of the crate, and its test",
    )
    build.add_argument("--rustc", default="", metavar="PATH", help="default: a usable one on PATH")
    build.add_argument("--mrustc", default="", metavar="PATH", help="default: mrustc on PATH")
    build.add_argument("--rust-src", default="", metavar="PATH", help="Rust's library source")
    build.add_argument("--out", type=Path, metavar="DIR", help="for the native builds")
    parser.set_defaults(main=main)


def add_differences(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``differences``: several comparisons as one table."""
    status = "0 no errors, 2 errors"
    add_several(subparsers, "differences", "differences.json", status, differences)


def main(args: argparse.Namespace) -> int:
    """Compare, show or write the result, and return the exit status."""
    if args.native is None and args.crate is None:
        raise UserError("nothing to compare with", mend="name rustc's object, or --crate DIR")
    try:
        found = _with_crate(args) if args.native is None else _with_file(args)
    except UserError as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    if args.output:
        write(found, args.output)
        return 0
    if args.json:
        sys.stdout.write(to_json(found))
    else:
        print_differences([found], notes=True)
    return exit_status([found], strict=args.strict)


def differences(args: argparse.Namespace) -> int:
    """Show comparisons, and judge them together."""
    documents = [read(path) for path in args.files]
    if not args.quiet:
        print_differences(documents)
    if args.output:
        whole = [json.loads(to_json(one)) for one in documents]
        write_atomic(args.output, json.dumps(whole, indent=1) + "\n")
    return exit_status(documents)


def _with_crate(args: argparse.Namespace) -> Differences:
    """Compare with what rustc makes of the crate now."""
    ours = Object.read(args.ours)
    name = architecture(ours, args.arch, load()).name
    crate = load_crate(args.crate)
    out = args.out or args.ours.parent / "native"
    options = Options(
        crate=args.crate,
        arch=name,
        out=out.absolute(),
        kernel=args.kernel,
        mrustc=args.mrustc,
        rust_src=args.rust_src,
        rustc=args.rustc,
        transpiler=choose(args.transpiler, args.mrustc, args.rust_src).name,
        kernel_version=args.kernel_version,
    )
    found = compare_crate(args.ours, crate, options, options.target(), out.absolute())
    if args.log is None:
        return found
    raise UserError("--log goes with two files", mend="leave it out, or name NATIVE")


def _with_file(args: argparse.Namespace) -> Differences:
    """Compare with one file."""
    ours, native = Object.read(args.ours), Object.read(args.native)
    arch = architecture(ours, args.arch, load())
    toolchain = _installed(arch)
    target = native_target(_rustc(args.rustc), arch_of(native))
    context = Context(
        for_arch(arch, toolchain),
        our_rules(arch, toolchain, None),
        reference_of(native),
        native_rules(target, native),
        None if args.crate is None else load_crate(args.crate),
    )
    if args.log is not None:
        logs = [_text(path) for path in args.log]
        context = dataclasses.replace(context, logs=Logs(*logs))
    unfolded = None if args.constants is None else Object.read(args.constants)
    found = compare(ours, native, context, title="native", unfolded=unfolded)
    return Differences(args.ours.name, arch.name, (found,), ())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_LOG).decode("utf-8", "backslashreplace")
    except OSError as error:
        raise UserError(f"the log cannot be read: {error.strerror}", where=str(path)) from None


def _rustc(named: str) -> RustcInfo | None:
    """Return the rustc to ask about its targets, None where none is here."""
    try:
        return find_rustc(named or None)
    except UserError:
        if named:
            raise
        return None


def _installed(arch: Arch) -> Toolchain | None:
    try:
        return find(arch)
    except UserError:
        return None
