# SPDX-License-Identifier: GPL-2.0-only
"""The native build: the same crate through rustc's own code generator, for the host and beyond.

One object comes out that has, like ours, all that its roots reach; and a second one of the crate
alone, not optimised, in which constants are still there that an optimiser folds into the code.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.check.library import BOOTSTRAP
from pipeline.compare.native_library import NativeLibrary, foreign_library, host_library
from pipeline.compare.rust_targets import RustTarget, host_target, target_of
from pipeline.crate.graph import cargo_env, load_crate, order
from pipeline.crate.model import CFG
from pipeline.errors import FerricError, ToolError, UserError
from pipeline.files import output_file, write_atomic
from pipeline.kernel.kbuild import parameters_source
from pipeline.link.module import KERNEL_ROOTS, exported_symbols, unreferenced
from pipeline.run import check
from pipeline.stages import KERNEL_CRATE
from pipeline.toolchains.find import find
from pipeline.transpile.crates import PARAMETERS_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.check.rustc import RustcInfo
    from pipeline.crate.model import Crate
    from pipeline.toolchains.model import Arch

_SECONDS = 900.0
FLAGS = (
    "-C", "panic=abort", "-C", "force-unwind-tables=no", "-C", "relocation-model=static",
    "-C", "codegen-units=1", "-C", "debug-assertions=no", "-C", "symbol-mangling-version=v0",
    "-C", "embed-bitcode=no",
)  # fmt: skip
_OPTIMISED = ("-C", "opt-level=2", "-g", "-Z", "emit-stack-sizes")
_UNFOLDED = ("-C", "opt-level=0", "-g")


@dataclass(frozen=True)
class Machine:
    """What a native build is for: rustc's target, and the binutils that link for it."""

    target: RustTarget
    ld: Path
    objcopy: Path
    host: bool


@dataclass(frozen=True)
class NativeBuild:
    """A native build: ``linked`` has what the roots reach, ``unfolded`` every constant."""

    target: RustTarget
    rustc: str
    linked: Path
    unfolded: Path
    host: bool


def machines(rustc: RustcInfo, arch: Arch) -> list[Machine | str]:
    """Return what to build for: the host, and ``arch`` where rustc knows it; or why not."""
    return [_host(rustc), *_foreign(rustc, arch)]


def _host(rustc: RustcInfo) -> Machine | str:
    target = host_target(rustc)
    if target is None:
        return f"{rustc.title} does not describe its targets (-Z unstable-options)"
    found = [shutil.which(name) for name in ("ld", "objcopy")]
    if None in found:
        return "the host's own binutils (ld, objcopy) are not on PATH; install binutils"
    ld, objcopy = (Path(str(path)) for path in found)
    return Machine(target, ld, objcopy, host=True)


def _foreign(rustc: RustcInfo, arch: Arch) -> list[Machine | str]:
    target = target_of(rustc, arch)
    if target is None:
        return [f"{rustc.title} has no target for {arch.name}"]
    if target.name == rustc.host:
        return []
    if rustc.library is None:
        return [f"{rustc.path} has no source of its library, to build it for {target.name}"]
    try:
        toolchain = find(arch)
        return [Machine(target, toolchain.tool("ld"), toolchain.tool("objcopy"), host=False)]
    except UserError as error:
        return [error.what]


def build_native(
    rustc: RustcInfo, machine: Machine, crate: Crate, out: Path, roots: Sequence[str] = ()
) -> NativeBuild:
    """Build ``crate`` into the folder ``out``, linked with what it reaches.

    ``roots`` are the symbols to keep; without them those that a build for a kernel keeps.  Raises
    :class:`ToolError` where rustc refuses the crate or breaks down, as an experimental back end
    may, and :class:`UserError` where the crate has no root.
    """
    out.mkdir(parents=True, exist_ok=True)
    library = host_library(rustc) if machine.host else foreign_library(rustc, machine.target.name)
    parameters = out / "parameters.rs"
    write_atomic(parameters, parameters_source(crate))
    compiler = _Compiler(rustc, library, out, {PARAMETERS_VARIABLE: str(parameters)})
    kernel = order(load_crate(KERNEL_CRATE)) if crate.module.runtime == "kernel" else []
    objects = [compiler.dependency(each, {}) for each in kernel]
    *dependencies, _ = order(crate)
    objects += [compiler.dependency(each, compiler.parameters) for each in dependencies]
    main = compiler.object(crate, _OPTIMISED, f"{crate.crate_name}.crate.o")
    unfolded = compiler.object(crate, _UNFOLDED, f"{crate.crate_name}.unfolded.o")
    kept = list(roots) or _roots(crate, main)
    linked = out / f"{crate.crate_name}.o"
    _link(machine, [main, *objects, *library.archives], kept, linked)
    return NativeBuild(machine.target, rustc.title, linked, unfolded, machine.host)


