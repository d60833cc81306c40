# SPDX-License-Identifier: GPL-2.0-only
"""A module that only a later kernel's loader can load is a skip, with what can load it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pipeline.boot import loader
from pipeline.boot.loader import too_old
from pipeline.kernel.tree import KernelTree
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load


def asked(
    monkeypatch: pytest.MonkeyPatch, arch: str, used: set[str], source: str, folder: Path
) -> str:
    """Ask of a module with these relocations and a tree with this loader's source."""
    file = folder / "arch/openrisc/kernel/module.c"
    file.parent.mkdir(parents=True)
    file.write_text(source)
    tree = KernelTree(folder, folder, "6.1.7", {})
    toolchain = Toolchain(load()[arch], "", "/bin/", (12, 2, 0), "gcc", "GCC")
    monkeypatch.setattr(loader, "kernel_of", lambda *_: SimpleNamespace(tree=tree))
    monkeypatch.setattr("pipeline.validate.elf.Object.read", lambda _: None)
    monkeypatch.setattr(
        loader, "uses", lambda *_: [cast("object", SimpleNamespace(name=one)) for one in used]
    )
    return too_old(tree, toolchain, folder / "m.ko")


@pytest.mark.parametrize(
    ("arch", "used", "source"),
    [
        ("openrisc", {"R_OR1K_AHI16"}, "case R_OR1K_AHI16:\n"),
        ("openrisc", {"R_OR32_32"}, ""),
        ("m68k", {"R_OR1K_AHI16"}, ""),
    ],
)
def test_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arch: str, used: set[str], source: str
) -> None:
    assert asked(monkeypatch, arch, used, source, tmp_path) == ""


def test_what_is_missing_and_what_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    used = {"R_OR1K_AHI16", "R_OR32_32", "R_OR1K_SLO16"}
    said = asked(monkeypatch, "openrisc", used, "case R_OR1K_SLO16:\n", tmp_path)
    assert said == (
        "the module loader of Linux 6.1.7 does not apply R_OR1K_AHI16, which this GCC writes; that "
        "of 6.12 does: kernel_version=6.12 (Debian: linux-source-6.12)"
    )
