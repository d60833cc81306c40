# SPDX-License-Identifier: GPL-2.0-only
"""setup.sh where it installs nothing, and the lock files that it installs from."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipeline.doctor.model import older

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-tests.lock")
PIN = re.compile(r"^([a-z0-9-]+)==([\w.]+) \\$", re.MULTILINE)
HERE = Path(sys.executable).parent


def setup(
    *words: str, script: Path = PROJECT / "setup.sh", path: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path or f"{HERE}:{os.environ['PATH']}"}
    return subprocess.run(
        ["/bin/bash", script, *words],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("word", ["m68k", "m68000"])
def test_print_names_the_compiler(word: str) -> None:
    result = setup("--print", word)
    assert result.returncode == 0, result.stderr
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "gcc-m68k-linux-gnu" in lines
    assert "qemu-user" not in lines


def test_print_with_tests_has_the_emulators_and_every_packaged_compiler() -> None:
    result = setup("--tests", "--print")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert {"qemu-user", "qemu-system-misc", "cpio", "gcc-or1k-elf", "gcc-arc-linux-gnu"} <= {
        *lines
    }
    assert result.stderr == ""


def test_print_gives_advice_where_no_package_has_the_compiler() -> None:
    result = setup("--print", "nios2")
    assert result.returncode == 0
    assert "gcc-12-source" in result.stderr


def test_unknown_architecture_is_named_with_the_nearest() -> None:
    result = setup("--print", "m86k")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "did you mean m68k" in result.stderr
    assert "Traceback" not in result.stderr


def test_unknown_option_is_an_error_and_help_is_none() -> None:
    refused = setup("--prnt", "m68k")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--prnt" in refused.stderr
    helped = setup("--help")
    assert helped.returncode == 0
    assert "[ARCH…] [--tests] [--print]" in helped.stdout


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the script in a folder without .venv, and a PATH with the shell's tools alone."""
    folder, tools = tmp_path / "a copy", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    for name in ("bash", "dirname", "rm", "mktemp", "cat", "sha256sum", "id"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    script = Path(shutil.copy(PROJECT / "setup.sh", folder))
    return script, tools


def fake_python(tools: Path, *, version: tuple[int, int], venv: bool) -> None:
    """Put a python3 on PATH that answers what setup.sh asks of it."""
    script = tools / "python3"
    script.write_text(
        "#!/bin/sh\n"
        'case "$2" in\n'
        f"  *version_info*) exec '{sys.executable}' -c "
        f'"import sys; sys.version_info = {version}; $2";;\n'
        f"  *ensurepip*) exit {0 if venv else 1};;\n"
        "esac\n"
        "exit 1\n",
        encoding="utf-8",
    )
    script.chmod(0o755)


@pytest.mark.parametrize("words", [["m68k"], ["--print", "m68k"]])
def test_no_python_is_a_clear_error(bare: tuple[Path, Path], words: list[str]) -> None:
    script, tools = bare
    result = setup(*words, script=script, path=str(tools))
    assert result.returncode == 1
    assert "no Python 3.11 or later" in result.stderr
    assert "python3-venv" in result.stderr
    assert not (script.parent / ".venv").exists()


def test_old_python_is_a_clear_error(bare: tuple[Path, Path]) -> None:
    script, tools = bare
    fake_python(tools, version=(3, 10), venv=True)
    result = setup("m68k", script=script, path=str(tools))
    assert result.returncode == 1
    assert "no Python 3.11 or later" in result.stderr


def test_python_without_venv_is_a_clear_error(bare: tuple[Path, Path]) -> None:
    script, tools = bare
    fake_python(tools, version=(3, 11), venv=False)
    result = setup("m68k", script=script, path=str(tools))
    assert result.returncode == 1
    assert "no venv module" in result.stderr
    assert "install python3-venv" in result.stderr


def test_shellcheck_finds_nothing() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    result = subprocess.run(
        [shellcheck, PROJECT / "setup.sh"], capture_output=True, text=True, check=False
    )
    assert result.stdout == ""


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((PROJECT / lock).read_text(encoding="utf-8")))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_what_pyproject_asks_for(lock: str) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    if "tests" in lock:
        wanted += project["optional-dependencies"]["tests"]
    locked = pins(lock)
    for requirement in wanted:
        name, _, least = requirement.partition(">=")
        version = locked[name.lower().replace(".", "-").replace("_", "-")]
        assert not least or not older(version, least), requirement


def test_the_tests_lock_is_the_other_and_more() -> None:
    alone, with_tests = map(pins, LOCKS)
    assert alone.items() < with_tests.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_public_hashes_and_names_no_host(lock: str) -> None:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    for entry in re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]:
        # A wheel and a source archive at least: a private index would have one of them.
        assert entry.count("--hash=sha256:") >= 2, entry.splitlines()[0]
