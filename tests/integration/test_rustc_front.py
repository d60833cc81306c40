# SPDX-License-Identifier: GPL-2.0-only
"""Crates through rustc's front end: what comes out, and what is refused with a mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.stages import Options, Outputs, run_compile, run_transpile
from pipeline.target import resolve
from pipeline.toolchains.find import installed
from pipeline.toolchains.load import load
from pipeline.transpile.choice import choose

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.transpile.rust_src import RustSource

MANIFEST = """\
[package]
name = "tiny"
version = "0.1.0"
edition = "2021"
[package.metadata.kernel-module]
runtime = "none"
"""
HEAD = """\
#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
"""


@pytest.fixture(params=["m68k", "alpha"])
def arch(request: pytest.FixtureRequest) -> str:
    """An architecture of 32 bits and one of 64, with other byte orders."""
    if not installed(load()[request.param]):
        pytest.skip(f"no GCC for {request.param} is installed")
    try:
        if find_rustc(None).library is None:
            pytest.skip("no rustc has its library's source")
    except UserError as error:
        pytest.skip(error.what)
    name: str = request.param
    return name


def transpiled(folder: Path, arch: str, source: str) -> str:
    """Transpile and compile a crate of one file; return its C."""
    (folder / "src").mkdir()
    (folder / "Cargo.toml").write_text(MANIFEST)
    (folder / "src/lib.rs").write_text(source)
    options = Options(folder, arch, folder / "out", kernel="none", transpiler="rustc")
    target = resolve(arch, "none", "rustc")
    crate = load_crate(folder)
    outputs = Outputs(options.out, crate.crate_name)
    units = run_transpile(options, target, crate, outputs)
    assert units.root is None
    run_compile(target, outputs)
    return outputs.c_file.read_text()


def test_a_crate_is_one_file_with_lines_of_rust(arch: str, tmp_path: Path) -> None:
    source = HEAD + (
        '#[no_mangle]\npub extern "C" fn add(a: i8, b: &u64) -> u64 {\n'
        "    b.wrapping_add(a as u64)\n}\n"
    )
    text = transpiled(tmp_path, arch, source)
    assert "u64 add(s8 p0_a, void * p1_b)" in text
    assert '#line 5 "src/lib.rs"' in text or '#line 6 "src/lib.rs"' in text
    assert str(tmp_path) not in text
    assert "_RNv" not in text


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("pub extern fn f(a: S) -> u32 { a.0 }", "takes an aggregate"),
        ("pub extern fn f(a: L) -> u32 { a.0 }", "takes an aggregate"),
        ("pub extern fn f() -> S { S(1) }", "returns an aggregate"),
        ("pub extern fn f() -> L { L(1, 2, 3) }", "returns an aggregate"),
        ("extern { fn g(a: S); }\n#[no_mangle] pub extern fn f() { unsafe { g(S(1)) } }", "takes"),
        ('pub fn f() { unsafe { core::arch::asm!("") } }', ""),
    ],
)
def test_what_has_no_c_is_refused_with_a_mend(
    arch: str, tmp_path: Path, item: str, said: str
) -> None:
    types = "#[repr(C)] pub struct S(u32);\n#[repr(C)] pub struct L(u32, u32, u32);\n"
    mark = "" if item.startswith("extern") else "#[no_mangle] "
    with pytest.raises(UserError) as caught:
        transpiled(tmp_path, arch, f"{HEAD}{types}{mark}{item}\n")
    assert said in str(caught.value)
    if said:
        assert "pass a pointer" in str(caught.value)
        assert "reached in" in str(caught.value)


TYPES = """\
#[repr(C)] #[derive(Clone, Copy)] pub struct Small(u32);
#[repr(C)] #[derive(Clone, Copy)] pub struct Large(u32, u32, u32);
#[repr(transparent)] #[derive(Clone, Copy)] pub struct Code(i32);
#[repr(C)] pub struct Table<F>(F);
"""


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (
            (
                'extern "C" fn on(a: Small) -> u32 { a.0 }\n'
                '#[no_mangle] pub static TABLE: Table<extern "C" fn(Small) -> u32> = Table(on);'
            ),
            r"takes an aggregate \(parameter 1, Small\) by value: tiny::on, whose address is taken",
        ),
        (
            (
                'extern "C" fn on() -> Large { Large(1, 2, 3) }\n'
                '#[no_mangle] pub fn give() -> extern "C" fn() -> Large { on }'
            ),
            r"returns an aggregate \(Large\) by value: tiny::on, whose address is taken",
        ),
        (
            (
                '#[no_mangle] pub fn ask(t: &Table<extern "C" fn(i32, Small) -> u32>) -> u32 {\n'
                "    (t.0)(1, Small(1))\n}"
            ),
            r"src/lib.rs:9: a call through a pointer .*takes an aggregate \(parameter 2\).* in ask",
        ),
        (
            (
                "fn through<F: Fn() -> Large>(f: F) -> u32 { f().2 }\n"
                '#[no_mangle] pub fn ask(f: extern "C" fn() -> Large) -> u32 { through(|| f()) }'
            ),
            "a call through a pointer .*returns an aggregate",
        ),
        (
            (
                'extern "C" { fn far(a: Large) -> i32; }\n'
                "#[no_mangle] pub fn ask() -> i32 { unsafe { far(Large(1, 2, 3)) } }"
            ),
            r"takes an aggregate \(parameter 1, Large\) by value: far",
        ),
        (
            (
                'extern "C-unwind" fn on(a: Small) -> u32 { a.0 }\n'
                '#[no_mangle] pub static T: Table<extern "C-unwind" fn(Small) -> u32> = Table(on);'
            ),
            'unwind.*"C-unwind"',
        ),
    ],
)
def test_an_aggregate_by_value_is_refused_wherever_c_is(
    arch: str, tmp_path: Path, items: str, said: str
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        transpiled(tmp_path, arch, f"{HEAD}{TYPES}{items}\n")
    assert "\n  mend: " in str(caught.value)


def test_what_only_rust_calls_may_be_an_aggregate(arch: str, tmp_path: Path) -> None:
    source = (
        'extern "C" fn own(a: Small) -> Large { Large(a.0, 2, 3) }\n'
        "fn plain(a: Small) -> Large { Large(a.0, 2, 3) }\n"
        "#[no_mangle] pub fn call(f: fn(Small) -> Large, g: &dyn Fn(Large) -> Small) -> u32 {\n"
        "    own(g(f(Small(1)))).0\n}\n"
        "#[no_mangle] pub static TABLE: Table<fn(Small) -> Large> = Table(plain);\n"
        'extern "C" fn back(a: Code, b: &u8, c: u64) -> i16 { a.0 as i16 + *b as i16 + c as i16 }\n'
        '#[no_mangle] pub static BACK: Table<extern "C" fn(Code, &u8, u64) -> i16> = Table(back);\n'
        '#[no_mangle] pub fn ask(f: extern "C" fn(Code, *const u8) -> Option<&\'static u8>) -> bool'
        " { f(Code(1), core::ptr::null()).is_some() }\n"
    )
    assert "struct s_BACK" in transpiled(tmp_path, arch, HEAD + TYPES + source)


def test_what_crosses_is_declared_with_its_sign(arch: str, tmp_path: Path) -> None:
    source = (
        'extern "C" { fn far(a: core::ffi::c_int, b: u32, c: i64, d: Code) -> i32; }\n'
        '#[export_name = "near"] pub extern "C" fn named(a: i32, b: u32) -> Code {\n'
        "    Code(unsafe { far(a.max(-3), b, a as i64 * 2, Code(a)) })\n}\n"
    )
    text = transpiled(tmp_path, arch, HEAD + TYPES + source)
    assert "s32 far(s32, u32, s64, s32)" in text
    assert "s32 near(s32, u32);" in text


def test_a_float_is_refused_by_name_where_the_kernel_has_none(tmp_path: Path, arch: str) -> None:
    if arch != "alpha":
        pytest.skip("this architecture's GCC has floats")
    source = f"{HEAD}#[no_mangle] pub extern fn half(a: &f32) -> bool {{ *a * 0.5 > 1.0 }}\n"
    with pytest.raises(UserError, match=r"floating point.*half"):
        transpiled(tmp_path, arch, source)


def test_a_crate_without_panic_handler_is_told_so(arch: str, tmp_path: Path) -> None:
    source = "#![no_std]\n#[no_mangle] pub fn f(a: &[u8], i: usize) -> u8 { a[i] }\n"
    with pytest.raises(UserError, match="panic_handler"):
        transpiled(tmp_path, arch, source)


def test_a_library_source_of_another_release_is_refused(
    arch: str, tmp_path: Path, rust_source: RustSource
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "src/lib.rs").write_text(HEAD)
    options = Options(
        tmp_path, arch, tmp_path / "out", rust_src=str(rust_source.library), transpiler="rustc"
    )
    crate = load_crate(tmp_path)
    with pytest.raises(UserError, match="and rustc is"):
        run_transpile(
            options, resolve(arch, "none", "rustc"), crate, Outputs(options.out, crate.crate_name)
        )


def test_auto_says_why_it_takes_rustc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    choice = choose("auto")
    assert choice.name == "rustc"
    assert "mrustc not found" in choice.line
    assert "transpiler=mrustc" in choice.line
    with pytest.raises(UserError, match="mrustc not found"):
        choose("auto", str(tmp_path / "mrustc"))
