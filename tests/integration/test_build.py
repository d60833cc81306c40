# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline build`` for real: objects of six architectures, every kind of refusal."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.check.gate import CheckFailed
from pipeline.errors import UserError
from pipeline.stages import Options, build
from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.validate.finding import Severity

SAMPLES = Path(__file__).parents[2] / "samples"
ARCHS = ("alpha", "arc", "m68k", "openrisc", "parisc", "sh")
PANIC = "#[panic_handler] fn stop(_: &core::panic::PanicInfo) -> ! { loop {} }\n"

pytestmark = pytest.mark.usefixtures("mrustc", "rust_source")


def crate(folder: Path, source: str, manifest: str = "") -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "thing"\nversion = "0.1.0"\nedition = "2021"\n'
        f'[package.metadata.kernel-module]\nruntime = "none"\n{manifest}'
    )
    (folder / "src/lib.rs").write_text(f"#![no_std]\n{PANIC}{source}")
    return folder


def options(path: Path, arch: str, out: Path, **changes: str) -> Options:
    return Options(path, arch, out, kernel="none", **{"gate": "off", **changes})  # type: ignore[arg-type]


def quiet(_step: str) -> None:
    """Take a step's name and say nothing."""


@pytest.mark.parametrize("name", ARCHS)
def test_hello_is_a_sound_object(name: str, tmp_path: Path) -> None:
    arch = load()[name]
    if not installed(arch):
        pytest.skip(f"no GCC for {name} (Debian: {arch.package})")
    verdict = build(options(SAMPLES / "hello", name, tmp_path), quiet)
    assert verdict.count(Severity.ERROR) == 0
    assert "provenance.compiler" in verdict.passed
    toolchain = find(arch)
    symbols = subprocess.run(
        [toolchain.tool("nm"), "--extern-only", "--defined-only", tmp_path / "hello.o"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[2::3]
    assert sorted(symbols) == ["ferric_module_exit", "ferric_module_init"]
    header = subprocess.run(
        [toolchain.tool("readelf"), "-h", tmp_path / "hello.o"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "REL (Relocatable file)" in header
    assert f"{arch.elf.byte_order} endian" in header


def test_an_error_in_the_crate_names_its_file_and_line(tmp_path: Path) -> None:
    path = crate(tmp_path / "c", "pub fn f(a: u32) -> u32 {\n    let x = a + ;\n    x\n}\n")
    with pytest.raises(UserError) as caught:
        build(options(path, "m68k", tmp_path / "out"), quiet)
    file, _, line = caught.value.where.rpartition(":")
    assert Path(file) == path / "src/lib.rs"
    assert int(line) in {4, 5}, "mrustc may be one line late"


def test_the_gate_stops_what_mrustc_would_let_pass(tmp_path: Path, rustc: Path) -> None:
    source = (
        '#[no_mangle] pub extern "C" fn f() -> u32 {\n    let mut a = [1u32, 2];\n'
        "    let x = &mut a[0];\n    let y = &mut a;\n    y[0] = 5;\n    *x = 7;\n    y[0]\n}\n"
    )
    path = crate(tmp_path / "c", source)
    with pytest.raises(CheckFailed, match="E0499"):
        build(options(path, "m68k", tmp_path / "out", gate="require", rustc=str(rustc)), quiet)
    assert not list((tmp_path / "out").glob("*.c")), "nothing was transpiled"
    verdict = build(options(path, "m68k", tmp_path / "out"), quiet)
    assert [skip.reason for skip in verdict.skipped if skip.check == "check.borrows"]


def test_a_crate_without_panic_handler_is_told_so(tmp_path: Path) -> None:
    path = crate(tmp_path / "c", '#[no_mangle] pub extern "C" fn f() {}\n')
    text = (path / "src/lib.rs").read_text().replace(PANIC, "")
    (path / "src/lib.rs").write_text(text)
    with pytest.raises(UserError, match="panic_handler"):
        build(options(path, "m68k", tmp_path / "out"), quiet)


def test_a_crate_without_roots_is_told_so(tmp_path: Path) -> None:
    path = crate(tmp_path / "c", "pub fn f() {}\n")
    with pytest.raises(UserError, match="no_mangle"):
        build(options(path, "m68k", tmp_path / "out"), quiet)


def test_a_root_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = crate(tmp_path / "c", '#[no_mangle] pub extern "C" fn f() {}\n')
    chosen = Options(path, "m68k", tmp_path / "out", kernel="none", gate="off", roots=("g",))
    with pytest.raises(UserError, match="the root g"):
        build(chosen, quiet)


def test_division_of_64_bits_needs_no_libgcc(tmp_path: Path) -> None:
    path = crate(
        tmp_path / "c",
        '#[no_mangle] pub extern "C" fn f(a: u64, b: u64, c: u128) -> u64 {\n'
        "    a / b + a % b + (c / 10) as u64 + a.count_ones() as u64\n}\n",
    )
    verdict = build(options(path, "m68k", tmp_path / "out"), quiet)
    toolchain = find(load()["m68k"])
    undefined = subprocess.run(
        [toolchain.tool("nm"), "--undefined-only", tmp_path / "out/thing.o"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1::2]
    assert set(undefined) <= {"memcpy", "memmove", "memset", "memcmp"}
    assert verdict.count(Severity.WARNING) == 0


def test_floating_point_on_alpha_is_refused(tmp_path: Path) -> None:
    if not installed(load()["alpha"]):
        pytest.skip("no GCC for alpha (Debian: gcc-alpha-linux-gnu)")
    source = '#[no_mangle] pub extern "C" fn f(a: u32) -> u32 { half(a as f64) as u32 }\n'
    source += "#[inline(never)] pub fn half(a: f64) -> f64 { a / 2.0 }\n"
    path = crate(tmp_path / "c", source)
    with pytest.raises(UserError, match="floating point"):
        build(options(path, "alpha", tmp_path / "out"), quiet)
