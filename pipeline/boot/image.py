# SPDX-License-Identifier: GPL-2.0-only
"""What a machine boots: the kernel of a tree, and our init compiled against the tree's headers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.files import cached, digest_files
from pipeline.run import check

if TYPE_CHECKING:
    from pipeline.boot.boards import Board
    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain

INIT = Path(__file__).resolve().parent / "init"
_FORMAT = 1
_FLAGS = (
    *("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-nostdlib", "-static"),
    *("-Wl,-z,noexecstack", "-fno-pic", "-no-pie", "-fno-stack-protector"),
    "-fno-asynchronous-unwind-tables",
    # GCC 12 for sh miscompiles at -O1 and above (toolchains.yaml, compiler_faults), and whoever
    # waits for a kernel to boot does not see how fast its init is.
    "-O0",
)


def kernel_image(tree: KernelTree, board: Board) -> Path:
    """Return the file that QEMU boots; :class:`UserError` where the tree was built without it."""
    image = tree.build / board.kernel
    if image.is_file():
        return image
    raise UserError(
        f"the kernel tree has no {board.kernel}",
        where=str(tree.build),
        mend=f"make it: make ARCH=… CROSS_COMPILE=… {board.image_target}",
    )


def build_init(tree: KernelTree, toolchain: Toolchain) -> bytes:
    """Return ``/init`` for this tree, compiled once and cached; it needs no library.

    Raises :class:`UserError` where Ferric has no entry point for the architecture.
    """
    arch = toolchain.arch
    entry = INIT / f"{arch.name}.S"
    if not entry.is_file():
        raise UserError(
            f"Ferric has no init for {arch.name}", mend=f"write {entry}, as those beside it"
        )
    flags = [*_FLAGS, *(f"-I{path}" for path in _headers(tree))]
    if toolchain.triple.endswith("-elf"):
        # The linker script of a bare-metal compiler starts at 0, where Linux maps nothing, and may
        # enter at a CPU's reset vector.
        flags += ["-Wl,-Ttext-segment=0x10000", "-Wl,-e,_start"]

    def make(out: Path) -> None:
        argv: list[str | Path] = [toolchain.gcc, *flags, INIT / "init.c", entry, "-o", out / "init"]
        check(argv, "the init of a kernel does not compile", log=out / "init.log")

    key = {
        "format": _FORMAT,
        "sources": digest_files([INIT / "init.c", entry], base=INIT),
        "gcc": toolchain.banner,
        "prefix": toolchain.prefix,
        "flags": flags,
        "tree": tree.identity(),
    }
    return (cached(f"boot-init-{arch.name}", key, make) / "init").read_bytes()


def _headers(tree: KernelTree) -> list[Path]:
    """Return the folders of the headers for programs; only the tree's own architecture has them."""
    made = list(tree.build.glob("arch/*/include/generated/uapi"))
    if len(made) != 1:
        raise UserError(
            f"{len(made)} folders arch/*/include/generated/uapi, where a built tree has one",
            where=str(tree.build),
            mend="build the tree again, in a folder of its own",
        )
    folder = made[0].relative_to(tree.build).parts[1]
    own = tree.source / "arch" / folder / "include/uapi"
    shared = "include/generated/uapi", "include/uapi"
    return [made[0], own, tree.build / shared[0], tree.source / shared[1]]
