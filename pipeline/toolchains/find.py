# SPDX-License-Identifier: GPL-2.0-only
"""Find an architecture's GCC and binutils on PATH, and learn their version from themselves."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from pipeline.errors import ToolError, UserError
from pipeline.run import check

if TYPE_CHECKING:
    from pipeline.toolchains.model import Arch

_SECONDS = 60.0


@dataclass(frozen=True)
class Toolchain:
    """The cross tools of one architecture, as they are on this machine.

    ``prefix`` is the absolute path up to and with the last hyphen (``/usr/bin/m68k-linux-gnu-``,
    what the kernel calls CROSS_COMPILE), ``version`` GCC's own three numbers, ``banner`` the first
    line of ``--version`` and ``comment`` what this GCC leaves in ``.comment`` of each object.
    """

    arch: Arch
    triple: str
    prefix: str
    version: tuple[int, int, int]
    banner: str
    comment: str

    @property
    def gcc(self) -> Path:
        """The compiler's absolute path."""
        return Path(f"{self.prefix}gcc")

    def tool(self, name: str) -> Path:
        """Return the path of a binutils program (``ld``, ``objcopy``, ``readelf``...).

        An absent one is a :class:`UserError` that names the package.
        """
        path = Path(f"{self.prefix}{name}")
        if os.access(path, os.X_OK):
            return path
        elsewhere = shutil.which(f"{self.triple}-{name}")
        if elsewhere:
            return Path(elsewhere).absolute()
        package = f"binutils-{self.triple.replace('_', '-')}"
        raise UserError(
            f"{self.triple}-{name} is not on PATH", mend=f"install it (Debian: {package})"
        )


def find(arch: Arch) -> Toolchain:
    """Return the first of ``arch``'s toolchains on PATH, in the order of ``toolchains.yaml``.

    None there is a :class:`UserError` with the package to install or what else to do; a GCC that
    does not say its version or does not compile is a :class:`ToolError`.
    """
    return _find(arch, os.environ.get("PATH", ""))


def installed(arch: Arch) -> bool:
    """Say whether a GCC for ``arch`` is on PATH."""
    return _locate(arch) is not None


def _locate(arch: Arch) -> tuple[str, str] | None:
    """Return the triple and the path of the first GCC found."""
    for triple in arch.triples:
        path = shutil.which(f"{triple}-gcc")
        if path:
            return triple, str(Path(path).absolute())
    return None


@functools.cache
def _find(arch: Arch, path: str) -> Toolchain:  # noqa: ARG001 - part of the cache's key
    located = _locate(arch)
    if located is None:
        mend = f"install {arch.package} (Debian)" if arch.package else arch.advice or ""
        tried = ", ".join(f"{triple}-gcc" for triple in arch.triples)
        raise UserError(f"no GCC for {arch.name} on PATH (tried {tried})", mend=mend)
    triple, gcc = located
    banner, version = _version(gcc)
    return Toolchain(arch, triple, gcc.removesuffix("gcc"), version, banner, _comment(gcc))


def _version(gcc: str) -> tuple[str, tuple[int, int, int]]:
    """Return the first line of ``--version`` and the three numbers of ``-dumpfullversion``."""
    banner = check([gcc, "--version"], "cannot ask for the version", timeout=_SECONDS)
    argv = [gcc, "-dumpfullversion"]
    numbers = check(argv, "cannot ask for the version", timeout=_SECONDS).strip()
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", numbers)
    if match is None:
        raise ToolError("this compiler gives no version as GCC does", argv=argv, tail=numbers)
    first_line = banner.strip().partition("\n")[0]
    return first_line, (int(match[1]), int(match[2]), int(match[3]))


def _comment(gcc: str) -> str:
    """Compile an empty file and return the text of its ``.comment`` section."""
    with tempfile.TemporaryDirectory(prefix="ferric-") as folder:
        source, target = Path(folder) / "empty.c", Path(folder) / "empty.o"
        source.write_text("", encoding="ascii")
        argv = [gcc, "-c", str(source), "-o", str(target)]
        check(argv, "the compiler does not compile an empty file", timeout=_SECONDS)
        try:
            with target.open("rb") as stream:
                section = ELFFile(stream).get_section_by_name(".comment")
                data = section.data() if section is not None else b""
        except (OSError, ELFError) as error:
            raise ToolError(f"the compiler wrote no ELF object: {error}", argv=argv) from None
    text: str = data.strip(b"\0").decode("utf-8", errors="replace")
    return text
