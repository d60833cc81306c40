# SPDX-License-Identifier: GPL-2.0-only
"""mrustc's result beside rustc's, on m68k: equal crates have no errors, known faults are found."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.integration import scons_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.scons_project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
PANIC = """#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
"""
EQUAL = (
    """#![no_std]
#[repr(C)] pub struct Pair { pub a: u32, pub b: u16 }
#[no_mangle] pub static WORD: u32 = 0x0102_0304;
#[no_mangle] pub static LETTER: char = 'Q';
#[no_mangle] pub static PAIR: Pair = Pair { a: 1, b: 2 };
#[no_mangle] pub static TEXT: &str = "text";
#[no_mangle] pub static WORDS: &[u16] = &[1, 0x203];
static TABLE: [u16; 4] = [1, 2, 3, 4];
#[no_mangle] pub extern "C" fn at(i: usize) -> u16 { TABLE[i & 3] }
#[no_mangle] pub extern "C" fn less(a: i8, b: i16, p: &Pair) -> bool {
    i32::from(a) < i32::from(b) + p.a as i32
}
"""
    + PANIC
)
FLOAT = "#[no_mangle] pub static RATIO: f32 = 1.5;\n"
LOGGED = """#![no_std]
extern "C" { fn selftest_write(text: *const u8, len: usize); fn selftest_abort() -> !; }
fn say(text: &str) { unsafe { selftest_write(text.as_ptr(), text.len()) } }
static VALUES: [KIND; 2] = [1 as KIND, 2 as KIND];
#[no_mangle]
pub extern "C" fn run() -> i32 {
    say("KTAP version 1\\n1..1\\n");
    let at = core::hint::black_box(1usize) & 1;
    say(if VALUES[at] == 2 as KIND { "ok 1 value\\n" } else { "not ok 1 value\\n" });
    0
}
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { unsafe { selftest_abort() } }
"""
FEATURE = '\n[features]\ndefault = ["standalone"]\nstandalone = []\n'


class Built(NamedTuple):
    """How a build with both ended: its status, what it said, and where its files are."""

    status: int
    output: str
    out: Path
    crate: Path

    @property
    def comparison(self) -> dict[str, Any]:
        """The one comparison in ``both.json``."""
        (found,) = json.loads((self.out / "both.json").read_text())["comparisons"]
        return dict(found)

    def errors(self) -> dict[str, str]:
        """Return the evidence of each error, by check and place."""
        return {
            f"{one['check']} {one['place']}": one["evidence"]
            for one in self.comparison["findings"]
            if one["severity"] == "error"
        }


def pipeline(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pipeline", *map(str, words)]
    return subprocess.run(
        argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False
    )


def words_for(crate: Path, out: Path) -> list[str | Path]:
    usual: list[str | Path] = ["build", crate, "--arch", "m68k", "--kernel", "none"]
    return [*usual, "--transpiler", "both", "--out", out]


@pytest.fixture(scope="module")
def build(
    scons_env: dict[str, str], rustc: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Built]:
    """Return a function that builds a freestanding crate of one file for m68k, with both."""
    assert scons_env
    assert rustc.is_file()

    def built(lib: str, extra: str = "") -> Built:
        folder = tmp_path_factory.mktemp("both")
        crate = folder / "konst"
        (crate / "src").mkdir(parents=True)
        manifest = scons_project.MANIFEST.format(name="konst", metadata='runtime = "none"')
        (crate / "Cargo.toml").write_text(manifest + extra)
        (crate / "src/lib.rs").write_text(lib)
        done = pipeline(*words_for(crate, folder / "out"))
        return Built(done.returncode, done.stdout + done.stderr, folder / "out", crate)

    return built


@pytest.fixture(scope="module")
def equal(build: Callable[..., Built]) -> Built:
    return build(EQUAL)


def test_an_equal_crate_has_no_errors(equal: Built) -> None:
    assert equal.status == 0, equal.output
    assert equal.errors() == {}
    found = equal.comparison
    assert {"compare.symbols", "compare.signature", "compare.constant"} <= set(found["passed"])
    assert (found["ours"]["title"], found["native"]["title"]) == ("mrustc", "rustc")
    for name in ("mrustc", "rustc"):
        assert (equal.out / name / "findings.json").is_file()
        assert f"konst.o ({name})" in equal.output


def test_what_is_not_compared_is_said(equal: Built) -> None:
    reasons = {one["check"]: one["reason"] for one in equal.comparison["skipped"]}
    assert "konst::Pair" in reasons["compare.layout"]
    assert "was not read" in reasons["compare.layout"]
    assert "no test to run" in reasons["compare.log"]


def test_a_float_that_mrustc_swaps_is_put_right(build: Callable[..., Built]) -> None:
    found = build(EQUAL + FLOAT)
    assert found.status == 0, found.output
    assert found.errors() == {}
    record = json.loads((found.out / "mrustc/konst.repairs.json").read_text())
    assert record["sites"]["constant"] == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("--localize-symbol=WORD", "compare.symbols WORD"),
        ("--redefine-sym=at=off", "compare.symbols at"),
    ],
)
def test_a_symbol_that_one_lacks_is_an_error(
    equal: Built, tmp_path: Path, change: str, error: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(equal.out, out)
    subprocess.run(["m68k-linux-gnu-objcopy", change, out / "rustc/konst.o"], check=True)
    done = pipeline(*words_for(equal.crate, out), "--only", "both")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert error in equal._replace(out=out).errors()
    assert pipeline("differences", "--quiet", out / "both.json").returncode == 2


def test_changed_bytes_of_a_private_static_are_an_error(equal: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(equal.out, out)
    linked = out / "rustc/konst.o"
    data = linked.read_bytes()
    table = bytes([0, 1, 0, 2, 0, 3, 0, 4])
    assert data.count(table) == 1
    linked.write_bytes(data.replace(table, bytes([0, 1, 0, 2, 0, 9, 0, 4])))
    assert pipeline(*words_for(equal.crate, out), "--only", "both").returncode == 0
    errors = equal._replace(out=out).errors()
    assert errors == {"compare.constant konst::TABLE": "[2]: mrustc has 3, rustc 9"}


@pytest.mark.skipif(not shutil.which("qemu-m68k"), reason="qemu-m68k is not installed")
def test_both_run_their_test_with_the_same_log(build: Callable[..., Built]) -> None:
    found = build(LOGGED.replace("KIND", "u32"), FEATURE)
    assert found.status == 0, found.output
    assert "compare.log" in found.comparison["passed"]


@pytest.mark.skipif(not shutil.which("qemu-m68k"), reason="qemu-m68k is not installed")
def test_a_log_that_differs_is_an_error(build: Callable[..., Built]) -> None:
    """mrustc uses no niche within an enum, so this is larger through it: Rust promises no size."""
    size = "core::mem::size_of::<Option<Option<bool>>>() == 1"
    text = LOGGED.replace("KIND", "u32").replace("VALUES[at] == 2 as u32", f"at == 1 && {size}")
    found = build(text, FEATURE)
    assert found.status == 2, found.output
    evidence = found.errors()["compare.log line 3"]
    assert evidence == "mrustc says 'not ok 1 value', rustc 'ok 1 value'"


def test_scons_builds_and_compares_both_and_then_nothing(project: Project, rustc: Path) -> None:
    assert rustc.is_file()
    shown = project.scons("transpiler=both", "-n")
    done = project.scons("transpiler=both")
    assert done.status == 0, done.output
    crates = {crate for _, crate, stage in done.steps if stage == "transpile"}
    assert crates == {"tiny/mrustc", "tiny/rustc"}
    assert "both" in done.stages
    assert set(shown.steps) == set(done.steps)
    assert re.search(r"tiny +│ rustc ", done.output)
    again = project.scons("transpiler=both")
    assert (again.status, again.steps) == (0, []), again.output
    assert project.scons("transpiler=both", "-q").status == 0
    project.scons("transpiler=both", "-c")
    assert not (project.build / "tiny").exists()
    assert not [*project.build.glob("*.*rustc.json"), *project.build.glob("both.json")]


def test_without_mrustc_scons_says_what_to_do(project: Project, tmp_path: Path) -> None:
    path = f"{tmp_path}:/usr/bin:/bin"
    if shutil.which("mrustc", path=path):
        pytest.skip("mrustc is where all programs are")
    done = project.scons("transpiler=both", env={"PATH": path})
    assert done.status == 1
    assert "transpiler=both needs mrustc, too" in done.output
    assert "transpiler=rustc" in done.output
