# SPDX-License-Identifier: GPL-2.0-only
"""The verbs that go along a crate's way: transpile, compile, build, target and report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import console, stages
from pipeline.compare.both import build_both, compare_both
from pipeline.compare.show import print_differences
from pipeline.compile.flags import debug_flags
from pipeline.compile.object import compile_c, compile_command
from pipeline.crate.graph import load_crate
from pipeline.dist.pack import run_dist
from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.report.several import add_several
from pipeline.report.summary import exit_status, print_summary
from pipeline.stages import Options, Outputs
from pipeline.target import Target, resolve
from pipeline.transpile.choice import BOTH, CHOICES, choose, require_both
from pipeline.transpile.repair.unit import Guard
from pipeline.validate.finding import read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from pipeline.crate.model import Crate
    from pipeline.transpile.choice import Transpiler

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - its only name
    Stage = Callable[[Options, Target, Crate, Outputs], object]

STAGES: dict[str, Stage] = {
    "check": stages.run_check,
    "transpile": stages.run_transpile,
    "compile": lambda _options, target, _crate, outputs: stages.run_compile(target, outputs),
    "link": stages.run_link,
    "module": lambda _options, target, crate, outputs: stages.run_module(target, crate, outputs),
    "validate": stages.run_validate,
    "dist": run_dist,
}


def add_build(subparsers: Subparsers) -> None:
    """Add ``build``: a crate to one object, or to a module where there is a kernel tree."""
    parser = subparsers.add_parser(
        "build",
        help="go the whole way for one crate: to a validated object, or a .ko",
        description="Go the whole way for one crate, without SCons. Exit status: 0 nothing worse "
        "than a note or a warning, 1 a step failed, 2 the result has errors, or with "
        "--transpiler both the two results differ.",
    )
    _crate_arguments(parser, (*CHOICES, BOTH))
    parser.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="SYMBOL",
        help="what the result is there for (again for more); default: the #[no_mangle] items",
    )
    parser.add_argument(
        "--only",
        choices=(*STAGES, BOTH),
        help="one stage, on what the earlier ones left in --out; both: compare the two results",
    )
    parser.set_defaults(main=build)


def add_dist(subparsers: Subparsers) -> None:
    """Add ``dist``: a crate to C that its user builds without Rust."""
    parser = subparsers.add_parser(
        "dist",
        help="go the whole way for one crate, and pack its C with a Makefile",
        description="Build and validate a crate, and pack its C as a tarball that is built with a "
        "kernel tree and GCC. Exit status: 0 packed, 1 a step failed or the result has errors.",
    )
    _crate_arguments(parser)
    parser.set_defaults(main=dist)


def add_transpile(subparsers: Subparsers) -> None:
    """Add ``transpile``: a crate to C."""
    parser = subparsers.add_parser(
        "transpile", help="turn a crate into C", description="Turn a crate into C."
    )
    _crate_arguments(parser)
    parser.set_defaults(main=transpile)


def add_compile(subparsers: Subparsers) -> None:
    """Add ``compile``: any C file to an object, with the Rust part's flags."""
    parser = subparsers.add_parser(
        "compile",
        help="compile a C file with the kernel's GCC and the kernel's flags",
        description="Compile a C file as the Rust part of a module is compiled.",
    )
    parser.add_argument("file", type=Path)
    _target_arguments(parser)
    parser.add_argument("-o", dest="output", type=Path, help="default: the file's name with .o")
    parser.set_defaults(main=compile_file)


def add_target(subparsers: Subparsers) -> None:
    """Add ``target``: what a build for an architecture stands on."""
    parser = subparsers.add_parser(
        "target",
        help="compiler, kernel tree, flags and layout of an architecture; builds the tree",
        description="Say, as JSON, what a build for an architecture stands on. With kernel=auto "
        "the kernel tree is built first, where the cache has none.",
    )
    _target_arguments(parser)
    parser.add_argument("-o", dest="output", type=Path, help="write it there")
    parser.add_argument(
        "--layout", type=Path, metavar="FILE", help="also write what alone matters for Rust"
    )
    parser.set_defaults(main=target)


