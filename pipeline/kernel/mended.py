# SPDX-License-Identifier: GPL-2.0-only
"""A GCC that writes wrong code in one of its passes: the kernel is built without that pass.

The Rust part has deviations for such faults (``compile/flags.py``), but a kernel cannot be built at
-O0.  Where ``toolchains.yaml`` names the pass at fault, a plugin turns it off, and the compiler is
right again, for the kernel, the C side of a module and the Rust part alike.
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.compile.faults import has_fault
from pipeline.errors import ToolError, UserError
from pipeline.files import cached, digest_file
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import CompilerFault

_SOURCE = Path(__file__).resolve().parent / "ferric_passes.cc"
PLUGIN_NAME = "ferric_passes"


class PluginError(UserError):
    """The plugin that GCC needs cannot be built on this machine."""


def mended_compiler(toolchain: Toolchain) -> tuple[str, ...]:
    """Return what ``make`` is told beside CROSS_COMPILE: nothing where the GCC is sound.

    Nothing, too, where the plugin cannot be built: :func:`require_mended` says why.
    """
    try:
        return require_mended(toolchain)
    except PluginError:
        return ()


def require_mended(toolchain: Toolchain) -> tuple[str, ...]:
    """Return ``("CC=… -fplugin=…",)`` for a GCC with a fault that a plugin mends, else nothing.

    Raises :class:`PluginError` where GCC's plugin headers or a C++ compiler are missing, and
    :class:`ToolError` where the fault is there with the plugin, too.
    """
    known = tuple(
        fault
        for fault in load().compiler_faults
        if fault.arch == toolchain.arch.name and fault.gcc_pass
    )
    return _require(toolchain, known, digest_file(toolchain.gcc.resolve())) if known else ()


@functools.cache
def _require(
    toolchain: Toolchain, known: tuple[CompilerFault, ...], digest: str
) -> tuple[str, ...]:
    """Return the words for a compiler whose bytes have this digest."""
    flags = (*toolchain.arch.abi_flags, "-Os")
    faults = [fault for fault in known if has_fault(toolchain, flags, fault)]
    if not faults:
        return ()
    plugin = _plugin(toolchain, digest)
    words = [f"-fplugin={plugin}"]
    words += [f"-fplugin-arg-{PLUGIN_NAME}-off={fault.gcc_pass}" for fault in faults]
    _prove(toolchain, (*flags, *words), faults)
    return (f"CC={toolchain.gcc} {' '.join(words)}",)


def _plugin(toolchain: Toolchain, digest: str) -> Path:
    """Return the plugin for this GCC, built once."""

    def make(folder: Path) -> None:
        asked = [str(toolchain.gcc), "-print-file-name=plugin"]
        headers = Path(run.check(asked, "GCC does not say where its plugins are").strip())
        package = f"gcc-{toolchain.version[0]}-plugin-dev-{toolchain.triple.replace('_', '-')}"
        if not (headers / "include/gcc-plugin.h").is_file():
            raise PluginError(
                f"{toolchain.gcc.name} writes wrong code, and the headers to mend it are missing",
                mend=f"apt-get install {package} g++ (Debian)",
            )
        compiler = shutil.which("g++")
        if compiler is None:
            raise PluginError("g++ is not on PATH", mend="apt-get install g++ (Debian)")
        argv = [compiler, "-shared", "-fPIC", "-fno-rtti", "-O1", f"-I{headers / 'include'}"]
        argv += [str(_SOURCE), "-o", str(folder / f"{PLUGIN_NAME}.so")]
        run.check(argv, "the plugin for GCC does not compile", log=folder / "plugin.log")

    key = {"source": digest_file(_SOURCE), "gcc": digest, "banner": toolchain.banner}
    return cached(f"gcc-plugin-{toolchain.arch.name}", key, make) / f"{PLUGIN_NAME}.so"


def _prove(toolchain: Toolchain, flags: tuple[str, ...], faults: list[CompilerFault]) -> None:
    for fault in faults:
        if has_fault(toolchain, flags, fault):
            raise ToolError(
                f"{toolchain.gcc.name} writes wrong code without the pass {fault.gcc_pass}, too",
                argv=[str(toolchain.gcc), *flags],
            )
