# SPDX-License-Identifier: GPL-2.0-only
"""Every tool that Ferric uses, as rows: the programs, Python, mrustc, the sources, the compilers.

The least versions of what builds a kernel are those of Linux 6.1,
Documentation/process/changes.rst.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.check.rustc import MEND as RUSTC_MEND
from pipeline.check.rustc import MINIMUM, find_rustc
from pipeline.doctor.ask import Tool, UnansweredError, ask_version, examine, judge
from pipeline.doctor.model import Diagnosis, Need, Row, older
from pipeline.doctor.packages import kernel_source_package
from pipeline.errors import FerricError, UserError
from pipeline.kernel.auto import find_archive, has_config
from pipeline.toolchains.find import find
from pipeline.transpile.mrustc import LEAST_VERSION, RELEASES, find_mrustc
from pipeline.transpile.rust_src import find_rust_source
from pipeline.transpile.rustc.emit import own_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch

PROJECT = Path(__file__).resolve().parents[2]

HOST_TOOLS = (
    Tool("make", "kernel", "make", least="3.82"),
    Tool("flex", "kernel", "flex", least="2.5.35"),
    Tool("bison", "kernel", "bison", least="2.0"),
    Tool("bc", "kernel", "bc", least="1.06.95"),
    Tool("gcc", "kernel", "gcc libc6-dev", least="5.1", arguments=("-dumpfullversion",)),
    Tool("cpio", "tests", "cpio"),
    Tool("git", "tests", "git"),
)
LEAST_GCC = "9"
LEAST_BINUTILS = "2.23"
LEAST_KERNEL = "6.1"
BINUTILS = ("ld", "objcopy", "objdump")
MRUSTC_MEND = (
    "it comes from no package: build it as the README of its project, thepowersgang/mrustc, says, "
    "and put it on PATH or name it with mrustc=PATH"
)
_MRUSTC = re.compile(r"mrustc v(\d+(?:\.\d+)+)")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:>=\s*([\d.]+))?")


def diagnose(archs: Sequence[Arch], release: Mapping[str, str], *, every: bool) -> Diagnosis:
    """Look for everything that ``archs`` need; ``release`` is the distribution's os-release."""
    rows = [
        *python_rows(),
        mrustc_row(),
        rust_source_row(),
        rustc_row(),
        rustc_source_row(),
        *(examine(tool) for tool in HOST_TOOLS),
        lzma_row(),
        kernel_source_row(release),
        *(row for arch in archs for row in arch_rows(arch)),
    ]
    kernels = frozenset(arch.name for arch in archs if has_config(arch))
    return Diagnosis(tuple(rows), tuple(arch.name for arch in archs), kernels, every)


def python_rows() -> Iterator[Row]:
    """Yield Python itself and each package that pyproject.toml asks for."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=")
    version = platform.python_version()
    row = Row("python", "build", None, sys.executable, version, least)
    if older(version, least):
        row = replace(row, status="too old", mend=f"install Python {least} or later (python3)")
    yield row
    yield from _package_rows(project["dependencies"], "build", "run ./setup.sh")
    for extra, wanted in project["optional-dependencies"].items():
        yield from _package_rows(wanted, "tests", f"run ./setup.sh --{extra}")


def _package_rows(requirements: Iterable[str], need: Need, mend: str) -> Iterator[Row]:
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        name, least = match.groups() if match else (requirement, None)
        row = Row(name, need, least=least, mend=mend)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            yield replace(row, status="missing")
            continue
        version = distribution.version
        row = replace(row, found=str(distribution.locate_file("")), version=version)
        if least is not None and older(version, least):
            yield replace(row, status="too old")
        else:
            yield replace(row, mend="")


def mrustc_row() -> Row:
    """Return mrustc's row: the version it says, and that it takes a Rust library we know."""
    least = ".".join(map(str, LEAST_VERSION))
    row = Row("mrustc", "mrustc", least=least, mend=MRUSTC_MEND)
    # Without the variable it warns, in front of its version; rustc's version stands first in it.
    environment = {"MRUSTC_TARGET_VER": RELEASES[0]}
    path = shutil.which("mrustc")
    row = judge(row, path, "--version", env=environment, pattern=_MRUSTC)
    if row.status != "ok":
        return row
    try:
        find_mrustc(None)
    except (FerricError, OSError) as error:
        return replace(row, status="broken", mend=f"{_what(error)}; {MRUSTC_MEND}")
    return row


def rust_source_row() -> Row:
    """Return the row of mrustc's library source; only the releases that it takes count."""
    name, least = "source for mrustc", " or ".join(RELEASES)
    try:
        source = find_rust_source(None, RELEASES)
    except (FerricError, OSError) as error:
        mend = f"{_what(error)}; {_mend(error)}"
        return Row(name, "mrustc", least=least, status="missing", mend=mend)
    return Row(name, "mrustc", None, str(source.library), source.release, least)


