# SPDX-License-Identifier: GPL-2.0-only
"""``scons boot`` with both transpilers: each one's modules in a kernel, and both in the table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.machine import emulator
from pipeline.compare.both import NAMES
from pipeline.errors import UserError
from pipeline.kernel.auto import has_config
from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load
from tests.integration import scons_project

if TYPE_CHECKING:
    from pipeline.kernel.tree import KernelTree
    from tests.integration.scons_project import Done, Project

# A module's init that does nothing, and has what the kernel's stack has no room for.
DEEP = """
        static NEVER: u8 = 0;
        #[inline(never)]
        fn deep(seed: u8) -> u8 {
            let all = [seed; 9000];
            // SAFETY: a byte of the array.
            unsafe { core::ptr::read_volatile(&all[usize::from(seed)]) }
        }
        // SAFETY: a static.
        if unsafe { core::ptr::read_volatile(&NEVER) } != 0 && deep(3) != 3 {
            return Err(EINVAL);
        }
        Ok(Self)"""


class Booted(NamedTuple):
    """A project whose module was booted, and how that run ended."""

    project: Project
    done: Done

    def results(self) -> list[dict[str, Any]]:
        """Return the documents in ``build/boots.json``."""
        found: list[dict[str, Any]] = json.loads(
            (self.project.root / "build/boots.json").read_text("utf-8")
        )
        return found


def boots(project: Project, *words: str) -> Done:
    return project.scons("kernel=auto", "transpiler=both", *words, "boot")


@pytest.fixture(scope="module")
def booted(
    tmp_path_factory: pytest.TempPathFactory,
    scons_env: dict[str, str],
    rustc: Path,
    m68k_tree: KernelTree,
) -> Booted:
    """Boot a kernel module on m68k, in Ferric's own kernel, by both."""
    assert rustc.is_file()
    assert m68k_tree.build.is_dir()
    try:
        emulator(load_boards()["m68k"])
    except UserError as error:
        pytest.skip(error.what)
    folder = tmp_path_factory.mktemp("boots")
    crate = scons_project.module(folder / "crate")
    project = scons_project.copy(folder / "project", crate, scons_env)
    return Booted(project, boots(project))


def test_a_module_is_booted_as_each_of_the_two_made_it(booted: Booted) -> None:
    done = booted.done
    assert done.status == 0, done.output
    assert {step for step in done.steps if step[2].startswith("boot")} == {
        ("m68k", "-/mrustc", "boot"),
        ("m68k", "-/rustc", "boot"),
        ("-", "-", "boots"),
    }
    found = {one["transpiler"]: one for one in booted.results()}
    assert tuple(found) == NAMES
    for name, one in found.items():
        assert [(each["module"], each["state"]) for each in one["modules"]] == [("tiny", "ok")]
        assert re.search(rf"m68k +│ {name} +│ {one['release']} +│ tiny +│ ok ", done.output)
        assert f"m68k ({name}): {one['seconds']:.1f} s in QEMU" in done.output
        log = Path(one["log"])
        assert log == booted.project.build / f"boot.{name}.json.log"
        assert "tiny: hello 3" in log.read_text("utf-8")


def test_what_is_booted_by_both_is_not_booted_again(booted: Booted) -> None:
    again = boots(booted.project)
    assert (again.status, again.steps) == (0, []), again.output
    assert re.search(r"tiny +│ ok ", again.output)


def test_a_result_that_was_spoiled_is_one_error_beside_the_other(booted: Booted) -> None:
    path = booted.project.build / "boot.rustc.json"
    before = path.read_bytes()
    path.write_bytes(before[:100])
    done = boots(booted.project)
    path.write_bytes(before)
    assert done.status != 0
    assert f"{path}: not the result of a boot: Invalid JSON" in done.output
    assert re.search(r"m68k +│ mrustc +│ \S+ +│ tiny +│ ok ", done.output)


def test_all_boots_each_architecture_by_both(booted: Booted) -> None:
    shown = boots(booted.project, "arch=all", "-n")
    assert shown.status == 0, shown.output
    archs = [arch for arch in load().gcc_only() if installed(arch) and not arch.no_link]
    assert {(arch, crate) for arch, crate, stage in shown.steps if stage == "boot"} == {
        (arch.name, f"-/{name}") for arch in archs for name in NAMES if has_config(arch)
    }


def test_a_module_that_fails_is_named_with_who_made_it(booted: Booted, tmp_path: Path) -> None:
    crate = scons_project.module(tmp_path / "crate", "tiny", "Err(ENODEV)")
    done = boots(booted.project, f"module={crate}")
    assert done.status != 0
    for name in NAMES:
        assert f"failed m68k ({name}): tiny" in done.output
        assert re.search(rf"m68k +│ {name} +│ \S+ +│ tiny +│ failed ", done.output)


def test_an_error_of_validate_is_the_end_of_a_boot_that_went_well(
    booted: Booted, tmp_path: Path
) -> None:
    """A frame as large as the kernel's whole stack, in a function that this run never calls."""
    crate = scons_project.module(tmp_path / "crate", "tiny", DEEP)
    done = boots(booted.project, f"module={crate}")
    assert done.status != 0
    for name in NAMES:
        assert re.search(rf"m68k +│ {name} +│ \S+ +│ tiny +│ ok ", done.output), done.output
        assert f"m68k ({name}): tiny: validate found errors: stack." in done.output
