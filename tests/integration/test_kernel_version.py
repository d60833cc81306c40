# SPDX-License-Identifier: GPL-2.0-only
"""``kernel_version=`` and ``--kernel-version`` reach the kernel's source; wrong ones say why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.kernel.auto import find_archive

if TYPE_CHECKING:
    from tests.integration.scons_project import Project

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def newest() -> str:
    """Return the version of the newest kernel source here, as ``kernel_version=`` takes it."""
    try:
        return find_archive().name.removeprefix("linux-source-").partition(".tar")[0]
    except UserError as error:
        pytest.skip(error.what)


def test_scons_says_which_sources_there_are(project: Project, newest: str) -> None:
    done = project.scons("kernel=auto", "kernel_version=99.9")
    assert done.status != 0
    assert "no kernel source 99.9" in done.output
    assert newest in done.output
    assert "Traceback" not in done.output
    assert project.scons("kernel=none", f"kernel_version={newest}").status != 0
    assert "does not go with kernel=none" in project.scons(f"kernel_version={newest}").output


@pytest.mark.parametrize("verb", ["build", "target"])
def test_the_verbs_take_it(verb: str, newest: str, tmp_path: Path) -> None:
    words = {"build": ["samples/hello", "--out", str(tmp_path)], "target": []}[verb]
    argv = [sys.executable, "-m", "pipeline", verb, *words, "--arch", "m68k"]
    for version, kernel, said in (
        ("99.9", "auto", "no kernel source 99.9"),
        (newest, "none", "does not go with kernel=none"),
    ):
        done = subprocess.run(
            [*argv, "--kernel", kernel, "--kernel-version", version],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
