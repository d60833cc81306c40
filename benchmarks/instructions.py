# SPDX-License-Identifier: GPL-2.0-only
"""Instructions executed by five small kernels: through each transpiler, and by rustc itself.

``benchmarks/kernels`` is built for this machine by ``rustc -C opt-level=2``, which is the
reference, and as C, by GCC with the kernel's flags as Ferric does, and with fewer of them.  Every
program has to print the same results.  mrustc's C is also compiled as mrustc wrote it, without the
repair pass: the difference is what the checks cost.  Valgrind's callgrind counts what runs inside
each kernel; nothing is timed, so a busy machine does not matter.

    .venv/bin/python -m benchmarks.instructions
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rich.console import Console
from rich.table import Table

from pipeline import stages
from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError, ToolError, UserError
from pipeline.programs.emulated import is_host, link_emulated, link_hosted
from pipeline.run import check
from pipeline.target import resolve
from pipeline.transpile.choice import Transpiler
from pipeline.transpile.repair.unit import Guard
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import SHF_EXECINSTR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.compile.flags import Flags

CRATE = Path(__file__).resolve().parent / "kernels"
KERNELS = ("sort", "crc", "iterators", "formatting", "interpreter")
_SECONDS = 300.0
_COLLECTED = re.compile(r"Collected : (\d+)")
_LEVEL = re.compile(r"-O\w*")


@dataclass(frozen=True)
class Built:
    """A program with all kernels, and how it came about; ``code`` is bytes, 0 where not known."""

    title: str
    program: Path
    code: int = 0


def main() -> int:
    """Build, compare, count and print; 1 where a build or a tool failed or results differ."""
    args = _arguments()
    transpilers: list[Transpiler] = args.transpiler or list(get_args(Transpiler))
    try:
        with tempfile.TemporaryDirectory(prefix="ferric-bench-") as name:
            folder = Path(name)
            built = [_native(folder, level) for level in ("2", "s")]
            for one in transpilers:
                built += _transpiled(one, folder / one, args.rust_src)
            if "mrustc" in transpilers:
                built += _transpiled("mrustc", folder / "raw", args.rust_src, raw=True)
            _compare(built)
            counts = {one.title: [_count(one.program, kernel) for kernel in args.kernel]
                      for one in built}  # fmt: skip
    except FerricError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _show(args.kernel, counts, {one.title: one.code for one in built})
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--transpiler", action="append", choices=get_args(Transpiler), help="default: both"
    )
    parser.add_argument("--kernel", nargs="+", choices=KERNELS, default=KERNELS)
    parser.add_argument("--rust-src", default="", help="the library's source for mrustc")
    return parser.parse_args()


def _native(folder: Path, level: str) -> Built:
    """Build the crate with rustc and LLVM for this machine."""
    crate = load_crate(CRATE)
    library = folder / f"libkernels-{level}.a"
    argv: list[str | Path] = [find_rustc(None).path, "--edition", crate.edition]
    argv += ["--crate-type=staticlib", "-Cpanic=abort", f"-Copt-level={level}", "--cap-lints=allow"]
    check([*argv, crate.lib_path, "-o", library], "rustc does not build the kernels")
    return Built(f"rustc -C opt-level={level}", link_hosted([library], folder / f"native-{level}"))


def _transpiled(
    transpiler: Transpiler, folder: Path, rust_src: str, *, raw: bool = False
) -> Iterator[Built]:
    """Transpile the crate once, and compile its C with each set of flags."""
    machine = platform.machine()
    target = resolve(machine, "none", transpiler)
    if not is_host(target):
        raise UserError(f"this machine ({machine}) is not one that Ferric builds for")
    crate, outputs = load_crate(CRATE), stages.Outputs(folder, "kernels")
    roots = ("run", *(f"kernel_{name}" for name in KERNELS))
    options = stages.Options(
        CRATE, machine, folder, kernel="none", gate="off", transpiler=transpiler, roots=roots,
        rust_src=rust_src if transpiler == "mrustc" else "", guard=Guard(raw=raw),
    )  # fmt: skip
    stages.run_transpile(options, target, crate, outputs)
    for number, (title, flags) in enumerate(_variants(target.flags)):
        changed = replace(target, flags=flags)
        stages.run_compile(changed, outputs)
        stages.run_link(options, changed, crate, outputs)
        program = link_emulated(changed, outputs.linked, folder / f"program{number}")
        sections = Object.read(outputs.linked).sections
        code = sum(one.size for one in sections if one.flags & SHF_EXECINSTR)
        name = f"{transpiler}{', unrepaired' * raw}"
        yield Built(f"{name}: {title}", program, code)


def _variants(flags: Flags) -> Iterator[tuple[str, Flags]]:
    """Yield what the C is compiled with: first as Ferric does where there is no kernel tree."""
    declared = " ".join(one.flag for one in flags.declared)
    level = next((word for word in flags.kernel if _LEVEL.fullmatch(word)), "")
    yield f"kernel's flags, {level} {declared}", flags
    kernel = tuple("-O2" if word == level else word for word in flags.kernel)
    yield f"kernel's flags, -O2 {declared}", replace(flags, kernel=kernel)
    yield "-O2 alone", replace(flags, kernel=("-std=gnu11", "-O2"), declared=())


def _compare(built: list[Built]) -> None:
    """Refuse programs that print other results than the first."""
    wanted = check([built[0].program], f"{built[0].title}: the program fails")
    for one in built[1:]:
        found = check([one.program], f"{one.title}: the program fails")
        if found != wanted:
            raise ToolError(
                f"{one.title}: other results than {built[0].title}",
                argv=[str(one.program)],
                tail=f"{found}instead of\n{wanted}",
            )


def _count(program: Path, kernel: str) -> int:
    """Return how many instructions run inside a kernel, with all that it calls."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise UserError("valgrind is not installed", mend="install valgrind (Debian)")
    argv = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    argv += [f"--toggle-collect=kernel_{kernel}", str(program)]
    said = check(argv, "callgrind does not run the program", timeout=_SECONDS)
    collected = _COLLECTED.search(said)
    if collected is None or int(collected[1]) == 0:
        raise ToolError(f"callgrind counted nothing in kernel_{kernel}", argv=argv, tail=said)
    return int(collected[1])


def _show(kernels: list[str], counts: dict[str, list[int]], code: dict[str, int]) -> None:
    table = Table(title=f"instructions on {platform.machine()}; below, the ratio to the first row")
    table.add_column("built by")
    for kernel in kernels:
        table.add_column(kernel, justify="right")
    table.add_column("bytes of code", justify="right")
    base = next(iter(counts.values()))
    for title, row in counts.items():
        size = f"{code[title]:,}" if code[title] else ""
        table.add_row(title, *(f"{count:,}" for count in row), size)
    table.add_section()
    for title, row in counts.items():
        ratios = (count / first for count, first in zip(row, base, strict=True))
        table.add_row(title, *(f"{ratio:.2f}" for ratio in ratios))
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    sys.exit(main())
