# SPDX-License-Identifier: GPL-2.0-only
"""What only a running kernel can tell: modules of both transpilers in kernels under QEMU."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.decode import decode
from pipeline.boot.machine import Kernel, modules_result
from pipeline.boot.plan import MOUNTS, Step, make_plan, read_plan
from pipeline.toolchains.load import load
from tests.integration.boot.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.transpile.choice import Transpiler

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "samples"
# Not openrisc: the loader of Linux 6.1 does not know the relocations of its modules.
ARCHITECTURES = ("m68k", "alpha", "parisc", "sh", "x86_64", "s390x")
NAMES = ("hello", "journal", "selftest")
BAD = """\
#![no_std]
use kernel::prelude::*;
module! { type: Bad }
struct Bad;
impl kernel::Module for Bad {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let at = module_parameters::at.value() as usize;
        let values = [1u32, 2, 3];
        if at < 16 {
            pr_info!("got {}\\n", values.get(at).expect("no such element"));
        } else {
            pr_info!("got {}\\n", look(at as *const u32));
        }
        Ok(Bad)
    }
}
#[inline(never)]
fn look(at: *const u32) -> u32 {
    // SAFETY: none; the pointer is bad on purpose.
    unsafe { at.read_volatile() }
}
"""


@pytest.fixture(scope="session", params=ARCHITECTURES)
def machine(
    request: pytest.FixtureRequest,
    kernel_of: Callable[[str], Kernel],
    transpiler: Transpiler,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """Each architecture whose kernel is here, with each transpiler."""
    work = tmp_path_factory.mktemp(f"{request.param}-{transpiler}")
    return Machine(kernel_of(request.param), transpiler, work)


@pytest.fixture(scope="session")
def m68k(
    kernel_of: Callable[[str], Kernel],
    transpiler: Transpiler,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """m68k, with each transpiler."""
    return Machine(kernel_of("m68k"), transpiler, tmp_path_factory.mktemp(f"m68k-{transpiler}"))


def test_every_sample_alone_and_two_together_in_both_orders(
    machine: Machine, tmp_path: Path
) -> None:
    files = {name: machine.module(SAMPLES / name) for name in NAMES}
    own = {name: read_plan(SAMPLES / name / "boot.plan", name) for name in NAMES}
    contents = {f"{name}.ko": path.read_bytes() for name, path in files.items()}
    booted = machine.boot(contents, make_plan(NAMES, own), tmp_path / "log")
    result = modules_result(machine.kernel, booted, files, machine.transpiler)
    assert [(one.module, one.state, one.reasons) for one in result.modules] == [
        (name, "ok", ()) for name in NAMES
    ]
    assert booted.run.stopped == ""


def _meminfo(lines: Sequence[str]) -> dict[str, int]:
    """Return what ``cat /proc/meminfo`` showed, in KiB."""
    found = (re.fullmatch(r"# (\w+): +(\d+) kB", line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def test_memory_does_not_drift_while_a_module_comes_and_goes(
    machine: Machine, tmp_path: Path
) -> None:
    """Three times 200 loads, after 200 to warm up.

    What is lost each time is lost in each of the three: 21 bytes or more are, 200 times, more than
    a page of 4096 bytes, so the figure changes in every one.  What is taken once (a slab that
    grows, a list of free pages for this CPU) changes it in one of them and not in the others.
    """
    module = machine.module(SAMPLES / "journal")
    repeated = Step("repeat 200 both load journal | unload journal", ("journal",))
    show = Step("cat /proc/meminfo")
    steps = (*MOUNTS, *(repeated, show) * 4)
    booted = machine.boot({"journal.ko": module.read_bytes()}, steps, tmp_path / "log")
    assert [one.failures() for one in booted.judge.outcomes] == [[]] * len(steps)
    seen = [_meminfo(one.lines) for one in booted.judge.outcomes if one.step == show]
    for name, sign in (("MemFree", -1), ("MemAvailable", -1), ("Slab", 1), ("VmallocUsed", 1)):
        values = [one[name] for one in seen]
        growth = [sign * (after - before) for before, after in pairwise(values)]
        assert len(growth) == 3
        assert min(growth) <= 0, (name, values)


def test_parameters(machine: Machine, tmp_path: Path) -> None:
    module = machine.module(SAMPLES / "hello")
    steps = (
        *MOUNTS,
        Step("load hello greetings=3 name=QEMU", ("hello",), ("Hello, QEMU! (3 of 3)",)),
        Step("fails EEXIST load hello", ("hello",)),
        Step("unload hello", ("hello",), ("Goodbye after 3 greetings",)),
        Step("fails EINVAL load hello greetings=many", ("hello",)),
        Step("fails ENOENT unload hello", ("hello",)),
    )
    booted = machine.boot({"hello.ko": module.read_bytes()}, steps, tmp_path / "log")
    *good, many, _ = booted.judge.outcomes
    assert [one.failures() for one in good] == [[]] * len(good)
    assert many.ok
    assert [one.what for one in many.faults] == ["module parameter"]
    assert "`many' invalid for parameter `greetings'" in "\n".join(many.lines)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A module that panics (at=3 to 15) or reads from a bad address (at=16 and above)."""
    crate = tmp_path / "bad"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "bad"\nversion = "0.1.0"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nlicense = "GPL"\n'
        'parameters.at = { type = "u32", default = 1, description = "Where" }\n'
    )
    (crate / "src/lib.rs").write_text(BAD)
    return crate


