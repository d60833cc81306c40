# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline.doctor.packages ARCH… [--tests]``: the distribution packages, one a line.

The names are Debian's.  Those of the compilers stand in ``toolchains.yaml``; the others are here
and nowhere else: ``setup.sh`` installs what this prints, and the doctor's advice names the same.
"""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import console
from pipeline.check.rustc import find_rustc
from pipeline.errors import FerricError
from pipeline.kernel.auto import has_config
from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.toolchains.model import Arch

# Programs that build a kernel's own helpers, and the headers that those include: libelf's are
# objtool's, which x86_64 needs (lib/Kconfig.debug, OBJTOOL).
KERNEL_HOST = ("make", "flex", "bison", "bc", "gcc", "libc6-dev", "libelf-dev")
_PACKAGED = Path("/usr")
EMULATORS = ("qemu-user", "qemu-system-misc", "cpio")


def distribution() -> Mapping[str, str]:
    """Return what ``/etc/os-release`` says (os-release(5)); nothing where there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def rust_packages(release: Mapping[str, str]) -> tuple[str, str]:
    """Return the packages of rustc and of its library's source.

    ``rustc`` of Debian 12 is older than the gate needs; ``rustc-web`` is its newer one.
    """
    return ("rustc-web", "rust-web-src") if _is_debian_12(release) else ("rustc", "rust-src")


def rustc_of_its_own() -> bool:
    """Say whether the rustc that Ferric takes is no package's and has its library's source.

    So it is with rustup and its component ``rust-src``; Debian's packages would conflict with it.
    """
    try:
        rustc = find_rustc(None)
    except FerricError:
        return False
    return rustc.library is not None and rustc.sysroot != _PACKAGED


def kernel_source_package(release: Mapping[str, str]) -> str:
    """Return the package of the kernel's source; ``linux-source`` depends on the newest one."""
    return "linux-source-6.1" if _is_debian_12(release) else "linux-source"


def packages(archs: Iterable[Arch], *, tests: bool, release: Mapping[str, str]) -> list[str]:
    """Return what to install to build for ``archs``, each name once.

    That is rustc (for the gate, and to transpile) unless the user has one that no package brought,
    each compiler that a package has, with ``tests`` the emulators, and where Ferric has a kernel
    configuration also what a kernel is built from and with.
    """
    archs = list(archs)
    wanted = [] if rustc_of_its_own() else [*rust_packages(release)]
    wanted += [arch.package for arch in archs if arch.package]
    kernels = [arch.name for arch in archs if has_config(arch)]
    if kernels:
        wanted += [kernel_source_package(release), *KERNEL_HOST]
    if _is_debian_12(release):
        wanted += _mending_packages(kernels)
    if tests:
        wanted += EMULATORS
    return list(dict.fromkeys(wanted))


def _mending_packages(kernels: Sequence[str]) -> list[str]:
    """Return what the plugins are built with that mend Debian 12's compilers for these kernels."""
    faults = [one for one in load().compiler_faults if one.arch in kernels and one.plugin_package]
    headers = [one.plugin_package for one in faults if one.plugin_package]
    return [*headers, "g++"] if headers else []


def select(words: Sequence[str], *, tests: bool) -> list[Arch]:
    """Return the architectures that ``words`` name: names, aliases, ``all``, ``installed``.

    Without words it is none, and for the tests every GCC-only one whose compiler a package has.
    """
    toolchains = load()
    if words:
        return toolchains.select(",".join(words), installed=installed)
    return [arch for arch in toolchains.gcc_only() if arch.package] if tests else []


def main(argv: Sequence[str] | None = None) -> int:
    """Print the packages; what no package has goes to standard error as advice."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.doctor.packages")
    parser.add_argument("arch", nargs="*", help="architecture or alias, all, installed")
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    args = parser.parse_args(argv)
    try:
        archs = select(args.arch, tests=args.tests)
    except FerricError as error:
        console.error(str(error))
        return 1
    for arch in archs:
        if arch.advice:
            console.note(f"{arch.name}: {arch.advice}")
    for name in packages(archs, tests=args.tests, release=distribution()):
        print(name)
    return 0


def _is_debian_12(release: Mapping[str, str]) -> bool:
    return release.get("ID") == "debian" and release.get("VERSION_ID") == "12"


if __name__ == "__main__":
    sys.exit(main())