def _roots(crate: Crate, main: Path) -> list[str]:
    if crate.module.runtime == "kernel":
        return list(KERNEL_ROOTS)
    names = [name for name in exported_symbols(main) if not name.startswith(("_R", "_ZN"))]
    if not names:
        raise UserError(
            "nothing to link: the crate has no #[no_mangle] function or static",
            where=str(crate.manifest_path),
        )
    return names


@dataclass(frozen=True)
class _Compiler:
    """A rustc with a library; ``parameters`` is the environment that a module is compiled in."""

    rustc: RustcInfo
    library: NativeLibrary
    out: Path
    parameters: Mapping[str, str]

    def dependency(self, crate: Crate, env: Mapping[str, str]) -> Path:
        """Compile what the crate depends on; return the archive."""
        output = self.out / f"lib{crate.crate_name}.rlib"
        self._run(crate, [*_OPTIMISED, "--emit=link"], output, env)
        return output

    def object(self, crate: Crate, flags: Sequence[str], name: str) -> Path:
        """Compile the crate itself; return its object."""
        output = self.out / name
        self._run(crate, [*flags, "--emit=obj"], output, self.parameters)
        return output

    def _run(
        self, crate: Crate, flags: Sequence[str], output: Path, extra: Mapping[str, str]
    ) -> None:
        argv: list[str | Path] = [self.rustc.path, *self.library.flags, *FLAGS, *flags]
        argv += ["--crate-name", crate.crate_name, "--crate-type", "rlib"]
        argv += ["--edition", crate.edition, "--cap-lints", "allow", "--cfg", CFG, "-L", self.out]
        for feature in sorted(crate.features):
            argv += ["--cfg", f'feature="{feature}"']
        if crate.module.runtime == "kernel":
            argv += ["--extern", f"kernel={self.out / 'libkernel.rlib'}"]
        for edge in crate.dependencies:
            archive = self.out / f"lib{edge.crate.crate_name}.rlib"
            argv += ["--extern", f"{edge.extern_name}={archive}"]
        env = {**BOOTSTRAP, **cargo_env(crate), **extra}
        with output_file(output) as temporary:
            argv += ["-o", temporary, crate.lib_path]
            what = f"{crate.name}: {self.rustc.title} does not compile it for {self.library.target}"
            log = output.with_name(f"{output.name}.log")
            check(argv, what, log=log, env=env, timeout=_SECONDS)


def _link(machine: Machine, inputs: Sequence[Path], roots: Sequence[str], output: Path) -> None:
    """Link what the roots reach, and make everything else local, as our own link does."""
    log = output.with_name(f"{output.name}.link.log")
    with output_file(output) as temporary:
        joined = temporary.with_name("joined.o")
        keep, drop = temporary.with_name("globals"), temporary.with_name("unreferenced")
        argv: list[str | Path] = [machine.ld, "-r", "--gc-sections"]
        argv += [word for root in roots for word in ("-u", root)]
        check([*argv, "-o", joined, *inputs], f"ld does not link {output}", log=log)
        keep.write_text("".join(f"{name}\n" for name in roots), encoding="utf-8")
        drop.write_text("".join(f"{name}\n" for name in unreferenced(joined)), encoding="utf-8")
        words = [f"--keep-global-symbols={keep}"]
        if drop.stat().st_size:  # an empty list is an error to objcopy
            words.append(f"--strip-symbols={drop}")
        what = f"objcopy does not make the symbols of {output} local"
        check([machine.objcopy, *words, joined, temporary], what, log=log)


def reason(error: FerricError) -> str:
    """Return why a native build could not be had, in one line."""
    if not isinstance(error, ToolError):
        return str(error).splitlines()[0]
    told = [line.strip() for line in error.tail.splitlines()]
    because = next((line for line in told if line.startswith(("error", "LLVM ERROR"))), "")
    if not because:
        status = error.exit_status or 0
        because = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    log = f" (log: {error.log})" if error.log else ""
    return f"{error.what.splitlines()[0]}: {because}{log}"