def add_commands(subparsers: Subparsers) -> None:
    """Add ``commands``: how C files are compiled, for editors and analysers."""
    parser = subparsers.add_parser(
        "commands",
        help="write compile_commands.json for C files of the Rust part",
        description="Write compile_commands.json (clang's JSON Compilation Database) for C files.",
    )
    parser.add_argument("file", nargs="+", type=Path)
    _target_arguments(parser)
    parser.add_argument("-o", dest="output", type=Path, required=True)
    parser.set_defaults(main=commands)


def add_report(subparsers: Subparsers) -> None:
    """Add ``report``: several verdicts as one table."""
    add_several(subparsers, "report", "findings.json", "0 no errors, 2 errors", report)


def build(args: argparse.Namespace) -> int:
    """Build a crate, or run one of its stages."""
    if BOTH in (args.transpiler, args.only):
        return _build_both(args)
    options = _options(args)
    name = console_name(options.crate)
    if args.only:
        target_ = options.target()
        crate = load_crate(options.crate)
        outputs = Outputs(options.out, crate.crate_name)
        STAGES[args.only](options, target_, crate, outputs)
        return 0
    verdict = stages.build(options, lambda step: console.step(options.arch, name, step))
    print_summary([verdict])
    return exit_status([verdict])


def _build_both(args: argparse.Namespace) -> int:
    """Build a crate with both transpilers and compare; or only compare what they made."""
    if args.transpiler != BOTH or args.only not in {None, BOTH}:
        raise UserError(
            f"--transpiler {args.transpiler} does not go with --only {args.only}",
            mend=f"--transpiler {BOTH} goes with --only {BOTH}; all other stages belong to one",
        )
    require_both(args.mrustc, args.rust_src, args.rustc)
    options = _options(args, "mrustc")
    if args.only:
        compare_both(options)
        return 0
    name = console_name(options.crate)
    verdicts, differences = build_both(
        options, lambda step, who: console.step(options.arch, f"{name}/{who}", step)
    )
    print_summary(verdicts)
    print_differences([differences])
    return exit_status([*verdicts, differences])


def console_name(path: Path) -> str:
    """Return the crate's name as its folder has it, before anything was read."""
    return path.resolve().parent.name if path.name == "Cargo.toml" else path.resolve().name


def dist(args: argparse.Namespace) -> int:
    """Build a crate and pack its C; say where the tarball is."""
    options = _options(args)
    name = console_name(options.crate)
    stages.build(options, lambda step: console.step(options.arch, name, step))
    console.step(options.arch, name, "dist")
    target_ = options.target()
    crate = load_crate(options.crate)
    print(run_dist(options, target_, crate, Outputs(options.out, crate.crate_name)))
    return 0


def transpile(args: argparse.Namespace) -> int:
    """Turn a crate into C and say where it is."""
    options = _options(args)
    crate = load_crate(options.crate)
    outputs = Outputs(options.out, crate.crate_name)
    target_ = options.target()
    stages.run_transpile(options, target_, crate, outputs)
    print(outputs.c_file)
    return 0


def compile_file(args: argparse.Namespace) -> int:
    """Compile one C file."""
    if not args.file.is_file():
        raise UserError("no such file", where=str(args.file))
    found = _target(args)
    output = args.output or Path(args.file.name).with_suffix(".o")
    compile_c(found.toolchain, found.flags, args.file, output.absolute())
    print(output)
    return 0


def target(args: argparse.Namespace) -> int:
    """Describe a target."""
    found = _target(args)
    stages.tell_warnings(found)
    described = describe(found)
    text = json.dumps(described, indent=1) + "\n"
    if args.layout:
        rust = {name: described[name] for name in ("arch", "transpiler", "layout", "mrustc_target")}
        write_atomic(args.layout, json.dumps(rust, indent=1) + "\n")
    if args.output:
        write_atomic(args.output, text)
    else:
        print(text, end="")
    return 0


