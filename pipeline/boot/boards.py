# SPDX-License-Identifier: GPL-2.0-only
"""The machines that QEMU emulates, one for each architecture: ``boards.yaml``, checked."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator
from ruamel.yaml import YAML

FILE = Path(__file__).resolve().parent / "boards.yaml"


class Board(BaseModel):
    """A machine; ``qemu`` is None where nothing emulates it, and ``reason`` says so.

    ``kernel`` is the image that QEMU loads, relative to the tree's build folder, ``image_target``
    the target of the kernel's Makefile that makes it, ``console`` the kernel's name of the serial
    port that QEMU shows, ``append`` the kernel's command line, and ``package`` Debian's package
    with the emulator.  A machine ends QEMU when it powers off and, with ``-no-reboot``, when it
    restarts or panics.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    arch: str
    qemu: str | None
    args: tuple[str, ...] = ()
    kernel: str = "vmlinux"
    image_target: str = "vmlinux"
    console: str = ""
    append: str = ""
    package: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse a machine that cannot be started, and one that is absent without a reason."""
        if self.qemu is None and not self.reason:
            message = f"{self.arch}: without qemu there has to be a reason"
            raise ValueError(message)
        if self.qemu is not None:
            if not self.package or f"console={self.console}" not in self.append.split():
                message = f"{self.arch}: a package, and a console that append names, are needed"
                raise ValueError(message)
            if "-no-reboot" not in self.args:
                message = f"{self.arch}: without -no-reboot a panic would start the machine again"
                raise ValueError(message)
        return self


@functools.cache
def load_boards() -> dict[str, Board]:
    """Return every board by its architecture.

    Raises pydantic's ValidationError where ``boards.yaml``, a file of Ferric's own, is wrong.
    """
    document = YAML(typ="safe", pure=True).load(FILE)
    boards = [Board.model_validate(one) for one in document["boards"]]
    return {board.arch: board for board in boards}
