# SPDX-License-Identifier: GPL-2.0-only
"""What SCons shows: short lines, commands that can be pasted, a count and colour on terminals."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from tests.integration.scons_project import Project


def on_terminal(project: Project, *words: str, env: dict[str, str] | None = None) -> str:
    """Run SCons on a terminal of its own and return what it wrote there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        project.words(*words),
        cwd=project.root,
        env=project.environment(**(env or {})),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        output = b""
        while chunk := _read(ours):
            output += chunk
    os.close(ours)
    assert process.returncode == 0, output.decode()
    return output.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux gives EIO where the other side is closed
        return b""


def test_lines_without_a_terminal(project: Project) -> None:
    shutil.rmtree(project.root / "build")
    done = project.scons()
    assert done.status == 0
    chosen, *lines = done.output.splitlines()
    assert "transpiler: mrustc, because" in chosen
    assert lines[0].split() == ["m68k", "-", "target"]
    assert all(len(line) < 60 for line in lines[: len(done.steps)])
    assert "\x1b" not in done.output
    assert not re.search(r"\[ *\d+/\d+\]", done.output)
    assert "scons:" not in done.output
    assert "tiny.o" in done.output
    # A skip has a reason and shows.
    assert re.search(r"^skipped \S+: .+ \(m68k tiny\.o\)$", done.output, re.MULTILINE)


def test_count_and_colour_on_a_terminal(project: Project) -> None:
    shutil.rmtree(project.root / "build")
    output = on_terminal(project)
    counts = re.findall(r"^\[ *(\d+)/(\d+)\] m68k", output, re.MULTILINE)
    assert len(counts) == 8
    assert {total for _, total in counts} == {"8"}
    assert sorted(int(number) for number, _ in counts) == list(range(1, 9))
    assert "\x1b[" in output
    assert "\x1b[" not in on_terminal(project, env={"NO_COLOR": "1"})


def test_verbose_commands_can_be_pasted(project: Project, tmp_path: Path) -> None:
    shutil.rmtree(project.root / "build")
    done = project.scons("verbose=1")
    assert done.status == 0, done.output
    commands = [line for line in done.output.splitlines() if " -m pipeline " in line]
    assert len(commands) == len(done.steps) == 8
    gcc = [line for line in done.output.splitlines() if "m68k-linux-gnu-gcc" in line]
    assert any("tiny.c" in line for line in gcc)
    before = project.made(".o", ".c", ".json")
    shutil.rmtree(project.root / "build")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **project.env}
    for command in commands:
        subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, check=True)
    assert project.made(".o", ".c", ".json") == before


def test_help_names_each_variable_and_each_architecture(project: Project) -> None:
    done = project.scons("-h")
    assert done.status == 0
    for name in (
        "arch",
        "module",
        "transpiler",
        "mrustc",
        "rust_src",
        "rustc",
        "kernel",
        "kernel_version",
        "gate",
    ):
        assert re.search(rf"^  {name} +\S", done.output, re.MULTILINE)
    for name in load().names():
        assert re.search(rf"^  {name}\b", done.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("alias", "name"), [("hppa", "parisc"), ("sh4", "sh"), ("or1k", "openrisc")]
)
def test_aliases(project: Project, alias: str, name: str) -> None:
    if not installed(load()[name]):
        pytest.skip(f"no GCC for {name}")
    done = project.scons("-n", f"arch={alias},m68k")
    assert done.status == 0, done.output
    assert {arch for arch, _, _ in done.steps} >= {name}
    assert f"build/{alias}" not in done.output


@pytest.mark.slow
def test_two_architectures(project: Project) -> None:
    if not installed(load()["alpha"]):
        pytest.skip("no GCC for alpha")
    done = project.scons("arch=m68k,alpha")
    assert done.status == 0, done.output
    for arch in ("m68k", "alpha"):
        assert (project.root / "build" / arch / "tiny/tiny.o").is_file()
    assert len(re.findall(r"tiny\.o +│", done.output)) == 2
    assert project.scons("-q", "arch=alpha").status == 0
    assert project.scons("-c", "arch=alpha").status == 0
    assert (project.build / "tiny/tiny.o").is_file()


@pytest.fixture
def few_tools(tmp_path: Path) -> str:
    """Return a PATH with all that is needed for m68k, and no other cross GCC."""
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        for tool in folder.glob("*") if folder.is_dir() else ():
            link = tmp_path / tool.name
            foreign = tool.name.endswith("-gcc") and not tool.name.startswith("m68k-")
            if not foreign and not link.is_symlink():
                link.symlink_to(tool)
    return str(tmp_path)


def test_all_leaves_out_what_has_no_gcc_and_says_why(project: Project, few_tools: str) -> None:
    done = project.scons("arch=all", env={"PATH": few_tools})
    assert done.status == 0, done.output
    assert {arch for arch, _, _ in done.steps} <= {"m68k"}
    assert "gcc-alpha-linux-gnu" in done.output
    skipped = set(re.findall(r"^(\w+): skipped: ", done.output, re.MULTILINE))
    assert skipped == {arch.name for arch in load().gcc_only()} - {"m68k"}
    assert project.scons("arch=alpha", env={"PATH": few_tools}).status != 0


def test_doctor(project: Project) -> None:
    done = project.scons("doctor")
    assert "m68k-linux-gnu-gcc" in done.output
    assert done.steps == []


def test_a_comparison_is_told_who_turned_rust_into_c(project: Project) -> None:
    done = project.scons("-n", "verbose=1", "transpiler=rustc", "compare")
    (said,) = [line for line in done.output.splitlines() if "pipeline compare" in line]
    assert "--transpiler rustc" in said
