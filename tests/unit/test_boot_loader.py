# SPDX-License-Identifier: GPL-2.0-only
"""A module that only a later kernel's loader can load is a skip, with what can load it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.boot import loader
from pipeline.boot.loader import Skip, too_old
from pipeline.kernel.tree import KernelTree
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load
from pipeline.toolchains.model import RelocationRule
from pipeline.validate import relocations

if TYPE_CHECKING:
    from pipeline.validate.relocation_uses import Use

NOTHING = RelocationRule(bytes=0)


def asked(
    monkeypatch: pytest.MonkeyPatch, arch: str, used: set[str], source: str, folder: Path
) -> Skip | None:
    """Ask of a module with these relocations and a tree with this loader's source."""
    file = folder / "arch/openrisc/kernel/module.c"
    file.parent.mkdir(parents=True)
    file.write_text(source)
    tree = KernelTree(folder, folder, "6.1.7", {})
    toolchain = Toolchain(load()[arch], "", "/bin/", (12, 2, 0), "gcc", "GCC")
    monkeypatch.setattr(loader, "kernel_of", lambda *_: SimpleNamespace(tree=tree, config={}))
    monkeypatch.setattr("pipeline.validate.elf.Object.read", lambda _: None)
    known = load()[arch]
    rules = {one: known.loader.rules_of(one)[0] for one in known.relocations}
    found = [
        cast("Use", SimpleNamespace(name=one, known=one in rules, rule=rules.get(one, NOTHING)))
        for one in used
    ]
    monkeypatch.setattr(relocations, "uses", lambda *_: found)
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
    assert asked(monkeypatch, arch, used, source, tmp_path) is None


def test_what_is_missing_and_what_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    used = {"R_OR1K_AHI16", "R_OR32_32", "R_OR1K_SLO16"}
    said = asked(monkeypatch, "openrisc", used, "case R_OR1K_SLO16:\n", tmp_path)
    assert said == Skip(
        "the module loader of Linux 6.1.7 does not apply R_OR1K_AHI16, which this GCC writes; that "
        "of 6.12 does: kernel_version=6.12 (Debian: linux-source-6.12)",
        frozenset(["relocations.type"]),
    )


def test_a_type_that_no_kernel_applies_is_not_told_by_the_skip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = asked(monkeypatch, "openrisc", {"R_OR1K_AHI16", "R_OR1K_COPY"}, "", tmp_path)
    assert said is not None
    assert said.told == frozenset()
    assert "R_OR1K_COPY" not in said.reason
