# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree of our own: the distribution's source, a small configuration, built once."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.boot.boards import load_boards
from pipeline.errors import ToolError, UserError
from pipeline.files import cached, digest_file, in_cache
from pipeline.kernel.mended import mended_compiler, require_mended
from pipeline.kernel.tree import KernelTree, make_command, open_tree, read_config

if TYPE_CHECKING:
    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch

CONFIGS = Path(__file__).resolve().parent / "configs"
SOURCES = Path("/usr/src")
TINY = "tinyconfig"
_VMLINUX = "vmlinux"
_FORMAT = 1
_ARCHIVE = re.compile(r"linux-source-(\d+)\.(\d+)\.tar\.\w+$")
_LEAST = (6, 1)
_TIME_LIMIT = 5400.0
# The kernel writes who built it, where and when into itself; these make two builds the same.
_REPRODUCIBLE = {
    "KBUILD_BUILD_TIMESTAMP": "1970-01-01",
    "KBUILD_BUILD_USER": "ferric",
    "KBUILD_BUILD_HOST": "ferric",
}


def has_config(arch: Arch) -> bool:
    """Say whether Ferric has a configuration fragment for this architecture's kernel."""
    return _fragment(arch).is_file()


def auto_tree(
    arch: Arch, toolchain: Toolchain, version: str = "", *, build: bool = True
) -> KernelTree:
    """Return a built tree of Ferric's own configuration for ``arch``: see :func:`cached_tree`.

    It has the image that the architecture's board boots, too.  ``version`` is that of the source
    package (``6.1``), empty for the newest.

    Raises :class:`UserError` where the source package or the fragment is missing, and where the GCC
    writes wrong code that nothing on this machine mends.
    """
    if not has_config(arch):
        raise UserError(
            f"no kernel configuration for {arch.name}",
            mend="name a built tree with kernel=PATH, or stop at objects with kernel=none",
        )
    require_mended(toolchain)
    fragment = (CONFIGS / "common.config").read_text("utf-8") + _fragment(arch).read_text("utf-8")
    image = load_boards()[arch.name].image_target
    return cached_tree(
        arch, toolchain, fragment, arch.name, image=image, version=version, build=build
    )


def cached_tree(  # noqa: PLR0913 - each is a choice of its own
    arch: Arch,
    toolchain: Toolchain,
    fragment: str,
    name: str,
    base: str = TINY,
    *,
    image: str = _VMLINUX,
    version: str = "",
    build: bool = True,
) -> KernelTree:
    """Return a built tree (``vmlinux modules``) from the user's cache, built now if not there.

    ``fragment`` is a text of ``CONFIG_…=…`` lines on top of ``base``, a target of Kconfig that
    takes ``KCONFIG_ALLCONFIG``: tinyconfig, whose own choices (as -Os) win over the fragment's, or
    allnoconfig.  ``name`` makes the cache folder readable, ``image`` is a target of the kernel's
    Makefile that is made beside vmlinux, and ``version`` is that of the source package (empty: the
    newest).  The key is the source archive, the configuration and the compiler.

    Raises :class:`UserError` where the source package or a host tool is missing, or the tree is not
    in the cache and not to be built now (``build``), and
    :class:`ToolError` where Kconfig drops an option of the fragment or the build fails.
    """
    archive = find_archive(version)
    mended = mended_compiler(toolchain)
    key: dict[str, object] = {
        "format": _FORMAT,
        "archive": digest_file(archive),
        "fragment": fragment,
        "arch": arch.kernel_arch,
        "gcc": [toolchain.prefix, toolchain.banner, digest_file(toolchain.gcc.resolve())],
    }
    if base != TINY:  # the keys of trees on tinyconfig have no name for it
        key["base"] = base
    targets = [_VMLINUX, "modules"]
    if image != _VMLINUX:
        key["image"] = image
        targets.append(image)
    if mended:
        key["mended"] = mended
    kind = f"kernel-{name}"
    if not build and not in_cache(kind, key):
        raise UserError(
            f"the kernel {name} is not in the cache", mend=f"scons arch={arch.name} builds it"
        )
    source = _unpacked(archive)

    def make(folder: Path) -> None:
        place = _configured(toolchain, source, folder, fragment, base)
        _build(make_command(source, place, toolchain), folder, targets)

    folder = cached(kind, key, make)
    return open_tree(folder / "build", arch, toolchain)


