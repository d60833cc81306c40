# SPDX-License-Identifier: GPL-2.0-only
"""The self-test on each architecture gives the log that a native rustc build of it gives."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from pipeline.programs.emulated import emulator, link_emulated
from pipeline.target import Target, resolve
from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.transpile.choice import Transpiler

REPOSITORY = Path(__file__).parents[2]
CORE = REPOSITORY / "samples/selftest/core"
NATIVE = Path(__file__).parent / "selftest/native.rs"
ARCHITECTURES = ("m68k", "alpha", "parisc", "sh", "openrisc", "x86_64")

TOOLCHAINS = load()

RESULT = re.compile(r"(not ok|ok) (\d+) (\w+) (?:[0-9a-f]{16}|# SKIP (.+))")
SKIPS = {"no compare-and-swap"}
"""The reasons for which an architecture may skip a test that the reference has."""


def succeed(argv: Sequence[str | Path], *, timeout: float = 300) -> str:
    words = [str(word) for word in argv]
    result = subprocess.run(
        words, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert result.returncode == 0, f"{words}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return result.stdout


def results(log: str) -> dict[str, str]:
    """Return each test's line by the test's name."""
    found = {}
    for line in log.splitlines():
        if match := RESULT.fullmatch(line):
            found[match[3]] = line
    return found


@pytest.fixture(scope="module")
def native_log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The log of a build by rustc that checks for overflow, run here."""
    rustc = shutil.which("rustc")
    if rustc is None:
        pytest.skip("rustc is not installed")
    out = tmp_path_factory.mktemp("native")
    options: list[str | Path] = [
        rustc,
        "--edition=2021",
        "-Copt-level=1",
        "-Cdebug-assertions=on",
        "--out-dir",
        out,
    ]
    library: list[str | Path] = [
        *options,
        "--crate-name=selftest_core",
        "--crate-type=rlib",
        CORE / "src/lib.rs",
    ]
    succeed(library)
    extern = f"selftest_core={out}/libselftest_core.rlib"
    succeed([*options, "--crate-name=native", "--extern", extern, NATIVE])
    return succeed([out / "native"])


@pytest.fixture(params=["mrustc", "rustc"])
def transpiler(request: pytest.FixtureRequest) -> Transpiler:
    """Who turns the self-test into C; skipped where that compiler is not usable here."""
    name: Transpiler = request.param
    if name == "mrustc":
        request.getfixturevalue("rust_source")
    if name == "rustc":
        try:
            library = find_rustc(None).library
        except UserError as error:
            pytest.skip(error.what)
        if library is None:
            pytest.skip("no rustc has its library's source")
    return name


@pytest.fixture(params=ARCHITECTURES)
def target(request: pytest.FixtureRequest, transpiler: Transpiler) -> Target:
    """An architecture whose GCC is here, and QEMU's emulation of it or the machine itself."""
    arch = TOOLCHAINS.get(request.param)
    if not installed(arch):
        pytest.skip(f"no GCC for {arch.name} is installed")
    found = resolve(arch.name, "none", transpiler)
    try:
        emulator(found)
    except UserError as error:
        pytest.skip(error.what)
    return found


def build_object(target: Target, out: Path) -> Path:
    """Build the core of the self-test as one object whose only root is `run`."""
    build: list[str | Path] = [
        sys.executable,
        "-m",
        "pipeline",
        "build",
        CORE,
        "--arch",
        target.arch.name,
        "--transpiler",
        target.transpiler,
    ]
    succeed([*build, "--kernel", "none", "--root", "run", "--out", out], timeout=900)
    return out / "selftest_core.o"


def test_native_build_passes(native_log: str) -> None:
    lines = results(native_log)
    assert len(lines) >= 40
    assert all(line.startswith("ok ") and "SKIP" not in line for line in lines.values())
    assert native_log.splitlines()[:2] == ["KTAP version 1", f"1..{len(lines)}"]


def test_log_is_the_native_one(target: Target, native_log: str, tmp_path: Path) -> None:
    program = link_emulated(target, build_object(target, tmp_path / "out"), tmp_path / "selftest")
    log = succeed([*emulator(target), program], timeout=120)
    expected, actual = results(native_log), results(log)
    skipped = {name for name, line in actual.items() if "# SKIP" in line}
    assert {line.split("# SKIP ")[1] for line in map(actual.get, skipped) if line} <= SKIPS
    assert {name: line for name, line in actual.items() if name not in skipped} == {
        name: line for name, line in expected.items() if name not in skipped
    }
    if not skipped:
        assert log == native_log
