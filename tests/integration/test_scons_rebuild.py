# SPDX-License-Identifier: GPL-2.0-only
"""What SCons builds again, and what not; that what it builds is always the same bytes."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration import scons_project

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from tests.integration.scons_project import Project

RUST = {"check", "transpile"}
EVERYTHING_OF_THE_CRATE = {"check", "transpile", "compile", "link", "validate"}


@pytest.fixture
def settled(project: Project) -> Project:
    """Return the project after a run that left nothing to do."""
    done = project.scons()
    assert done.status == 0, done.output
    return project


def touch(path: Path, old: str, new: str) -> None:
    """Change a file's content; the name of the change makes each one new."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_second_run_does_nothing(settled: Project) -> None:
    before = settled.made("")
    done = settled.scons()
    assert (done.status, done.steps) == (0, []), done.output
    assert "up to date" in done.output
    assert settled.made("") == before
    assert settled.scons("-q").status == 0


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("src/inner/deep.rs", " 3", " 30 + 3"),
        ("src/note.txt", "hello", "hello, all"),
        ("Cargo.toml", '"0.1.0"', '"0.1.1"'),
    ],
    ids=["nested-mod", "include_str", "Cargo.toml"],
)
def test_a_file_of_the_crate(settled: Project, path: str, old: str, new: str) -> None:
    before = settled.made(".o")
    touch(settled.crate / path, old, new)
    done = settled.scons()
    assert done.status == 0, done.output
    assert RUST | {"link", "validate"} <= done.stages <= EVERYTHING_OF_THE_CRATE | {"report"}
    assert done.stages.isdisjoint({"target", "commands"})
    # What the crate says of itself reaches its code only where the code asks for it.
    same = path == "Cargo.toml"
    assert ("compile" in done.stages) != same
    assert (settled.made(".o") == before) == same
    assert settled.scons("-q").status == 0


@pytest.mark.parametrize(
    ("path", "comment", "stages"),
    [
        ("toolchains.yaml", "# touched", {"target", "check", "validate"}),
        ("pipeline/validate/judge.py", "# touched", {"validate"}),
        ("pipeline/report/summary.py", "# touched", {"report"}),
        ("pipeline/transpile/crates.py", "# touched", {"transpile"}),
        ("pipeline/check/gate.py", "# touched", {"check"}),
        ("pipeline/link/module.py", "# touched", {"link", "validate"}),
        ("pipeline/doctor/show.py", "# touched", set()),
    ],
)
def test_a_source_of_ours(settled: Project, path: str, comment: str, stages: set[str]) -> None:
    """A comment changes no result, so nothing after the stages that have the file runs."""
    before = settled.made(".o", "findings.json")
    file = settled.root / path
    file.write_text(f"{file.read_text()}{comment}\n")
    done = settled.scons()
    assert (done.status, done.stages) == (0, stages), done.output
    assert settled.made(".o", "findings.json") == before
    assert settled.scons("-q").status == 0


@pytest.mark.slow
def test_a_header_of_the_runtime(settled: Project) -> None:
    """The library is compiled again, too: it includes the header."""
    header = settled.root / "pipeline/runtime/include/math.h"
    header.write_text(header.read_text() + "/* touched */\n")
    done = settled.scons()
    assert (done.status, done.stages) == (0, {"compile", "link"}), done.output


@pytest.mark.slow
def test_another_gcc_of_the_same_version(settled: Project, tmp_path: Path) -> None:
    real = shutil.which("m68k-linux-gnu-gcc")
    wrapper(tmp_path / "m68k-linux-gnu-gcc", f'exec {real} "$@"')
    env = {"PATH": f"{tmp_path}:{settled.environment()['PATH']}"}
    done = settled.scons(env=env)
    assert done.status == 0, done.output
    assert done.stages == {"target", "compile", "link", "validate", "commands"}
    assert settled.scons("-q", env=env).status == 0
    # The same place, another program: only its content tells.
    wrapper(tmp_path / "m68k-linux-gnu-gcc", f'# again\nexec {real} "$@"')
    assert settled.scons("-q", env=env).status == 1


