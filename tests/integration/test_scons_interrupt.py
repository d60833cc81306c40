# SPDX-License-Identifier: GPL-2.0-only
"""A build that was killed at any point is followed by one that gives the bytes of any other."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.scons_project import Project

STAGES = ("target", "check", "transpile", "compile", "link", "validate")


def interrupted(project: Project, stage: str, delay: float, number: signal.Signals) -> str:
    """Run SCons, send its process group a signal some seconds into a stage; return its output."""
    with subprocess.Popen(
        project.words("-j2"),
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if line.split()[-1:] == [stage]:
                time.sleep(delay)
                os.killpg(process.pid, number)
                break
        output += process.stdout.read()
    return output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_then_built(project: Project, number: signal.Signals, seed: int) -> None:
    # What another test had made beside is not made by this command.
    shutil.rmtree(project.root / "build", ignore_errors=True)
    done = project.scons()
    assert done.status == 0, done.output
    whole = project.made(".o", ".c")
    shutil.rmtree(project.root / "build")
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - the same points in each run
    stage = chance.choice(STAGES)
    output = interrupted(project, stage, chance.uniform(0, 1), number)
    assert "Traceback" not in output, output
    done = project.scons()
    assert done.status == 0, done.output
    assert project.made(".o", ".c") == whole
    assert project.scons("-q").status == 0
    assert project.scons("-c").status == 0
    assert list(project.build.glob("*")) == []
