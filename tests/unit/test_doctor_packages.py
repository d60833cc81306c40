# SPDX-License-Identifier: GPL-2.0-only
"""Which packages are wanted for which architectures, on which distribution."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.check.rustc import RustcInfo
from pipeline.doctor import packages as module
from pipeline.doctor.packages import packages, select
from pipeline.toolchains.load import load

TOOLCHAINS = load()
DEBIAN_12 = {"ID": "debian", "VERSION_ID": "12"}
DEBIAN_13 = {"ID": "debian", "VERSION_ID": "13"}
M68K, CSKY, PARISC64 = (TOOLCHAINS.get(name) for name in ("m68k", "csky", "parisc64"))


@pytest.fixture(autouse=True)
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "has_config", lambda arch: arch.name == "m68k")
    monkeypatch.setattr(module, "find_rustc", lambda _: rustc_in("/usr", Path("library")))


def rustc_in(sysroot: str, library: Path | None) -> RustcInfo:
    return RustcInfo(Path("rustc"), (1, 96, 0), "rustc 1.96.0", "none", Path(sysroot), library)


@pytest.mark.parametrize(
    ("release", "rust", "kernel"),
    [
        (DEBIAN_12, ["rustc-web", "rust-web-src"], "linux-source-6.1"),
        (DEBIAN_13, ["rustc", "rust-src"], "linux-source"),
        ({"ID": "other", "VERSION_ID": "12"}, ["rustc", "rust-src"], "linux-source"),
        ({}, ["rustc", "rust-src"], "linux-source"),
    ],
)
def test_names_follow_the_distribution(
    release: dict[str, str], rust: list[str], kernel: str
) -> None:
    wanted = packages([M68K], tests=False, release=release)
    assert wanted[:3] == [*rust, "gcc-m68k-linux-gnu"]
    assert [name for name in wanted if name.startswith("linux-")] == [kernel]
    assert {"make", "flex", "bison", "bc", "gcc"} < set(wanted)


def test_a_rustc_that_no_package_brought_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rust = {"rustc-web", "rust-web-src"}
    for sysroot, library, wanted in (
        ("/usr", Path("library"), rust),
        ("/home/me/.rustup/toolchains/stable", Path("library"), set()),
        ("/home/me/.rustup/toolchains/stable", None, rust),
    ):
        info = rustc_in(sysroot, library)
        monkeypatch.setattr(module, "find_rustc", lambda _, info=info: info)
        assert rust & set(packages([], tests=False, release=DEBIAN_12)) == wanted


def test_kernel_tools_only_where_a_kernel_is_built() -> None:
    wanted = packages([PARISC64], tests=False, release=DEBIAN_12)
    assert wanted == ["rustc-web", "rust-web-src", "gcc-hppa64-linux-gnu"]


def test_no_package_is_named_twice_and_null_is_none() -> None:
    wanted = packages([M68K, CSKY, M68K], tests=True, release=DEBIAN_12)
    assert len(wanted) == len(set(wanted))
    assert {"qemu-user", "qemu-system-misc", "cpio"} < set(wanted)
    assert wanted.count("gcc-m68k-linux-gnu") == 1


def test_tests_alone_take_every_packaged_gcc_only_architecture() -> None:
    names = [arch.name for arch in select([], tests=True)]
    assert {"m68k", "alpha", "arc", "parisc", "sh", "openrisc"} <= set(names)
    assert not {"csky", "microblaze", "nios2", "xtensa", "x86_64"} & set(names)
    assert select([], tests=False) == []
    assert [arch.name for arch in select(["hppa"], tests=True)] == ["parisc"]


def test_printed_one_a_line_with_advice_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["or1k", "csky"]) == 0
    out, err = capsys.readouterr()
    assert "gcc-or1k-elf" in out.splitlines()
    assert all(" " not in line for line in out.splitlines())
    assert err.startswith("csky: ")


def test_unknown_architecture_prints_no_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["m86k"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "did you mean m68k" in err


def test_a_faulty_compiler_of_debian_12_brings_what_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mending = ["gcc-12-plugin-dev-sh4-linux-gnu", "g++"]
    sh = TOOLCHAINS.get("sh")
    assert not set(mending) & set(packages([sh], tests=False, release=DEBIAN_12)), "no kernel"
    monkeypatch.setattr(module, "has_config", lambda _: True)
    assert packages([sh], tests=False, release=DEBIAN_12)[-2:] == mending
    assert not set(mending) & set(packages([sh], tests=False, release=DEBIAN_13))
    assert not set(mending) & set(packages([M68K], tests=False, release=DEBIAN_12))