def find_archive(version: str = "") -> Path:
    """Return a kernel source package that the distribution installed: the newest, or ``version``.

    Raises :class:`UserError` where there is none, or none of this version, with what is there.
    """
    found: dict[tuple[int, int], Path] = {}
    for path in sorted(SOURCES.glob("linux-source-*.tar.*")):
        match = _ARCHIVE.search(path.name)
        if match and (int(match[1]), int(match[2])) >= _LEAST:
            found[int(match[1]), int(match[2])] = path
    named = {f"{major}.{minor}": path for (major, minor), path in sorted(found.items())}
    if version and version not in named:
        there = ", ".join(named) or f"none of {_LEAST[0]}.{_LEAST[1]} or later"
        raise UserError(
            f"no kernel source {version} in {SOURCES}; there: {there}",
            where="kernel_version",
            mend="name one of those, or install another (Debian: linux-source-X.Y, "
            f"{_LEAST[0]}.{_LEAST[1]} or later)",
        )
    if version:
        return named[version]
    if not found:
        raise UserError(
            f"no kernel source of {_LEAST[0]}.{_LEAST[1]} or later in {SOURCES}",
            mend="apt-get install linux-source-6.1, name a built tree with kernel=PATH, or stop "
            "at objects with kernel=none",
        )
    return found[max(found)]


def _fragment(arch: Arch) -> Path:
    return CONFIGS / f"{arch.name}.config"


def _unpacked(archive: Path) -> Path:
    def unpack(folder: Path) -> None:
        try:
            with tarfile.open(archive) as tar:
                if hasattr(tarfile, "tar_filter"):  # not in Debian 12's Python 3.11.2
                    tar.extraction_filter = tarfile.tar_filter
                tar.extractall(folder)  # noqa: S202 - the distribution's own package
        except (tarfile.TarError, OSError, EOFError) as error:
            raise UserError(f"cannot unpack: {error}", where=str(archive)) from error

    folder = cached("linux-source", {"archive": digest_file(archive)}, unpack)
    tops = [path for path in folder.iterdir() if (path / "Kbuild").is_file()]
    if len(tops) != 1:
        raise UserError("not one kernel tree in this archive", where=str(archive))
    return tops[0]


def _configured(toolchain: Toolchain, source: Path, folder: Path, fragment: str, base: str) -> Path:
    """Return a build folder in ``folder`` that has the fragment's configuration."""
    build = folder / "build"
    build.mkdir()
    named = folder / "fragment.config"
    named.write_text(fragment, encoding="utf-8")
    make = make_command(source, build, toolchain)
    _require_host_tools()
    run.check(
        # A variable of make and not of the environment, where tinyconfig sets its own.
        [*make, f"KCONFIG_ALLCONFIG={named}", base],
        "the kernel cannot be configured",
        env=_REPRODUCIBLE,
        log=folder / "config.log",
    )
    _require_options(build / ".config", fragment)
    return build


def _build(make: list[str], folder: Path, targets: list[str]) -> None:
    run.check(
        [*make, f"-j{os.cpu_count() or 1}", *targets],
        "the kernel does not build",
        env=_REPRODUCIBLE,
        timeout=_TIME_LIMIT,
        log=folder / "build.log",
        mend="the kernel's build needs the packages make flex bison bc libelf-dev",
    )


def _require_host_tools() -> None:
    """Name a missing host tool before Kbuild does, in the middle of its own noise."""
    missing = [tool for tool in ("make", "flex", "bison", "bc", "gcc") if not shutil.which(tool)]
    if missing:
        raise UserError(
            f"building a kernel needs {', '.join(missing)}",
            mend=f"apt-get install {' '.join(missing)}",
        )


def _require_options(config: Path, fragment: str) -> None:
    """Kconfig drops an option whose dependencies fail without a word; say which."""
    have = read_config(config)
    wanted = read_config_text(fragment)
    lost = sorted(name for name, value in wanted.items() if have.get(name) != value)
    if lost:
        raise ToolError(
            f"Kconfig did not take {', '.join(lost)}", argv=["grep", lost[0], str(config)]
        )


def read_config_text(text: str) -> dict[str, str]:
    """Return the options that a fragment sets."""
    pairs = (line.partition("=") for line in text.splitlines() if line.startswith("CONFIG_"))
    return {name: value.strip('"') for name, _, value in pairs}
