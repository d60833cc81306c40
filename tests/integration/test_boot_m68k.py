# SPDX-License-Identifier: GPL-2.0-only
"""A module that validates also loads: a real m68k kernel under QEMU says so."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from pipeline.stages import Options, build
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.rust_src import find_rust_source
from pipeline.transpile.rustc.emit import own_source
from pipeline.validate.finding import Severity

if TYPE_CHECKING:
    from pipeline.kernel.tree import KernelTree
    from pipeline.transpile.choice import Transpiler

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
S_REGULAR, S_DIRECTORY, S_CHARACTER = 0o100000, 0o040000, 0o020000


def cpio(entries: list[tuple[str, int, bytes, tuple[int, int]]]) -> bytes:
    """Make a newc archive (the kernel's Documentation/driver-api/early-userspace/buffer-format)."""
    out = bytearray()
    for number, (name, mode, data, device) in enumerate([*entries, ("TRAILER!!!", 0, b"", (0, 0))]):
        raw = name.encode() + b"\0"
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(raw), 0]
        out += b"070701" + "".join(f"{field:08x}" for field in fields).encode() + raw
        out += b"\0" * (-len(out) % 4)
        out += data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def boot(tree: KernelTree, module: Path, arguments: str, work: Path) -> str:
    """Boot the tree's kernel with our init and the module; return what the console showed."""
    toolchain = find(load()["m68k"])
    init = work / "init"
    subprocess.run(
        [
            *(toolchain.gcc, "-nostdlib", "-static", "-ffreestanding", "-O2"),
            *(f'-DARGUMENTS="{arguments}"', f'-DNAME="{module.stem}"'),
            f"-I{tree.build}/arch/m68k/include/generated/uapi",
            *(HERE / "boot/init_m68k.c", "-o", init),
        ],
        check=True,
    )
    initrd = work / "initrd.gz"
    files = [
        ("dev", S_DIRECTORY | 0o755, b"", (0, 0)),
        ("dev/console", S_CHARACTER | 0o600, b"", (5, 1)),
        ("init", S_REGULAR | 0o755, init.read_bytes(), (0, 0)),
        ("module.ko", S_REGULAR | 0o644, module.read_bytes(), (0, 0)),
    ]
    initrd.write_bytes(gzip.compress(cpio(files)))
    done = subprocess.run(
        [
            *("qemu-system-m68k", "-M", "virt", "-cpu", "m68040", "-nographic", "-no-reboot"),
            *("-kernel", tree.build / "vmlinux", "-initrd", initrd),
            *("-append", "console=ttyGF0 panic=-1"),
        ],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=180,
        check=False,
    )
    return done.stdout.decode(errors="replace").replace("\r", "")


def built_and_booted(
    tree: KernelTree, crate: Path, arguments: str, work: Path, transpiler: Transpiler
) -> str:
    """Build a crate, see that nothing is found against it, and boot it."""
    if shutil.which("qemu-system-m68k") is None:
        pytest.skip("qemu-system-m68k is not installed (Debian: qemu-system-misc)")
    options = Options(
        crate, "m68k", work / "out", kernel=str(tree.build), gate="off", transpiler=transpiler
    )
    verdict = build(options, lambda _step: None)
    assert verdict.count(Severity.ERROR) == 0
    # The self-test keeps more on the stack than the kernel likes to see.
    warned = {one.check for one in verdict.findings if one.severity is Severity.WARNING}
    assert warned <= {"stack.frame", "stack.chain"}
    return boot(tree, verdict.path, arguments, work)


@pytest.fixture(params=["mrustc", "rustc"])
def transpiler(request: pytest.FixtureRequest) -> Transpiler:
    """Each of the two ways to C, where it can be gone."""
    name: Transpiler = request.param
    try:
        if name == "rustc":
            own_source(find_rustc(None))
        else:
            find_rust_source(None, find_mrustc(None).releases)
    except UserError as error:
        pytest.skip(error.what)
    return name


@pytest.mark.parametrize(
    ("sample", "arguments", "said"),
    [
        (
            "hello",
            "greetings=2 name=QEMU",
            ["hello: Hello, QEMU! (1 of 2)", "hello: Goodbye after 2 greetings"],
        ),
        ("journal", "entries=3", ["journal: keeps 3 of 3 entries", "journal: entry   2:    75"]),
        ("selftest", "", ["selftest: KTAP version 1", "selftest: ok 1 "]),
    ],
)
def test_a_sample_is_loaded_and_unloaded_three_times(
    m68k_tree: KernelTree,
    transpiler: Transpiler,
    tmp_path: Path,
    sample: str,
    arguments: str,
    said: list[str],
) -> None:
    console = built_and_booted(m68k_tree, SAMPLES / sample, arguments, tmp_path, transpiler)
    lines = console.splitlines()
    assert lines.count("INIT: load = 0") == 3, console
    assert lines.count("INIT: unload = 0") == 3, console
    assert "INIT: done" in lines
    for text in said:
        assert sum(line.startswith(text) for line in lines) == 3, console
    for bad in ("Oops", "BUG:", "WARNING:", "Unknown symbol", "not ok", "Invalid module"):
        assert bad not in console


PANICKER = """\
#![no_std]
use kernel::prelude::*;
module! { type: Panicker }
struct Panicker;
impl kernel::Module for Panicker {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let values = [1u32, 2, 3];
        let value = values.get(module_parameters::at.value() as usize);
        pr_info!("got {}\\n", value.expect("no such element"));
        Ok(Panicker)
    }
}
"""


def test_a_panic_prints_its_message_and_ends_as_bug_does(
    m68k_tree: KernelTree, transpiler: Transpiler, tmp_path: Path
) -> None:
    crate = tmp_path / "panicker"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "panicker"\nversion = "0.1.0"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nlicense = "GPL"\n'
        'parameters.at = { type = "u32", default = 1, description = "Which element" }\n'
    )
    (crate / "src/lib.rs").write_text(PANICKER)
    console = built_and_booted(m68k_tree, crate, "at=9", tmp_path, transpiler)
    # mrustc's panics know no place.
    place = " at src/lib.rs:9:36" if transpiler == "rustc" else ""
    message = console.index(f"panicker: panicked{place}: no such element")
    bug = console.index("kernel BUG at ferric_kernel.c:")
    assert message < bug
    assert "ferric_bug+0x" in console[bug:], "the call trace names the module's functions"