def describe(found: Target) -> dict[str, Any]:
    """Return a target as JSON values: all that a build's outputs depend on."""
    tree = found.tree
    return {
        "arch": found.arch.name,
        "transpiler": found.transpiler,
        "gcc": {"prefix": found.toolchain.prefix, "banner": found.toolchain.banner},
        "kernel": tree.identity() | {"source": str(tree.source)} if tree else None,
        "no_kernel": found.no_tree,
        "release": tree.release if tree else None,
        "flags": found.flags.words,
        "flags_origin": found.flags.origin,
        "declared": [asdict(one) for one in found.flags.declared],
        "no_float": found.arch.no_float is not None,
        "layout": found.layout.as_dict(),
        "mrustc_target": found.mrustc_file,
    }


def commands(args: argparse.Namespace) -> int:
    """Write how each C file is compiled; whether the file is there yet does not matter."""
    found = _target(args)
    entries = [
        {
            "directory": str(path.absolute().parent),
            "file": path.name,
            "output": f"{path.name}.o",
            "arguments": [
                *compile_command(found.toolchain, found.flags, path, f"{path.name}.o"),
                *debug_flags(path.absolute().parent),
            ],
        }
        for path in args.file
    ]
    write_atomic(args.output, json.dumps(entries, indent=1) + "\n")
    return 0


def report(args: argparse.Namespace) -> int:
    """Show verdicts, and judge them together."""
    verdicts = [read(path) for path in args.files]
    if not args.quiet:
        print_summary(verdicts)
    if args.output:
        documents = [json.loads(path.read_text(encoding="utf-8")) for path in args.files]
        write_atomic(args.output, json.dumps(documents, indent=1) + "\n")
    return exit_status(verdicts)


def _target_arguments(
    parser: argparse.ArgumentParser, transpilers: Sequence[str] = CHOICES
) -> None:
    parser.add_argument("--arch", required=True, metavar="A", help="architecture or alias")
    parser.add_argument(
        "--kernel",
        default="auto",
        metavar="K",
        help="auto (Ferric's own, cached), none, or the path of a built tree; default: auto",
    )
    parser.add_argument(
        "--kernel-version",
        default="",
        metavar="X.Y",
        help="the installed kernel source that auto is built from; default: the newest",
    )
    parser.add_argument(
        "--transpiler",
        default="auto",
        choices=transpilers,
        help="who turns Rust into C; default: auto (mrustc where it is found, else rustc)"
        + ("; both: build with each and compare" if BOTH in transpilers else ""),
    )
    parser.add_argument("--mrustc", default="", metavar="PATH", help="default: mrustc on PATH")
    parser.add_argument("--rust-src", default="", metavar="PATH", help="Rust's library source")


def _crate_arguments(parser: argparse.ArgumentParser, transpilers: Sequence[str] = CHOICES) -> None:
    parser.add_argument("crate", type=Path, help="the crate's folder, or its Cargo.toml")
    _target_arguments(parser, transpilers)
    parser.add_argument("--rustc", default="", metavar="PATH", help="default: a usable one on PATH")
    parser.add_argument(
        "--gate",
        default="auto",
        choices=("auto", "off", "require"),
        help="check types and borrows with rustc first; default: auto (where there is a rustc)",
    )
    parser.add_argument(
        "--overflow-checks",
        default="no",
        choices=("no", "yes"),
        help="make + - * panic on overflow, as a debug build does; default: no",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="for all outputs")


def _transpiler(args: argparse.Namespace) -> Transpiler:
    """Return the transpiler that was asked for, and say which where that was nobody's choice."""
    choice = choose(args.transpiler, args.mrustc, args.rust_src)
    if choice.line:
        console.note(choice.line)
    return choice.name


def _target(args: argparse.Namespace) -> Target:
    return resolve(args.arch, args.kernel, _transpiler(args), args.kernel_version)


def _options(args: argparse.Namespace, transpiler: Transpiler | None = None) -> Options:
    """Return the options of a build; ``transpiler`` where the user's choice is none of one."""
    return Options(
        crate=args.crate,
        arch=args.arch,
        out=args.out.absolute(),
        kernel=args.kernel,
        kernel_version=args.kernel_version,
        mrustc=args.mrustc,
        rust_src=args.rust_src,
        rustc=args.rustc,
        gate=args.gate,
        transpiler=transpiler or _transpiler(args),
        roots=tuple(getattr(args, "root", ())),
        guard=Guard(overflow_checks=args.overflow_checks == "yes"),
    )
