# SPDX-License-Identifier: GPL-2.0-only
"""What the user can get wrong: one clear error, an exit status that is not 0, never a traceback."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.integration import scons_project

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from tests.integration.scons_project import Project

LIBC = """
extern "C" {
    fn getrandom(x: u32) -> u32;
}

#[no_mangle]
pub extern "C" fn call(x: u32) -> u32 {
    unsafe { getrandom(x) }
}
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["arhc=m68k"], ["unknown variable arhc", "did you mean arch?", "mend:"]),
        (["gate=maybe"], ["gate=maybe", "auto, off, require"]),
        (["gate=requier"], ["did you mean require?"]),
        (["transpiler=llvm"], ["transpiler=llvm", "auto, mrustc"]),
        (["verbose=yes"], ["verbose=yes", "0, 1"]),
        (["arch=m86k"], ["m86k", "m68k"]),
        (["arch=m68k,nonesuch"], ["nonesuch"]),
        (["arch="], ["arch= is empty", "mend:"]),
        (["arch=,"], ["no architecture is named", "mend:"]),
        (["module="], ["module= is empty"]),
        (["module=/nonexistent/crate"], ["module=/nonexistent/crate", "no such file"]),
        (["module=site_scons"], ["site_scons", "Cargo.toml"]),
        (["kernel=/nonexistent/tree"], ["kernel=/nonexistent/tree", "no such file"]),
        (["rust_src=/nonexistent"], ["rust_src=/nonexistent"]),
        (["mrustc=./nonexistent"], ["mrustc=./nonexistent"]),
        (["nonesuch"], ["nonesuch"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_words_that_cannot_be_used(project: Project, words: list[str], told: list[str]) -> None:
    done = project.scons(*words)
    assert done.status != 0
    assert done.steps == []
    for text in told:
        assert text in done.output


def test_a_folder_that_is_no_kernel_tree(project: Project, tmp_path: Path) -> None:
    done = project.scons(f"kernel={tmp_path}")
    assert done.status != 0
    assert done.output.count("error:") == 1
    assert "not a configured and built kernel tree" in done.output
    assert "m68k: tiny: not built" in done.output


def other(project: Project, crate: Path) -> Project:
    """Return the same project, to build another crate with."""
    return dataclasses.replace(project, crate=crate)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("Cargo.toml", "[package\n", "Cargo.toml:1"),
        ("Cargo.toml", '[package]\nname = "tiny"\n', "Cargo.toml"),
        ("Cargo.toml", "\udcff", "Cargo.toml"),
        ("src/lib.rs", "mod nowhere;\n", "nowhere"),
        ("src/lib.rs", "/* without an end", "lib.rs"),
    ],
)
def test_a_crate_that_cannot_be_read(
    project: Project, tmp_path: Path, path: str, text: str, told: str
) -> None:
    crate = scons_project.freestanding(tmp_path / "crate")
    (crate / path).write_text(text, errors="surrogateescape")
    done = other(project, crate).scons()
    assert done.status != 0
    assert done.output.count("error:") == 1, done.output
    assert told in done.output


def test_a_syntax_error_is_told_as_the_compiler_tells_it(project: Project, tmp_path: Path) -> None:
    crate = scons_project.freestanding(tmp_path / "crate", lib="#![no_std]\npub fn f( {}\n")
    done = other(project, crate).scons()
    assert done.status != 0
    assert "src/lib.rs:2" in done.output
    assert "m68k: tiny: not built" in done.output
    assert "transpile" not in done.stages


@pytest.mark.parametrize("text", ["\x00", "[" * 5000, "architectures: &a [*a]", "common: 1", ""])
def test_a_hostile_toolchains_file(project: Project, tmp_path: Path, text: str) -> None:
    copied = scons_project.copy(tmp_path / "project", project.crate, project.env)
    (copied.root / "toolchains.yaml").write_text(text)
    for words in ([], ["-h"]):
        done = copied.scons(*words)
        assert done.status != 0
        assert done.output.count("error:") == 1, done.output
        assert "toolchains.yaml" in done.output


def test_an_error_finding_is_an_exit_status_and_stands_in_the_table(
    project: Project, tmp_path: Path
) -> None:
    crate = scons_project.freestanding(tmp_path / "crate", "bad", scons_project.LIB + LIBC)
    bad = other(project, crate)
    done = bad.scons()
    assert done.status != 0
    assert "report" in done.stages
    assert "getrandom" in done.output
    assert "bad.o" in done.output
    # And it stays so: nothing is built again, and the verdict is the same.
    again = bad.scons()
    assert again.status != 0
    assert again.stages == {"report"}
    assert "getrandom" in again.output


@pytest.mark.slow
def test_a_function_that_the_kernel_has_not(
    project: Project, tmp_path: Path, m68k_tree: KernelTree
) -> None:
    body = "let _ = unsafe { not_in_any_kernel(1) }; Ok(Self)"
    crate = scons_project.module(tmp_path / "crate", "unknown", body)
    done = other(project, crate).scons(f"kernel={m68k_tree.build}")
    assert done.status != 0
    assert "not_in_any_kernel" in done.output
    assert "m68k: unknown: not built" in done.output
    assert not list(project.build.rglob("unknown.ko"))


def test_what_was_not_built_is_said_and_the_rest_stands_in_the_table(
    project: Project, tmp_path: Path
) -> None:
    both = scons_project.copy(tmp_path / "project", project.crate, project.env)
    both.samples = True
    scons_project.freestanding(both.root / "samples/a_good", "good")
    scons_project.freestanding(both.root / "samples/b_bad", "bad", "#![no_std]\nfn f( {}\n")
    done = both.scons("-k", "-j1")
    assert done.status != 0
    assert "m68k: bad: not built" in done.output
    assert "good.o" in done.output
    assert "good: not built" not in done.output


def test_a_gcc_that_does_not_work(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "m68k-linux-gnu-gcc"
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    broken.chmod(0o755)
    path = f"{tmp_path}:{project.environment()['PATH']}"
    done = project.scons(env={"PATH": path})
    assert done.status != 0
    assert done.output.count("error:") == 1
    assert f"command: {broken}" in done.output


def test_a_python_without_our_packages(project: Project, tmp_path: Path) -> None:
    """The distribution's SCons would end in an ImportError."""
    packages = tmp_path / "packages"
    for name in ("elftools", "pydantic"):
        shutil.rmtree(packages, ignore_errors=True)
        packages.mkdir()
        (packages / "sitecustomize.py").write_text(
            "import importlib.util as util\nfind = util.find_spec\n"
            f"util.find_spec = lambda one, *rest: None if one == {name!r} else find(one, *rest)\n"
        )
        done = project.scons(env={"PYTHONPATH": str(packages)})
        assert done.status != 0
        assert f"the Python package {name} is missing" in done.output
        assert "./setup.sh" in done.output