def test_a_panic_and_a_bad_pointer_say_where_in_rust(
    m68k: Machine, bad: Path, tmp_path: Path
) -> None:
    module = m68k.module(bad)
    files = {"bad.ko": module.read_bytes()}
    panicked = m68k.boot(files, [*MOUNTS, Step("load bad at=9", ("bad",))], tmp_path / "panic")
    rustc = m68k.transpiler == "rustc"
    place = " at src/lib.rs:10:49"
    last = panicked.judge.outcomes[-1]
    said = next(i for i, line in enumerate(last.lines) if "panicked" in line)
    assert last.lines[said] == f"bad: panicked{place}: no such element"
    assert any("kernel BUG at ferric_kernel.c:" in line for line in last.lines[said:])
    assert last.faults[0].what == "BUG"
    assert not last.ok

    read = m68k.boot(files, [*MOUNTS, Step("load bad at=64", ("bad",))], tmp_path / "oops")
    (one, *_) = read.judge.outcomes[-1].faults
    assert one.what == "Oops"
    frames = decode(one.lines, {"bad": module}, m68k.kernel.toolchain)
    text = "\n".join(map(str, frames))
    # mrustc's C has its own line numbers: the function's Rust path, and the line of the C.
    assert ("look at ./src/lib.rs:20" if rustc else "bad::Bad as kernel::module::Module") in text
    assert rustc or re.search(r"at \./bad\.c:\d+", text)


def test_the_selftest_in_the_kernel_gives_the_native_log(machine: Machine, tmp_path: Path) -> None:
    native = _native_log(tmp_path)
    module = machine.module(SAMPLES / "selftest")
    steps = [*MOUNTS, Step("load selftest", ("selftest",)), Step("unload selftest", ("selftest",))]
    booted = machine.boot({"selftest.ko": module.read_bytes()}, steps, tmp_path / "log")
    lines = [one.removeprefix("selftest: ") for one in booted.judge.outcomes[3].lines]
    log = [
        one for one in lines if re.match(r"KTAP|1\.\.\d|(not )?ok \d+ \w+ ([0-9a-f]{16}|#)", one)
    ]
    assert len(log) >= 40
    native = [one for one in native if not one.startswith("#")]
    # The only reason for which an architecture may skip a test that the reference has.
    skipped = {_test(one) for one in log if one.endswith("# SKIP no compare-and-swap")}
    assert [one for one in log if _test(one) not in skipped] == [
        one for one in native if _test(one) not in skipped
    ]


def _test(line: str) -> str:
    """Return the name of the test that a result is of, empty for any other line."""
    match = re.match(r"(?:not )?ok \d+ (\w+)", line)
    return match[1] if match else ""


def _native_log(out: Path) -> list[str]:
    rustc = shutil.which("rustc")
    if rustc is None:
        pytest.skip("rustc is not installed")
    flags = ["--edition=2021", "-Copt-level=1", "-Cdebug-assertions=on", "--out-dir", str(out)]
    core = SAMPLES / "selftest/core/src/lib.rs"
    native = REPOSITORY / "tests/integration/selftest/native.rs"
    library = ["--crate-name=selftest_core", "--crate-type=rlib", str(core)]
    subprocess.run([rustc, *flags, *library], check=True, capture_output=True)
    extern = f"selftest_core={out}/libselftest_core.rlib"
    program = ["--crate-name=native", "--extern", extern, str(native)]
    subprocess.run([rustc, *flags, *program], check=True, capture_output=True)
    done = subprocess.run([out / "native"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_boards_are_of_known_architectures() -> None:
    assert set(load_boards()) <= set(load())
