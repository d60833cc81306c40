# SPDX-License-Identifier: GPL-2.0-only
"""Our m68k build beside rustc's: equal crates have only notes, each difference is found."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pipeline.errors import UserError
from pipeline.validate.elf import Object
from tests.integration import scons_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.rust_src import RustSource
    from tests.integration.scons_project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
FEATURE = '\n[features]\ndefault = ["standalone"]\nstandalone = []\n'

EQUAL = """#![no_std]
#[repr(C)]
pub struct Shared { pub a: u8, pub b: u64, pub p: *const u8, pub c: u16 }
#[repr(C, packed(2))]
pub struct Packed { pub a: u16, pub b: u32, pub c: u8, pub d: u64 }
#[repr(u8)]
pub enum Small { A = 3, B = 200 }
pub enum Shape { Dot, Circle(u32), Rect { w: u16, h: u64 } }
static TEXT: &str = "hello";
static WORDS: &[u16] = &[1, 0x203];
static NESTED: &[&[u8]] = &[b"ab", b"c"];
static NONE: Option<&u32> = None;
static SOME: Option<&u32> = Some(&42);
static TUPLE: (u8, u64, char) = (1, 2, 'x');
static CIRCLE: Shape = Shape::Circle(9);
static RECT: Shape = Shape::Rect { w: 1, h: 2 };
static NUMBER: core::num::NonZeroU16 = core::num::NonZeroU16::MIN;
#[no_mangle] pub static LIMIT: u32 = 0x1234_5678;
#[no_mangle] pub static NEGATIVE: i64 = -2;
#[no_mangle] pub static MOST: usize = usize::MAX;
#[no_mangle] pub static SMALL: Small = Small::B;
#[no_mangle]
pub extern "C" fn work(i: usize, shared: &mut Shared, packed: &Packed) -> u32 {
    let mut sum = TEXT.len() as u32 + u32::from(shared.a) + u32::from(TUPLE.0) + TUPLE.2 as u32;
    if let Some(word) = WORDS.get(i) { sum += u32::from(*word); }
    if let Some(bytes) = NESTED.get(i) { sum += bytes.len() as u32; }
    sum += NONE.copied().unwrap_or(1) + SOME.copied().unwrap_or(2) + u32::from(NUMBER.get());
    for shape in [&CIRCLE, &RECT, &Shape::Dot] {
        match shape { Shape::Dot => sum += 1, Shape::Circle(r) => sum += r,
                      Shape::Rect { w, h } => sum += u32::from(*w) + *h as u32 }
    }
    shared.b = u64::from(sum);
    sum.wrapping_add(u32::from(packed.c))
}
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
"""
OTHER = '#[cfg(target_arch = "m68k")] {0}\n#[cfg(not(target_arch = "m68k"))] {1}\n'
FIXED = """#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
"""


def other(ours: str, native: str) -> str:
    """Return an item that is one thing for m68k and another elsewhere; nothing is one, too."""
    ours, native = ours or "const _: () = ();", native or "const _: () = ();"
    return FIXED + OTHER.replace("{0}", ours).replace("{1}", native)


class Case(NamedTuple):
    """A crate that differs in one way: the check that must say so, the place, the evidence."""

    source: str
    check: str
    place: str
    evidence: str


_STRUCT = "#[repr(C)] pub struct S"
_USE = '#[no_mangle] pub extern "C" fn f(s: &S) -> u32 { s.a as u32 }\n'
_CONST = '{} #[no_mangle] pub extern "C" fn f(i: usize) -> usize {{ {} }}\n'
CASES = {
    "missing symbol": Case(
        other("", '#[no_mangle] pub extern "C" fn gone() {}')
        + '#[no_mangle] pub extern "C" fn kept() -> u32 { 1 }\n',
        "compare.symbols", "gone", "missing",
    ),
    "extra symbol": Case(
        other('#[no_mangle] pub extern "C" fn more() -> u32 { 2 }', "")
        + '#[no_mangle] pub extern "C" fn kept() -> u32 { 1 }\n',
        "compare.symbols", "more", "extra",
    ),
    "kind of a symbol": Case(
        other("#[no_mangle] pub static THING: u32 = 1;",
              '#[no_mangle] pub extern "C" fn THING() -> u32 { 1 }')
        + '#[no_mangle] pub extern "C" fn kept() -> u32 { 1 }\n',
        "compare.symbols", "THING", "object",
    ),
    "order of members": Case(
        other(f"{_STRUCT} {{ pub b: u32, pub a: u16 }}", f"{_STRUCT} {{ pub a: u16, pub b: u32 }}")
        + _USE, "compare.layout", "differs::S", "different types",
    ),
    "type of a member": Case(
        other(f"{_STRUCT} {{ pub a: u16, pub b: u64 }}", f"{_STRUCT} {{ pub a: u16, pub b: u32 }}")
        + _USE, "compare.layout", "differs::S", "8 bytes",
    ),
    "a member more": Case(
        other(f"{_STRUCT} {{ pub a: u16, pub b: u8 }}", f"{_STRUCT} {{ pub a: u16 }}") + _USE,
        "compare.layout", "differs::S", "2 members",
    ),
    "packing": Case(
        other("#[repr(C, packed)] pub struct S { pub a: u8, pub b: u32 }",
              "#[repr(C)] pub struct S { pub a: u8, pub b: u32 }")
        + _USE, "compare.layout", "differs::S", "b at 1 and 4",
    ),
    "an exported number": Case(
        other("#[no_mangle] pub static LIMIT: u32 = 5;", "#[no_mangle] pub static LIMIT: u32 = 6;"),
        "compare.constant", "differs::LIMIT", "ours has 5",
    ),
    "a private number": Case(
        other("static N: (u8, usize) = (1, 70);", "static N: (u8, usize) = (1, 71);")
        + _CONST.format("", "i ^ N.1"),
        "compare.constant", "differs::N", ".1: ours has 70",
    ),
    "a text": Case(
        other('static T: &str = "ours";', 'static T: &str = "them";')
        + _CONST.format("", "T.len() + T.as_bytes().get(i).copied().unwrap_or(0) as usize"),
        "compare.constant", "differs::T", "b'ours'",
    ),
    "an element of a slice": Case(
        other("static W: &[u16] = &[1, 2, 3];", "static W: &[u16] = &[1, 9, 3];")
        + _CONST.format("", "W.get(i).copied().unwrap_or(0) as usize"),
        "compare.constant", "differs::W", "*[1]",
    ),
    "a case of an enum": Case(
        FIXED + "pub enum E { A, B(u32) }\n"
        + other("static V: E = E::A;", "static V: E = E::B(3);").removeprefix(FIXED)
        + _CONST.format("", "match &V { E::A => i, E::B(n) => *n as usize }"),
        "compare.constant", "differs::V", "B (case 1)",
    ),
    "none instead of some": Case(
        other("static O: Option<core::num::NonZeroU16> = core::num::NonZeroU16::new(7);",
              "static O: Option<core::num::NonZeroU16> = None;")
        + _CONST.format("", "O.map_or(i, |n| n.get() as usize)"),
        "compare.constant", "differs::O", "another case (0x7",
    ),
    "a function in a table": Case(
        other("static F: fn(usize) -> usize = one;", "static F: fn(usize) -> usize = two;")
        + "fn one(x: usize) -> usize { x ^ 1 }\nfn two(x: usize) -> usize { x ^ 2 }\n"
        + _CONST.format("", "F(i) + one(i) + two(i)"),
        "compare.constant", "differs::F", "differs::one",
    ),
}  # fmt: skip
LOGGED = """#![no_std]
extern "C" { fn selftest_write(text: *const u8, len: usize); fn selftest_abort() -> !; }
fn say(text: &str) { unsafe { selftest_write(text.as_ptr(), text.len()) } }
#[no_mangle]
pub extern "C" fn run() -> i32 {
    say("KTAP version 1\\n1..1\\n");
    say(if cfg!(target_arch = "m68k") { LINE } else { "ok 1 test 00ff\\n" });
    0
}
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { unsafe { selftest_abort() } }
"""


class Built(NamedTuple):
    """A crate's folder and our object of it."""

    crate: Path
    obj: Path


