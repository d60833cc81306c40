# SPDX-License-Identifier: GPL-2.0-only
"""Link an object that has ``int32_t run(void)`` as a program, and find who runs it.

The object calls ``selftest_write(text, len)`` and ``selftest_abort()``; the programs in
``pipeline/runtime/user`` bring them: ``driver.c`` with system calls alone, for user-mode emulation
by QEMU, and ``hosted.c`` with the C library of the machine that builds.
"""

from __future__ import annotations

import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import stages
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.run import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.stages import Options
    from pipeline.target import Target

USER = Path(__file__).resolve().parents[1] / "runtime" / "user"
_SECONDS = 300.0


def is_host(target: Target) -> bool:
    """Say whether programs for ``target`` run on this machine as they are."""
    return target.arch.name == platform.machine()


def emulator(target: Target) -> list[str]:
    """Return the command that programs of ``target`` follow: empty on the machine itself.

    Raises :class:`~pipeline.errors.UserError` where QEMU has no emulation, or is not installed.
    """
    if is_host(target):
        return []
    name = target.arch.qemu.user
    if name is None:
        raise UserError(
            f"QEMU has no user-mode emulation of {target.arch.name}",
            mend="take an architecture that it has: scons -h lists them",
        )
    found = shutil.which(f"qemu-{name}")
    if found is None:
        raise UserError(f"qemu-{name} is not installed", mend="install qemu-user (Debian)")
    return [str(Path(found).absolute())]


def link_hosted(objects: Sequence[Path], program: Path) -> Path:
    """Link objects or archives with this machine's C library; return the program."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise UserError(
            "no C compiler of this machine to link a native program with", mend="install gcc"
        )
    argv: list[str | Path] = [compiler, "-O1", "-no-pie", USER / "hosted.c", *objects]
    # alloc as rustc ships it names the personality of unwinding, which nothing here calls.
    argv += ["-Wl,--defsym=rust_eh_personality=0", "-o", program]
    what = "this machine's compiler does not link the program"
    check(argv, what, log=program.with_suffix(".log"), timeout=_SECONDS)
    return program


def build_emulated(options: Options, target: Target) -> Path:
    """Build a crate as Ferric does, without debug information, and link it; return the program.

    ``options.roots`` name what the object is there for.
    """
    crate = load_crate(options.crate)
    outputs = stages.Outputs(options.out, crate.crate_name)
    if options.gate != "off":
        stages.run_check(options, target, crate, outputs)
    stages.run_transpile(options, target, crate, outputs)
    stages.run_compile(target, outputs, debug=False)
    stages.run_link(options, target, crate, outputs)
    return link_emulated(target, outputs.linked, options.out / "program")


def link_emulated(target: Target, module: Path, program: Path) -> Path:
    """Link Ferric's object with a program of system calls alone; return the program.

    libgcc stands in for the arithmetic that a kernel of the architecture exports to its modules.
    """
    if is_host(target):
        return link_hosted([module], program)
    flags = [*target.arch.abi_flags, "-O1", "-ffreestanding", "-nostdlib", "-static"]
    flags += ["-fno-tree-loop-distribute-patterns", "-Wl,--entry=_start"]
    flags += [one.flag for one in target.flags.declared if one.flag.startswith("-O")]
    if target.toolchain.triple.endswith("-elf"):
        # The linker script of a bare-metal compiler starts at 0, where Linux maps nothing.
        flags.append("-Wl,-Ttext-segment=0x10000")
    argv: list[str | Path] = [target.toolchain.gcc, *flags, USER / "driver.c", module]
    argv += ["-lgcc", "-o", program]
    what = f"{target.toolchain.triple}-gcc does not link the program (see {USER / 'driver.c'})"
    check(argv, what, log=program.with_suffix(".log"), timeout=_SECONDS)
    return program