def test_another_mrustc(settled: Project, tmp_path: Path) -> None:
    """Shown only: with another mrustc the library is made again, which takes a minute."""
    wrapper(tmp_path / "mrustc", f'exec {shutil.which("mrustc")} "$@"')
    env = {"PATH": f"{tmp_path}:{settled.environment()['PATH']}"}
    done = settled.scons("-n", env=env)
    assert done.status == 0, done.output
    assert "transpile" in done.stages
    assert done.stages.isdisjoint({"target", "check", "commands"})


def wrapper(path: Path, text: str) -> None:
    """Write a program that stands in for another."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_the_librarys_c_is_gone_from_the_cache(settled: Project) -> None:
    """The user may delete the cache: the C that an earlier run named is made again."""
    units = settled.build / "tiny/units.json"
    text = units.read_text()
    document = json.loads(text)
    document["library"][0]["c_file"] = "/nonexistent/core.c"
    units.write_text(json.dumps(document))
    done = settled.scons()
    assert (done.status, done.stages) == (0, {"transpile"}), done.output
    assert units.read_text() == text


def test_clean_removes_everything(settled: Project) -> None:
    (settled.build / ".ferric-killed").mkdir()
    (settled.build / "tiny/.ferric-killed").mkdir()
    assert settled.made(".log")
    done = settled.scons("-c")
    assert done.status == 0, done.output
    assert [path.name for path in settled.build.glob("*")] == []
    samples = dataclasses.replace(settled, samples=True)
    shutil.copytree(settled.crate, settled.root / "samples/tiny")
    assert samples.scons().status == 0
    assert (settled.build / "tiny/tiny.o").is_file()
    assert samples.scons("-c").status == 0
    assert not settled.build.exists()
    shutil.rmtree(settled.root / "samples")


def test_compile_commands(settled: Project, tmp_path: Path) -> None:
    entries = json.loads((settled.build / "compile_commands.json").read_text())
    named = {f"{entry['directory']}/{entry['file']}" for entry in entries}
    assert named == {str(path) for path in settled.build.rglob("*.c")}
    for entry in entries:
        folder, file = entry["directory"], entry["file"]
        output = tmp_path / entry["output"]
        arguments = [
            str(output) if word == entry["output"] else word for word in entry["arguments"]
        ]
        subprocess.run(arguments, cwd=folder, check=True)
        assert output.read_bytes() == (settled.build / f"tiny/{file}.o").read_bytes()


def test_two_checkouts_and_any_number_of_jobs_give_the_same_bytes(
    settled: Project, tmp_path: Path
) -> None:
    crate = tmp_path / "elsewhere"
    shutil.copytree(settled.crate, crate)
    other = scons_project.copy(tmp_path / "p", crate, settled.env, settled.root)
    done = other.scons("-j8")
    assert done.status == 0, done.output
    ours = settled.made(".o", ".c")
    assert len(ours) == 5
    assert other.made(".o", ".c") == ours
    shutil.rmtree(other.root / "build")
    assert other.scons("-j1").status == 0
    assert other.made(".o", ".c") == ours


@pytest.mark.slow
def test_two_checkouts_give_the_same_module(
    tmp_path: Path, scons_env: dict[str, str], m68k_tree: KernelTree
) -> None:
    modules = []
    source = scons_project.ROOT
    for folder, jobs in ((tmp_path / "a b", "-j8"), (tmp_path / "c/d", "-j1")):
        crate = scons_project.module(folder / "crate")
        project = scons_project.copy(folder / "project", crate, scons_env, source)
        source = project.root
        done = project.scons(f"kernel={m68k_tree.build}", jobs)
        assert done.status == 0, done.output
        modules.append(project.made(".ko", ".o", ".c"))
        assert "tiny/tiny.ko" in modules[-1]
    assert modules[0] == modules[1]