@pytest.fixture(scope="module")
def build(
    toolchain_of: Callable[[str], Toolchain],
    rust_source: RustSource,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Built]:
    """Return a function that builds a freestanding crate of one file for m68k."""
    toolchain_of("m68k")

    def built(lib: str, extra: str = "") -> Built:
        folder = tmp_path_factory.mktemp("crate")
        crate = folder / "differs"
        (crate / "src").mkdir(parents=True)
        manifest = scons_project.MANIFEST.format(name="differs", metadata='runtime = "none"')
        (crate / "Cargo.toml").write_text(manifest + extra)
        (crate / "src/lib.rs").write_text(lib)
        words = ["build", crate, "--arch", "m68k", "--kernel", "none", "--out", folder / "out"]
        for stage in ("transpile", "compile", "link"):
            done = pipeline(*words, "--rust-src", rust_source.library, "--only", stage)
            assert done.returncode == 0, done.stdout + done.stderr
        return Built(crate, folder / "out/differs.o")

    return built


def pipeline(*words: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pipeline", *map(str, words)]
    return subprocess.run(
        argv, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=900
    )


def compared(built: Built, rust_source: RustSource) -> tuple[int, dict[str, Any]]:
    """Compare with every native build there is; return the status and the document."""
    words = ["compare", built.obj, "--crate", built.crate, "--kernel", "none", "--json"]
    done = pipeline(*words, "--rust-src", rust_source.library)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in {0, 2}, done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def findings(document: dict[str, Any], severity: str = "error") -> list[dict[str, str]]:
    return [
        one
        for each in document["comparisons"]
        for one in each["findings"]
        if one["severity"] == severity
    ]


@pytest.fixture(scope="module")
def equal(build: Callable[..., Built], rustc: Path) -> Built:
    return build(EQUAL)


def test_an_equal_crate_has_only_notes(equal: Built, rust_source: RustSource) -> None:
    status, document = compared(equal, rust_source)
    assert document["comparisons"], document["skipped"]
    assert findings(document) == findings(document, "warning") == []
    assert status == 0
    for each in document["comparisons"]:
        assert "compare.constant" in each["passed"]
        assert {row["path"] for row in each["functions"]} >= {"work"}
        work = next(row for row in each["functions"] if row["path"] == "work")
        assert all(work[key] for key in ("ours", "native", "our_frame"))


def test_reasons_of_other_layouts_are_named(equal: Built, rust_source: RustSource) -> None:
    _, document = compared(equal, rust_source)
    host = document["comparisons"][0]
    if "x86_64" not in host["native"]["title"]:
        pytest.skip("the host is no x86_64")
    notes = {one["place"]: one["evidence"] for one in host["findings"]}
    assert "pointers have 32 bits here, not 64" in notes["differs::Shared"]
    assert "alignments differ" in notes["differs::Shared"]
    assert "differs::Packed" not in notes


@pytest.mark.parametrize("name", CASES)
def test_each_difference_is_found(
    name: str, build: Callable[..., Built], rust_source: RustSource, rustc: Path
) -> None:
    case = CASES[name]
    status, document = compared(build(case.source), rust_source)
    found = [one for one in findings(document) if one["check"] == case.check]
    assert any(one["place"] == case.place and case.evidence in one["evidence"] for one in found), (
        json.dumps(document, indent=1)[:4000]
    )
    assert status == 2
    assert {one["check"] for one in findings(document)} == {case.check}


def test_an_edited_byte_of_a_constant_is_found(
    equal: Built, rust_source: RustSource, tmp_path: Path
) -> None:
    obj = Object.read(equal.obj)
    symbol = next(one for one in obj.symbols if one.name == "LIMIT")
    section = obj.sections[symbol.section]
    data = bytearray(obj.data)
    assert data[section.offset + symbol.value : section.offset + symbol.value + 4] == (
        bytes.fromhex("12345678")
    )
    data[section.offset + symbol.value] = 0x13
    edited = tmp_path / "differs.o"
    edited.write_bytes(data)
    _, document = compared(Built(equal.crate, edited), rust_source)
    found = findings(document)
    assert {one["place"] for one in found} == {"differs::LIMIT"}
    assert "0x13345678" in found[0]["evidence"]
    assert "0x12345678" in found[0]["evidence"]


@pytest.mark.parametrize(("line", "errors"), [("ok 1 test 00ff", 0), ("ok 1 test 00fe", 1)])
def test_the_log_of_a_test_is_compared(
    line: str,
    errors: int,
    build: Callable[..., Built],
    rust_source: RustSource,
    rustc: Path,
) -> None:
    for tool in ("qemu-m68k", "cc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    source = LOGGED.replace("LINE", f'"{line}\\n"')
    _, document = compared(build(source, FEATURE), rust_source)
    host = document["comparisons"][0]
    assert "compare.log" not in {one["check"] for one in host["skipped"]}, host["skipped"]
    logged = [one for one in findings(document) if one["check"] == "compare.log"]
    assert len(logged) == errors
    assert all(line in one["evidence"] for one in logged)


def test_two_files_and_two_logs(equal: Built, rust_source: RustSource, tmp_path: Path) -> None:
    compared(equal, rust_source)
    native = next((equal.obj.parent / "native").glob("*/differs.o"))
    logs = tmp_path / "ours.log", tmp_path / "native.log"
    logs[0].write_text("ok 1 a 00\n")
    logs[1].write_text("ok 1 a 01\n")
    done = pipeline("compare", equal.obj, native, "--log", *logs, "--json")
    assert done.returncode == 2
    assert {one["check"] for one in findings(json.loads(done.stdout))} == {"compare.log"}
    done = pipeline("compare", equal.obj, native)
    assert done.returncode == 0, done.stdout
    assert "bytes of code and of stack" in done.stdout


def test_mutated_files_give_an_answer_soon(
    equal: Built, rust_source: RustSource, tmp_path: Path
) -> None:
    from pipeline.compare.comparison import Context, compare, native_rules
    from pipeline.toolchains.load import load
    from pipeline.validate.reference import for_arch

    compared(equal, rust_source)
    native = Object.read(next((equal.obj.parent / "native").glob("*/differs.unfolded.o")))
    context = Context(
        for_arch(load()["m68k"], None), "not measured", None, native_rules(None, native)
    )
    data = equal.obj.read_bytes()
    chance = random.Random(1)  # noqa: S311 - the same mutations at each run
    path = tmp_path / "mutated.o"
    for _ in range(150):
        mutated = bytearray(data)
        for _ in range(chance.choice([1, 4, 30])):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        path.write_bytes(mutated)
        begin = time.monotonic()
        for ours, theirs in ((path, equal.obj), (equal.obj, path)):
            try:
                compare(Object.read(ours), Object.read(theirs), context, title="native")
                compare(Object.read(ours), native, context, title="native")
            except UserError:
                continue
        assert time.monotonic() - begin < 8


@pytest.mark.slow
def test_samples_have_only_notes(
    project: Project, rust_source: RustSource, rustc: Path, tmp_path: Path
) -> None:
    for name in ("hello", "journal"):
        out = tmp_path / name
        words = ["--arch", "m68k", "--kernel", "none", "--rust-src", rust_source.library]
        done = pipeline("build", REPOSITORY / "samples" / name, *words, "--out", out)
        assert done.returncode in {0, 2}, done.stdout
        built = Built(REPOSITORY / "samples" / name, out / f"{name}.o")
        status, document = compared(built, rust_source)
        assert findings(document) == findings(document, "warning") == []
        assert status == 0
        titles = {each["native"]["title"] for each in document["comparisons"]}
        skipped = " ".join(one["reason"] for one in document["skipped"])
        assert any("m68k" in text for text in (*titles, skipped))


def test_scons_compares_what_it_built(project: Project, rustc: Path) -> None:
    done = project.scons("compare")
    assert done.status == 0, done.output
    assert {"compare", "differences"} <= done.stages
    assert (project.build / "tiny/differences.json").is_file()
    assert json.loads((project.build / "differences.json").read_text())[0]["crate"] == "tiny"
    assert "beside" in done.output
    assert "not built" not in done.output
    again = project.scons("compare")
    assert not {"compare", "differences"} & again.stages
    assert "compare" not in project.scons().stages
