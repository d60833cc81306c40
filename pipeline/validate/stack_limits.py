# SPDX-License-Identifier: GPL-2.0-only
"""How much stack a kernel gives: asked of its configuration and of its headers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import FerricError
from pipeline.files import cached
from pipeline.run import check
from pipeline.validate.elf import Object

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain
    from pipeline.validate.reference import Reference

_FORMAT = 1
_SYMBOL = "ferric_thread_size"


class Limits(NamedTuple):
    """A kernel's limits in bytes: one task's whole stack, and ``CONFIG_FRAME_WARN`` (0: off)."""

    stack: int
    frame: int


def limits(reference: Reference) -> Limits | str:
    """Return the limits of the kernel that is to load the module, or why they are not known."""
    kernel, toolchain = reference.kernel, reference.toolchain
    if kernel is None or toolchain is None:
        return "no kernel tree is at hand that says how large its stack is"
    try:
        size = thread_size(kernel.tree, toolchain)
    except FerricError as error:
        return f"the kernel tree does not say how large its stack is: {error}"
    text = kernel.config.get("CONFIG_FRAME_WARN", "0")
    return Limits(size, int(text) if text.isdecimal() else 0)


def thread_size(tree: KernelTree, toolchain: Toolchain) -> int:
    """Return the tree's THREAD_SIZE in bytes: the size of an array that its own Kbuild compiles.

    ``asm/thread_info.h`` computes it from the page size and more; the answer is cached.
    """
    key = {"format": _FORMAT, "tree": tree.identity(), "gcc": toolchain.banner}

    def make(folder: Path) -> None:
        (folder / "size.c").write_text(
            "#include <linux/thread_info.h>\n#include <asm/page.h>\n"
            f"char {_SYMBOL}[THREAD_SIZE];\n",
            encoding="utf-8",
        )
        (folder / "Kbuild").write_text("obj-m := size.o\n", encoding="utf-8")
        argv = [*tree.make(toolchain), f"M={os.fspath(folder)}", "size.o"]
        what = "the kernel tree does not compile a file that asks for THREAD_SIZE"
        check(argv, what, log=folder / "make.log")

    found = Object.read(cached("thread-size", key, make) / "size.o")
    return next((one.size for one in found.symbols if one.name == _SYMBOL), 0)
