# SPDX-License-Identifier: GPL-2.0-only
"""What tests in running kernels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.machine import Kernel, emulator
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.toolchains.find import Toolchain


@pytest.fixture(scope="session")
def kernel_of(
    request: pytest.FixtureRequest, toolchain_of: Callable[[str], Toolchain]
) -> Callable[[str], Kernel]:
    """Return a function from an architecture to its kernel; m68k's is built where it is not."""

    def named(name: str) -> Kernel:
        board = load_boards().get(name)
        toolchain = toolchain_of(name)
        if board is None:
            pytest.skip(f"Ferric knows no board for {name}")
        try:
            emulator(board)
            if name == "m68k":
                return Kernel(request.getfixturevalue("m68k_tree"), toolchain, board)
            return Kernel(auto_tree(toolchain.arch, toolchain, build=False), toolchain, board)
        except UserError as error:
            pytest.skip(error.what)

    return named
