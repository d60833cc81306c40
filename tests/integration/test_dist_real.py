# SPDX-License-Identifier: GPL-2.0-only
"""A packed crate is built with a kernel tree and GCC alone, and is the module that Ferric makes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

from pipeline.cli import main
from pipeline.validate.elf import Object
from tests.integration.test_boot_m68k import assert_each_step_went_well, boot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain

PROJECT = Path(__file__).resolve().parents[2]
HELLO = PROJECT / "samples/hello"
# What Kbuild's rules and its own programs call; neither Rust nor Python is among them.
TOOLS = (
    "make sh cat cp rm mv mkdir ln touch find xargs grep sed awk sort uniq head tail tr cut wc cmp "
    "diff echo printf test expr true false uname date dirname basename readlink realpath env gcc ld"
).split()
SHN_UNDEF = STB_LOCAL = 0
FACTS = (".text", ".rodata", ".data", ".bss", ".modinfo", "__param", ".gnu.linkonce.this_module")


@dataclass(frozen=True)
class Packed:
    """A sample that Ferric built and packed: its own module, and the tarball."""

    transpiler: str
    module: Path
    archive: Path
    tree: KernelTree


@pytest.fixture(scope="module", params=["rustc", "mrustc"])
def packed(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    m68k_tree: KernelTree,
) -> Packed:
    """Return `hello` by each transpiler; one that is not here is skipped with the reason."""
    request.getfixturevalue("rust_source" if request.param == "mrustc" else "rustc")
    out = tmp_path_factory.mktemp(request.param)
    words = ["dist", str(HELLO), "--arch", "m68k", "--kernel", str(m68k_tree.build)]
    words += ["--transpiler", request.param, "--gate", "off", "--out", str(out)]
    # In a process of its own: its peak of memory is none of this one's.
    subprocess.run([sys.executable, "-m", "pipeline", *words], cwd=PROJECT, check=True)
    return Packed(request.param, out / "hello.ko", out / "hello-0.1.0-m68k.tar.xz", m68k_tree)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, toolchain_of: Callable[[str], Toolchain]) -> str:
    """Return a PATH that has what a build of C needs, and nothing of Rust."""
    folder = tmp_path_factory.mktemp("bin")
    toolchain = toolchain_of("m68k")
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    for path in Path(toolchain.prefix).parent.glob(f"{Path(toolchain.prefix).name}*"):
        (folder / path.name).symlink_to(path)
    for name in ("rustc", "cargo", "mrustc", "python", "python3", "perl"):
        assert shutil.which(name, path=str(folder)) is None
    return str(folder)


def made(folder: Path, path: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder with nothing but PATH in the environment."""
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env={"PATH": path, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack a tarball in an empty folder; return the one folder that is in it."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (only,) = folder.iterdir()
    assert only.name == archive.name.removesuffix(".tar.xz")
    return only


@pytest.fixture(scope="module")
def rebuilt(packed: Packed, bare: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the module that a maintainer gets, in the folder that it was built in."""
    folder = unpacked(packed.archive, tmp_path_factory.mktemp("maintainer"))
    words = [f"KDIR={packed.tree.build}", "ARCH=m68k", "CROSS_COMPILE=m68k-linux-gnu-"]
    done = made(folder, bare, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    assert done.stderr == ""
    again = made(folder, bare, *words)
    assert "CC" not in again.stdout.replace("KCFLAGS", "").split(), "nothing changed"
    return folder / "hello.ko"


def names(path: Path) -> dict[str, set[str]]:
    """Return a module's symbols in three sets: defined for others, wanted of others, local."""
    sets: dict[str, set[str]] = {"defined": set(), "undefined": set(), "local": set()}
    for one in Object.read(path).symbols:
        kind = "undefined" if one.section == SHN_UNDEF else "defined"
        kind = "local" if one.bind == STB_LOCAL else kind
        sets[kind].add(one.name)
    return sets


def facts(path: Path) -> dict[str, str]:
    """Return digests of the sections that make up a module."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        return {
            one.name: f"{one['sh_size']} {hashlib.sha256(one.data()).hexdigest()}"
            for one in elf.iter_sections()
            if one.name in FACTS
        }


def verdict(path: Path, tree: KernelTree) -> dict[str, list[str]]:
    """Return what ``validate`` says: names of checks that passed, were skipped, found something."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "validate", path, "--kernel", tree.build, "--json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    return {
        "passed": sorted(said["passed"]),
        "skipped": sorted(one["check"] for one in said["skipped"]),
        "findings": sorted(f"{one['severity']} {one['check']}" for one in said["findings"]),
    }


@pytest.mark.slow
def test_the_maintainers_module_is_ferrics_own(packed: Packed, rebuilt: Path) -> None:
    assert names(rebuilt) == names(packed.module)
    assert facts(rebuilt) == facts(packed.module)
    assert facts(rebuilt).keys() >= {".text", ".modinfo"}
    said = verdict(rebuilt, packed.tree)
    assert said == verdict(packed.module, packed.tree)
    assert not [one for one in said["findings"] if one.startswith(("error", "warning"))]


@pytest.mark.slow
def test_the_maintainers_module_loads(packed: Packed, rebuilt: Path, tmp_path: Path) -> None:
    booted = boot(packed.tree, rebuilt, "greetings=2 name=QEMU", tmp_path)
    assert_each_step_went_well(booted)
    lines = booted.judge.lines
    assert sum(one.startswith("hello: Hello, QEMU! (1 of 2)") for one in lines) == 3


def compiled(folder: Path, path: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Compile the file of assertions in a tarball's folder."""
    return subprocess.run(
        ["m68k-linux-gnu-gcc", *flags, "-c", "-o", "layout.o", "c/layout.c"],
        cwd=folder,
        env={"PATH": path, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_layout_is_refused(packed: Packed, bare: str, tmp_path: Path) -> None:
    folder = unpacked(packed.archive, tmp_path)
    # mrustc's C needs -malign-int on m68k, rustc's needs that it is not there.
    wrong = [] if packed.transpiler == "mrustc" else ["-malign-int"]
    right = ["-malign-int"] if packed.transpiler == "mrustc" else []
    assert compiled(folder, bare, *right).returncode == 0
    done = compiled(folder, bare, *wrong)
    assert done.returncode != 0
    assert "made for a __UINT32_TYPE__ aligned to" in done.stderr


def test_a_folder_with_a_space_is_refused_with_the_reason(
    packed: Packed, bare: str, tmp_path: Path
) -> None:
    folder = unpacked(packed.archive, tmp_path / "with space")
    done = made(folder, bare, f"KDIR={packed.tree.build}")
    assert done.returncode != 0
    assert "Kbuild takes no folder with a space" in done.stderr
    assert "space\nor a colon" in (folder / "README").read_text()


def test_the_readme_says_where_the_c_comes_from(packed: Packed, tmp_path: Path) -> None:
    folder = unpacked(packed.archive, tmp_path)
    text = (folder / "README").read_text()
    assert f"Transpiler: {packed.transpiler} " in text
    assert "core: MIT OR Apache-2.0" in text
    assert "big-endian, char is signed, no __int128" in text
    assert (folder / "rust/hello/src/lib.rs").read_bytes() == (HELLO / "src/lib.rs").read_bytes()
    for place in (str(PROJECT), str(Path.home()), str(packed.archive.parent)):
        for path in folder.rglob("*"):
            assert path.is_dir() or place.encode() not in path.read_bytes(), path


def test_two_checkouts_give_one_tarball(
    rustc: Path, m68k_tree: KernelTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for name in ("one", "another place"):
        folder = tmp_path / name
        shutil.copytree(HELLO, folder / "hello")
        os.utime(folder / "hello/src/lib.rs", (1, 1) if name == "one" else (2e9, 2e9))
        monkeypatch.setenv("TMPDIR", str(folder))
        words = ["dist", str(folder / "hello"), "--arch", "m68k", "--transpiler", "rustc"]
        words += ["--kernel", "none", "--gate", "off", "--out", str(folder / "out")]
        assert main(words) == 0
        (archive,) = (folder / "out").glob("*.tar.xz")
        digests.add(hashlib.sha256(archive.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_freestanding_crate_is_made_without_a_kernel(
    rustc: Path, bare: str, tmp_path: Path, toolchain_of: Callable[[str], Toolchain]
) -> None:
    crate = tmp_path / "thing"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "thing"\nversion = "1.2.3-rc.1+x"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    (crate / "src/lib.rs").write_text(
        "#![no_std]\n#[panic_handler] fn stop(_: &core::panic::PanicInfo) -> ! { loop {} }\n"
        '#[no_mangle] pub extern "C" fn divided(a: u64, b: u64) -> u64 { a / b }\n'
        "#[no_mangle] pub static TABLE: [u32; 3] = [1, 2, 3];\n"
    )
    words = ["dist", str(crate), "--arch", "m68k", "--kernel", "none", "--transpiler", "rustc"]
    assert main([*words, "--gate", "off", "--out", str(tmp_path / "out")]) == 0
    archive = tmp_path / "out/thing-1.2.3-rc.1+x-m68k.tar.xz"
    folder = unpacked(archive, tmp_path / "with space")
    done = made(folder, bare)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert names(folder / "thing.o")["defined"] == {"divided", "TABLE"}
    assert names(folder / "thing.o") == names(tmp_path / "out/thing.o")
    assert facts(folder / "thing.o") == facts(tmp_path / "out/thing.o")
    before = {path for path in folder.rglob("*") if path.suffix not in {".o", ".su"}}
    assert made(folder, bare, "clean").returncode == 0
    assert set(folder.rglob("*")) == before
