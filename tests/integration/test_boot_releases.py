# SPDX-License-Identifier: GPL-2.0-only
"""A module for one release of Linux in a kernel of another: our verdict and the kernel's.

Both releases have to be installed as source packages, and built in the user's cache.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.machine import Kernel, emulator
from pipeline.boot.plan import MOUNTS, Step
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree
from pipeline.validate.elf import Object
from pipeline.validate.finding import Severity
from pipeline.validate.judge import judge
from pipeline.validate.module import modinfo
from pipeline.validate.verb import against
from tests.integration.boot import spoil
from tests.integration.boot.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.toolchains.find import Toolchain

HELLO = Path(__file__).parents[2] / "samples/hello"
OLD, NEW = "6.1", "6.12"


@pytest.fixture(scope="module")
def machines(
    toolchain_of: Callable[[str], Toolchain], rustc: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Machine]:
    """m68k with a kernel of each release."""
    assert rustc.is_file()
    board, toolchain = load_boards()["m68k"], toolchain_of("m68k")
    found = {}
    for version in (OLD, NEW):
        try:
            emulator(board)
            tree = auto_tree(toolchain.arch, toolchain, version, build=False)
        except UserError as error:
            pytest.skip(f"Linux {version}: {error.what}")
        work = tmp_path_factory.mktemp(version)
        found[version] = Machine(Kernel(tree, toolchain, board), "rustc", work)
    return found


def _errors(path: Path, machine: Machine) -> set[str]:
    """Return the checks that find an error in a module for the machine's kernel."""
    kernel = machine.kernel
    verdict = judge(Object.read(path), against(kernel.toolchain.arch, kernel.tree.build))
    return {one.check for one in verdict.findings if one.severity is Severity.ERROR}


def _answer(machine: Machine, data: bytes, log: Path) -> tuple[str, str]:
    """Return what the kernel says of a module: loaded or not, and the whole console."""
    booted = machine.boot(
        {"hello.ko": data}, [*MOUNTS, Step("try hello.ko hello", ("hello",))], log
    )
    lines = booted.judge.outcomes[-1].lines
    return next(line for line in lines if line.startswith("# try")), "\n".join(lines)


def _forged(data: bytes, path: Path) -> bytes:
    """Return a module with the vermagic of another one, put where its description was."""
    magic = modinfo(Object.read(path)).first("vermagic")
    assert magic is not None
    hidden = spoil.replaced(".modinfo", b"vermagic=", b"vermagik=")(data)
    return spoil.modinfo(b"description", b"vermagic=" + magic.encode())(hidden)


@pytest.mark.parametrize(("built", "loaded"), [(OLD, NEW), (NEW, OLD)])
def test_a_module_for_another_release(
    machines: dict[str, Machine], tmp_path: Path, built: str, loaded: str
) -> None:
    module = machines[built].module(HELLO)
    there = machines[loaded]
    assert {"sections.vermagic", "sections.this-module"} <= _errors(module, there)
    answer, console = _answer(there, module.read_bytes(), tmp_path / "log")
    assert answer.endswith(" ENOEXEC")
    assert "version magic" in console or "section size must match" in console


def test_a_vermagic_does_not_make_it_one_for_this_release(
    machines: dict[str, Machine], tmp_path: Path
) -> None:
    """Linux 6.12 compares the size of struct module; 6.1 would use another one's fields."""
    new = machines[NEW]
    data = _forged(machines[OLD].module(HELLO).read_bytes(), new.module(HELLO))
    path = tmp_path / "hello.ko"
    path.write_bytes(data)
    found = _errors(path, new)
    assert "sections.this-module" in found
    assert "sections.vermagic" not in found
    answer, console = _answer(new, data, tmp_path / "log")
    assert answer.endswith(" ENOEXEC")
    assert "section size must match" in console
