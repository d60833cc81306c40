# SPDX-License-Identifier: GPL-2.0-only
"""The gate with a real rustc: what mrustc lets pass is refused, for the architecture's layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.check.gate import CheckFailed, GateResult, check
from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import Layout, probe
from pipeline.transpile.library import library_crate
from pipeline.transpile.mrustc import Job, find_mrustc, transpile
from pipeline.transpile.rust_src import find_rust_source
from pipeline.transpile.target import target_file

KERNEL = Path(__file__).parents[2] / "pipeline/runtime/kernel"

MOVED = """#![no_std]
pub struct Key(pub u32);
pub fn eat(key: Key) -> u32 { key.0 }
pub fn twice(key: Key) -> u32 { let one = eat(key); one ^ eat(key) }
"""
# mrustc 0.12 stops on MOVED, with an abort that names no line; a field moved twice it lets pass.
FIELD_MOVED = """#![no_std]
pub struct Key(pub u32);
pub fn eat(key: Key) -> u32 { key.0 }
pub fn twice(pair: (Key, u32)) -> u32 { let key = pair.0; eat(key) ^ eat(pair.0) }
"""
BORROWED = """#![no_std]
pub fn both(value: &mut [u32; 2]) -> u32 {
    let one = &mut value[0];
    let two = &mut value[0];
    *one = 1;
    *two = 2;
    *one
}
"""
FACTS = """#![no_std]
extern crate alloc;
const _: () = assert!(core::mem::size_of::<usize>() == {word});
const _: () = assert!(cfg!(target_arch = "{arch}"));
const _: () = assert!(cfg!(target_endian = "{endian}"));
const _: () = assert!(cfg!(ferric) && cfg!(feature = "on") && !cfg!(feature = "off"));
const _: () = assert!(core::mem::align_of::<u64>() == {align});
const _: () = assert!(env!("EXTRA").len() == 3);
pub fn list() -> alloc::vec::Vec<alloc::string::String> {{ alloc::vec![alloc::format!("x")] }}
"""


def crate(root: Path, source: str, rest: str = "") -> Path:
    (root / "src").mkdir(parents=True)
    (root / "src/lib.rs").write_text(source)
    (root / "Cargo.toml").write_text(
        f'[package]\nname = "{root.name}"\nedition = "2021"\n{rest}\n'
        '[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    return root


def gate(
    root: Path, name: str = "m68k", env: dict[str, str] | None = None, *, kernel: bool = False
) -> GateResult:
    arch = load().get(name)
    try:
        info = find_rustc(None)
    except UserError as error:
        pytest.skip(error.what)
    if info.library is None:
        pytest.skip("no rustc here has its library's source")
    return check(
        load_crate(root),
        layout=layout_of(name),
        arch=arch,
        rustc=None,
        mode="require",
        kernel_crate=load_crate(KERNEL) if kernel else None,
        out=root / "out",
        env=env,
    )


def layout_of(name: str) -> Layout:
    arch = load().get(name)
    if not installed(arch):
        pytest.skip(f"no GCC for {name}")
    return probe(find(arch), arch.all_flags)


@pytest.mark.parametrize("name", ["m68k", "alpha"])
def test_target_is_the_architecture(tmp_path: Path, name: str) -> None:
    """m68k is a CPU that rustc has a name for, alpha one that it has not."""
    layout, arch = layout_of(name), load().get(name)
    source = FACTS.format(
        word=layout.pointer_bits // 8,
        arch=arch.rust_arch,
        endian="big" if layout.big_endian else "little",
        align=layout.alignments["u64"],
    )
    features = '[features]\non = []\noff = []\ndefault = ["on"]'
    root = crate(tmp_path / "with space" / "facts", source, features)
    result = gate(root, name, {"EXTRA": "abc"})
    assert (result.status, result.library) == ("passed", "target")
    assert result.rustc_version.startswith("rustc 1.")
    (root / "src/lib.rs").write_text(source.replace("usize>() ==", "usize>() !="))
    with pytest.raises(CheckFailed, match="E0080"):
        gate(root, name, {"EXTRA": "abc"})


@pytest.mark.parametrize(
    ("source", "code"),
    [(MOVED, "E0382"), (FIELD_MOVED, "E0382"), (BORROWED, "E0499")],
    ids=["moved", "field", "borrowed"],
)
def test_invalid_rust_is_refused(tmp_path: Path, source: str, code: str) -> None:
    root = crate(tmp_path / "bad", source)
    with pytest.raises(CheckFailed) as error:
        gate(root)
    assert f"error[{code}]" in error.value.rendered
    assert "src/lib.rs:4:" in error.value.rendered
    assert f"bad: refused by {find_rustc(None).title}" in str(error.value)


@pytest.mark.parametrize("source", [FIELD_MOVED, BORROWED], ids=["field", "borrowed"])
def test_mrustc_alone_accepts_it(tmp_path: Path, source: str) -> None:
    layout = layout_of("m68k")
    try:
        mrustc = find_mrustc(None)
        library = find_rust_source(None, mrustc.releases)
    except UserError as error:
        pytest.skip(error.what)
    root = crate(tmp_path / "bad", source)
    target = target_file(load().get("m68k"), layout)
    (tmp_path / "target.toml").write_text(target)
    core = library_crate("core", mrustc, library, target)
    job = Job(
        crate_name="bad",
        crate_type="rlib",
        edition="2021",
        root="src/lib.rs",
        cwd=root,
        target=tmp_path / "target.toml",
        output=tmp_path / "libbad.rlib",
        release=library.release,
        search=(core.folder,),
    )
    assert transpile(mrustc, job, tmp_path / "log").stat().st_size > 0


def test_warnings_and_denied_lints_do_not_stop(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "#![no_std]\n#![deny(warnings)]\nfn unused() {}\n"
    assert gate(crate(tmp_path / "lint", source)).status == "passed"
    assert "warning: function `unused` is never used" in capfd.readouterr().err


def test_dependency_is_checked_and_named(tmp_path: Path) -> None:
    crate(tmp_path / "low", MOVED)
    top = crate(
        tmp_path / "top",
        "#![no_std]\npub fn f() -> u32 { other::twice(other::Key(1)) }\n",
        '[dependencies]\nother = { path = "../low", package = "low" }',
    )
    with pytest.raises(CheckFailed, match="low: refused by"):
        gate(top)
    (tmp_path / "low/src/lib.rs").write_text(MOVED.replace("one ^ eat(key)", "one"))
    assert gate(top).status == "passed"


def test_kernel_crate_is_seen_without_a_line_in_the_manifest(tmp_path: Path) -> None:
    root = crate(tmp_path / "m", "#![no_std]\npub use kernel::prelude;\n")
    text = (root / "Cargo.toml").read_text().replace('"none"', '"kernel"\nlicense = "GPL"')
    (root / "Cargo.toml").write_text(text)
    with pytest.raises(CheckFailed, match="E0432"):
        gate(root)
    assert gate(root, kernel=True).status == "passed"
