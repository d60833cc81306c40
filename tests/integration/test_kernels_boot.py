# SPDX-License-Identifier: GPL-2.0-only
"""Each of Ferric's own kernels boots on its board: console, initramfs, /init, power-off.

Only what is in the user's cache is booted: ``scons arch=all boot`` builds the rest.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.image import build_init, kernel_image
from pipeline.boot.initramfs import initramfs
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree
from pipeline.kernel.mended import require_mended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain

BOARDS = load_boards()


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_a_kernel_of_ours_reaches_init_and_powers_off(
    toolchain_of: Callable[[str], Toolchain], tmp_path: Path, name: str
) -> None:
    board = BOARDS[name]
    if board.qemu is None:
        pytest.skip(board.reason)
    if shutil.which(board.qemu) is None:
        pytest.skip(f"{board.qemu} is not installed (Debian: {board.package})")
    toolchain = toolchain_of(name)
    try:
        tree = auto_tree(toolchain.arch, toolchain, build=False)
    except UserError as error:
        pytest.skip(error.what)
    archive = tmp_path / "initramfs"
    archive.write_bytes(initramfs(build_init(tree, toolchain), "", {}))
    image = str(kernel_image(tree, board))
    done = subprocess.run(
        [board.qemu, *board.args, "-kernel", image, "-initrd", archive, "-append", board.append],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=180,
        check=False,
    )
    console = done.stdout.decode(errors="replace").replace("\r", "")
    assert done.returncode == 0, done.stderr
    lines = console.splitlines()
    assert "Run /init as init process" in lines, console
    assert "KTAP version 1" in lines, console
    assert lines.index("# the plan has ended") > lines.index("KTAP version 1")
    assert f"Linux version {tree.release}" in console
    # QEMU may take a moment to end: then init "dies", having powered off, and its kernel panics.
    assert "Kernel panic" not in console.partition("# the plan has ended")[0]


def test_the_compiler_for_sh_is_mended_by_a_plugin(
    toolchain_of: Callable[[str], Toolchain],
) -> None:
    """That the fault is gone is proved inside; a sound compiler needs nothing."""
    toolchain = toolchain_of("sh")
    try:
        words = require_mended(toolchain)
    except UserError as error:
        pytest.skip(error.what)
    if not words:
        pytest.skip("this GCC for sh is sound")
    (word,) = words
    assert word.startswith(f"CC={toolchain.gcc} -fplugin=")
