# SPDX-License-Identifier: GPL-2.0-only
"""Configurations that the kernel's own Kconfig makes are refused or warned of by name.

Nothing is built: Kconfig decides which options hold and which follow, and of a built tree's other
files there are empty ones.
"""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree
from pipeline.kernel.refuse import warnings
from pipeline.kernel.tree import KernelTree, make_command, open_tree, read_config
from pipeline.run import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.toolchains.find import Toolchain

BUILT = (
    *("Module.symvers", "include/config/auto.conf", "include/config/kernel.release"),
    "scripts/mod/modpost",
)
BASE = ("64BIT", "MODULES", "MODULE_UNLOAD", "SYSFS", "DEBUG_KERNEL", "EXPERT")


@pytest.fixture(scope="module")
def x86(toolchain_of: Callable[[str], Toolchain]) -> Toolchain:
    """The architecture that has most of these options."""
    return toolchain_of("x86_64")


@pytest.fixture(scope="module")
def source(toolchain_of: Callable[[str], Toolchain]) -> Path:
    """The unpacked source of a kernel that is in the cache."""
    toolchain = toolchain_of("m68k")
    try:
        return auto_tree(toolchain.arch, toolchain, build=False).source
    except UserError as error:
        pytest.skip(error.what)


def configured(source: Path, toolchain: Toolchain, work: Path, *options: str) -> Path:
    """Return a tree with these options, as Kconfig has them; skip where it does not take them."""
    build, fragment = work / "build", work / "fragment"
    build.mkdir()
    fragment.write_text("".join(f"CONFIG_{option}=y\n" for option in options))
    make = make_command(source, build, toolchain)
    argv = [*make, f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig"]
    check(argv, "the tree cannot be configured", log=work / "config.log")
    have = read_config(build / ".config")
    lost = [option for option in options if have.get(f"CONFIG_{option}") != "y"]
    if lost:
        pytest.skip(f"this compiler, or what is installed of it, has no {', '.join(lost)}")
    for name in BUILT:
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).write_text("")
    (build / "arch/x86/include/generated").mkdir(parents=True, exist_ok=True)
    return build


def opened(build: Path, toolchain: Toolchain) -> KernelTree:
    """Open a tree as every build does before it compiles anything."""
    return open_tree(build, toolchain.arch, toolchain)


@pytest.mark.parametrize(
    "options",
    [("GCC_PLUGINS", "RANDSTRUCT_FULL"), ("GCC_PLUGINS", "RANDSTRUCT_PERFORMANCE"), ("CFI_CLANG",)],
    ids=lambda options: options[-1],
)
def test_refused(source: Path, x86: Toolchain, tmp_path: Path, options: tuple[str, ...]) -> None:
    build = configured(source, x86, tmp_path, *BASE, *options)
    with pytest.raises(UserError, match=f"CONFIG_{options[-1]}=y: "):
        opened(build, x86)


@pytest.mark.parametrize(
    ("told", "needed"),
    [
        (("GCC_PLUGIN_STACKLEAK", "GCC_PLUGIN_LATENT_ENTROPY"), ("GCC_PLUGINS",)),
        (
            ("MODULE_SIG_FORCE", "TRIM_UNUSED_KSYMS", "GCOV_PROFILE_ALL", "UBSAN"),
            ("MODULE_SIG", "DEBUG_FS", "GCOV_KERNEL"),
        ),
        (("KASAN_GENERIC",), ("SLUB", "KASAN")),
        (("KCSAN",), ("SMP",)),
    ],
    ids=lambda options: options[0],
)
def test_warned_of(
    source: Path, x86: Toolchain, tmp_path: Path, told: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    tree = opened(configured(source, x86, tmp_path, *BASE, *needed, *told), x86)
    said = [line.partition("=")[0] for line in warnings(tree.config)]
    assert said == [f"CONFIG_{option}" for option in told]


def test_a_plain_tree_is_neither(source: Path, x86: Toolchain, tmp_path: Path) -> None:
    build = configured(source, x86, tmp_path, *BASE)
    assert warnings(opened(build, x86).config) == []
    (build / "Module.symvers").unlink()
    with pytest.raises(UserError, match=r"no Module\.symvers"):
        opened(build, x86)


def test_no_modules(source: Path, x86: Toolchain, tmp_path: Path) -> None:
    build = configured(source, x86, tmp_path, "64BIT")
    with pytest.raises(UserError, match="no modules") as caught:
        opened(build, x86)
    assert "CONFIG_MODULES=y" in caught.value.mend


def test_another_compiler(source: Path, x86: Toolchain, tmp_path: Path) -> None:
    """A compiler that calls itself another version: Kconfig writes that into the tree."""
    other = tmp_path / "other-gcc"
    banner = subprocess.run(
        [x86.gcc, "--version"], capture_output=True, text=True, check=True
    ).stdout
    spoken = banner.replace("12.", "11.").splitlines()[0]
    other.write_text(
        f'#!/bin/sh\n[ "$*" = --version ] && echo "{spoken}" && exit\nexec {x86.gcc} "$@"\n'
    )
    other.chmod(0o755)
    for tool in x86.gcc.parent.glob(f"{Path(x86.prefix).name}*"):
        name = tool.name.removeprefix(Path(x86.prefix).name)
        if name != "gcc":
            (tmp_path / f"other-{name}").symlink_to(tool)
    stranger = dataclasses.replace(x86, prefix=f"{tmp_path}/other-")
    build = configured(source, stranger, tmp_path, *BASE)
    with pytest.raises(UserError, match="built by “.* 11.*, found is “"):
        opened(build, x86)
