# SPDX-License-Identifier: GPL-2.0-only
"""setup.sh makes a real .venv in a copy of the project; what it would install is only written down.

apt-get, dpkg and sudo are fake ones in front of PATH: a test changes nothing outside its folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PARTS = ("setup.sh", "requirements.lock", "requirements-tests.lock", "toolchains.yaml", "pipeline")
SECONDS = 300
NO_NETWORK = ("NewConnectionError", "ConnectTimeoutError", "ProxyError", "Could not find a version")
OFFLINE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_FIND_LINKS": "",
    "PIP_NO_CACHE_DIR": "1",
}


class Copy:
    """A copy of the project in a folder with a space in its name, and the fake package tools."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "a copy"
        self.tools = base / "bin"
        self.calls = base / "calls"
        self.installed = base / "installed"
        self.folder.mkdir()
        self.tools.mkdir()
        self.calls.touch()
        self.installed.touch()
        for part in PARTS:
            source = PROJECT / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, self.folder / part, ignore=ignored)
            else:
                shutil.copy(source, self.folder)
        self.tool("sudo", 'exec "$@"')
        self.tool("dpkg", f'echo "dpkg $*" >>"{self.calls}"')
        self.tool("dpkg-query", f'cat "{self.installed}"')
        self.tool(
            "apt-get",
            f'echo "apt-get $*" >>"{self.calls}"\n'
            '[ "$1" = install ] || exit 0\n'
            f'for name; do echo "$name installed" >>"{self.installed}"; done',
        )

    def tool(self, name: str, body: str) -> None:
        script = self.tools / name
        script.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        script.chmod(0o755)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        path = f"{self.tools}:{os.environ['PATH']}"
        # Where the tests run in the background SIGINT is ignored, and bash cannot trap it then.
        return subprocess.Popen(
            ["env", "--default-signal=INT", "/bin/bash", self.folder / "setup.sh", *words],
            env={**os.environ, "PATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        with self.start(*words, **environment) as process:
            try:
                output, _ = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return process.returncode, output

    @property
    def stamp(self) -> Path:
        return self.folder / ".venv" / ".ferric-stamp"


def test_interrupted_then_made_then_left_alone(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    with copy.start("m68k") as process:
        deadline = time.monotonic() + SECONDS
        while not (copy.folder / ".venv/bin/pip").exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert "interrupted" in output
    assert not copy.stamp.exists()

    leftover = copy.folder / ".venv" / "leftover"
    leftover.touch()
    status, output = copy.run("m68k")
    if status != 0 and any(word in output for word in NO_NETWORK):
        pytest.skip("the Python packages cannot be fetched: no network")
    assert status == 0, output
    assert not leftover.exists()
    assert "scons arch=m68k" in output
    scons = str(copy.folder / ".venv/bin/scons")
    said = subprocess.run([scons, "--version"], check=True, capture_output=True, text=True).stdout
    assert "SCons" in said
    calls = copy.calls.read_text(encoding="utf-8")
    assert "gcc-m68k-linux-gnu" in calls
    assert "qemu-user" not in calls

    made = copy.stamp.stat().st_mtime_ns
    copy.calls.write_text("", encoding="utf-8")
    start = time.monotonic()
    status, output = copy.run("m68k", **OFFLINE)
    assert status == 0, output
    # Half a second where nothing else runs; the machine may be busy here.
    assert time.monotonic() - start < 5
    assert copy.stamp.stat().st_mtime_ns == made
    assert copy.calls.read_text(encoding="utf-8") == ""

    status, output = copy.run("m86k")
    assert status == 1
    assert "did you mean m68k" in output


def test_offline_machine_gets_a_clear_error(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    status, output = copy.run("m68k", **OFFLINE)
    assert status == 1
    assert "requirements.lock could not be installed" in output
    assert "network" in output
    assert "Traceback" not in output
    assert not copy.stamp.exists()
    assert copy.calls.read_text(encoding="utf-8") == ""