def rustc_row() -> Row:
    """Return the row of the rustc that the gate and the transpiler would take."""
    least = ".".join(map(str, MINIMUM))
    row = Row("rustc", "check", least=least, mend=RUSTC_MEND)
    first = shutil.which("rustc")
    if first is not None:
        try:
            ask_version(first, "-vV")
        except UnansweredError as error:
            return replace(row, found=first, status="broken", mend=f"{error}; {RUSTC_MEND}")
    try:
        info = find_rustc(None)
    except (FerricError, OSError) as error:
        if first is None:
            return replace(row, status="missing")
        mend = f"{_what(error)}; {RUSTC_MEND}"
        return replace(row, found=first, status="too old", mend=mend)
    version = ".".join(map(str, info.version))
    return replace(row, found=str(info.path), version=version, mend="")


def rustc_source_row() -> Row:
    """Return the row of the library source that belongs to that rustc, and is of its release."""
    row = Row("source for rustc", "rustc", mend=RUSTC_MEND)
    try:
        info = find_rustc(None)
        row = replace(row, least=info.release)
        library = own_source(info)
    except (FerricError, OSError) as error:
        return replace(row, status="missing", mend=f"{_what(error)}; {_mend(error)}")
    return replace(row, found=str(library), version=info.release, mend="")


def lzma_row() -> Row:
    """Return the row of Python's lzma module, which unpacks the kernel's source package."""
    row = Row("lzma (in Python)", "kernel")
    if importlib.util.find_spec("_lzma") is None:
        mend = "use a Python that was built with liblzma, as the distribution's python3 is"
        return replace(row, status="missing", mend=mend)
    return replace(row, found=sys.executable)


def kernel_source_row(release: Mapping[str, str]) -> Row:
    """Return the row of the distribution's kernel source package."""
    row = Row("kernel source", "kernel", least=LEAST_KERNEL)
    try:
        archive = find_archive()
    except (FerricError, OSError):
        mend = f"Debian: {kernel_source_package(release)}"
        return replace(row, status="missing", mend=mend)
    match = re.search(r"\d+(?:\.\d+)+", archive.name)
    return replace(row, found=str(archive), version=match[0] if match else None)


def arch_rows(arch: Arch) -> Iterator[Row]:
    """Yield an architecture's compiler, and where that is right its binutils and emulators."""
    row, toolchain = _compiler(arch)
    yield row
    if toolchain is None:
        return
    yield _binutils(toolchain)
    for kind, name in (("", arch.qemu.user), ("system-", arch.qemu.system)):
        if name is not None:
            package = _qemu_package(kind, reference=arch.reference)
            yield examine(Tool(f"qemu-{kind}{name}", "tests", package, arch=arch.name))


def _compiler(arch: Arch) -> tuple[Row, Toolchain | None]:
    """Return the row of the architecture's GCC, and the toolchain where it can be used."""
    mend = f"Debian: {arch.package}" if arch.package else arch.advice or ""
    names = [f"{triple}-gcc" for triple in arch.triples]
    name = next((name for name in names if shutil.which(name)), names[0])
    row = Row(name, "build", arch.name, least=LEAST_GCC, mend=mend)
    row = judge(row, shutil.which(name), "-dumpfullversion")
    if row.status != "ok":
        return row, None
    try:
        return row, find(arch)
    except (FerricError, OSError) as error:
        return replace(row, status="broken", mend=f"{_what(error)}; {mend}"), None


def _binutils(toolchain: Toolchain) -> Row:
    """Return one row for the programs that Ferric uses; the linker speaks for their version."""
    arch, triple = toolchain.arch.name, toolchain.triple
    row = Row(f"{triple}-ld", "build", arch, least=LEAST_BINUTILS)
    try:
        linker, *_ = [toolchain.tool(name) for name in BINUTILS]
    except UserError as error:
        return replace(row, status="missing", mend=f"{error.what}; {error.mend}")
    mend = f"install binutils-{triple.replace('_', '-')} (Debian)"
    return judge(replace(row, mend=mend), str(linker), "--version")


def _qemu_package(kind: str, *, reference: bool) -> str:
    """Return Debian's package: one has the system emulators of all that only GCC reaches."""
    if not kind:
        return "qemu-user"
    return "qemu-system" if reference else "qemu-system-misc"


def _what(error: FerricError | OSError) -> str:
    """Return the first line of an error: what is wrong, without its mend."""
    return str(error).partition("\n")[0]


def _mend(error: FerricError | OSError) -> str:
    return error.mend if isinstance(error, UserError) else ""
