# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.crate.metadata import licenses
from pipeline.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '[package.metadata.kernel-module]\nlicense = "GPL"\n'


def write(root: Path, manifest: str, *, lib: str = "src/lib.rs") -> Path:
    file = root / lib
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    (root / "Cargo.toml").write_text(manifest, encoding="utf-8")
    return root


def refused(root: Path, manifest: str) -> str:
    with pytest.raises(UserError) as error:
        load_crate(write(root, manifest))
    return str(error.value)


def test_whole_manifest(tmp_path: Path) -> None:
    root = write(
        tmp_path / "a folder",
        """
[package]
name = "my-module"
version = "1.2.3-rc.1+x"
edition = "2021"
authors = ["A <a@example.org>", "B"]
description = '''two
lines'''
license = "GPL-2.0-only"
[lib]
name = "other"
path = "src/root.rs"
crate-type = ["cdylib"]
[dev-dependencies]
serde = "1"
[package.metadata.kernel-module]
license = "Dual MIT/GPL"
alias = ["pci:*"]
firmware = ["a.bin"]
[package.metadata.kernel-module.parameters]
count = { type = "u32", default = 3, description = "…", permissions = 0o444 }
text = { type = "str", default = "x" }
""",
        lib="src/root.rs",
    )
    crate = load_crate(root / "Cargo.toml")
    assert crate is not load_crate(root)
    assert (crate.name, crate.crate_name, crate.version) == ("my-module", "other", "1.2.3-rc.1+x")
    assert (crate.edition, crate.root, crate.lib_path) == ("2021", root, root / "src/root.rs")
    module = crate.module
    assert (module.runtime, module.license) == ("kernel", "Dual MIT/GPL")
    assert (module.authors, module.description) == (("A <a@example.org>", "B"), "two lines")
    assert (module.aliases, module.firmware) == (("pci:*",), ("a.bin",))
    assert [(p.name, p.type, p.default, p.permissions) for p in module.parameters] == [
        ("count", "u32", 3, 0o444),
        ("text", "str", "x", 0),
    ]


def test_defaults_are_cargos(tmp_path: Path) -> None:
    crate = load_crate(write(tmp_path, f'[package]\nname = "m"\n{MODULE}'))
    assert (crate.edition, crate.version) == ("2015", "0.0.0")
    assert crate.features == frozenset()


@pytest.mark.parametrize("license_", licenses())
def test_every_license_of_the_loader(tmp_path: Path, license_: str) -> None:
    text = MODULE.replace("GPL", license_)
    crate = load_crate(write(tmp_path, f'[package]\nname = "m"\n{text}'))
    assert crate.module.license == license_


@pytest.mark.parametrize(
    ("addition", "line", "words"),
    [
        ('edition = "2020"', 3, "package.edition"),
        ('build = "make.rs"', 3, "build script"),
        ('links = "z"', 3, "links"),
        ("version.workspace = true", 3, "inherited from a workspace"),
        ('[build-dependencies]\ncc = "1"', 3, "build-dependencies"),
        ("[lib]\nproc-macro = true", 4, "proc-macro"),
        ('[lib]\ncrate-type = ["proc-macro"]', 4, "proc-macro"),
        ('[lib]\npath = "no.rs"', 4, "no.rs"),
        ('[lib]\nname = "core"', 4, "taken by Rust's own"),
        ('[dependencies]\nserde = "1"', 4, "'serde' comes from a registry"),
        ('[dependencies.serde]\ngit = "https://example.org/x"', 3, "'serde' comes from git"),
        ('[dependencies]\nb = { path = "nowhere" }', 4, "there is no"),
        ("[target.'cfg(unix)'.dependencies]\nb = { path = \"b\" }", 4, "some targets only"),
        ('[features]\n"a b" = []', 4, "features.a b"),
        ("x = [1,\n2,,]", 4, "not valid TOML"),
    ],
)
def test_refused_with_its_line(tmp_path: Path, addition: str, line: int, words: str) -> None:
    text = refused(tmp_path, f'[package]\nname = "m"\n{addition}\n{MODULE}')
    assert f"Cargo.toml:{line}: " in text
    assert words in text


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ('{ type = "u8", default = 256 }', "out of range for u8: 0 to 255"),
        ('{ type = "i16", default = -32769 }', "out of range"),
        ('{ type = "usize", default = 4294967296 }', "32 bits on the narrowest"),
        ('{ type = "u64", default = -1 }', "out of range"),
        ('{ type = "u32", default = true }', "must be an integer"),
        ('{ type = "bool", default = 1 }', "must be true or false"),
        ('{ type = "str", default = 1 }', "must be a string"),
        ('{ type = "str", default = "a\\u0000b" }', "NUL"),
        ('{ type = "i64", default = 1 }', "input should be"),
        ('{ type = "u32" }', "required"),
        ('{ type = "u32", default = 1, permission = 0 }', "did you mean 'permissions'?"),
        ('{ type = "u32", default = 1, permissions = 0o1000 }', "0o777"),
        ('{ type = "u32", default = 1, permissions = 0o044 }', "may read"),
        ('{ type = "u32", default = 1, permissions = 0o464 }', "group may write"),
        ('{ type = "u32", default = 1, permissions = 0o646 }', "all may write"),
    ],
)
def test_parameters_the_kernel_would_not_take(tmp_path: Path, parameter: str, words: str) -> None:
    table = f"{MODULE}[package.metadata.kernel-module.parameters]\np = {parameter}\n"
    text = refused(tmp_path, f'[package]\nname = "m"\n{table}')
    assert "Cargo.toml:6: " in text
    assert words in text


@pytest.mark.parametrize(
    ("kind", "default"),
    [("u64", 2**64 - 1), ("i16", -(2**15)), ("isize", -(2**31)), ("u8", 0)],
)
def test_ends_of_the_ranges(tmp_path: Path, kind: str, default: int) -> None:
    table = f'[package.metadata.kernel-module.parameters.p]\ntype = "{kind}"\ndefault = {default}\n'
    crate = load_crate(write(tmp_path, f'[package]\nname = "m"\n{MODULE}{table}'))
    assert crate.module.parameters[0].default == default


def test_misspelt_metadata_key_names_the_nearest(tmp_path: Path) -> None:
    text = refused(tmp_path, f'[package]\nname = "m"\n{MODULE}licence = "GPL"\n')
    assert "Cargo.toml:5: " in text
    assert "did you mean 'license'?" in text


def test_module_needs_table_and_license(tmp_path: Path) -> None:
    assert "runtime" in refused(tmp_path, '[package]\nname = "m"\n')
    text = refused(tmp_path, '[package]\nname = "m"\n[package.metadata.kernel-module]\n')
    assert "needs a license" in text
    free = '[package]\nname = "m"\n[package.metadata.kernel-module]\nruntime = "none"\n'
    assert load_crate(write(tmp_path, free)).module.runtime == "none"


def test_build_script_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "build.rs").touch()
    manifest = f'[package]\nname = "m"\n{MODULE}'
    assert "build.rs" in refused(tmp_path, manifest)
    allowed = manifest.replace('"m"\n', '"m"\nbuild = false\n')
    assert load_crate(write(tmp_path, allowed)).name == "m"


def test_program_without_library(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").touch()
    (tmp_path / "Cargo.toml").write_text(f'[package]\nname = "m"\n{MODULE}')
    with pytest.raises(UserError, match="only a program"):
        load_crate(tmp_path)


def test_module_name_fits_the_kernels_field(tmp_path: Path) -> None:
    manifest = f'[package]\nname = "{"m" * 55}"\n{MODULE}'
    assert load_crate(write(tmp_path, manifest)).crate_name == "m" * 55
    assert "55 bytes" in refused(tmp_path, manifest.replace("mmmm", "mmmmm", 1))


@pytest.mark.parametrize(
    "content",
    [
        "a = " + "[" * 100_000,
        ".".join(["a"] * 100_000) + " = 1",
        "a = " + "9" * 100_000,
        "x" * (1024 * 1024),
        'a = "\xff',
    ],
    ids=["nested", "dotted", "digits", "large", "latin-1"],
)
def test_hostile_toml_is_refused_soon(tmp_path: Path, content: str) -> None:
    (tmp_path / "Cargo.toml").write_text(content, encoding="latin-1")
    start = time.process_time()
    with pytest.raises(UserError):
        load_crate(tmp_path)
    assert time.process_time() - start < 20


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no Cargo\.toml"):
        load_crate(tmp_path)


def test_workspace_inheritance(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text(
        '[workspace]\nmembers = ["m"]\n[workspace.package]\nversion = "4.5.6"\nedition = "2024"\n'
        '[workspace.dependencies]\nlow = { path = "low", features = ["x"] }\n'
    )
    write(tmp_path / "low", '[package]\nname = "low"\n[features]\nx = []\ny = []\n')
    write(
        tmp_path / "m",
        '[package]\nname = "m"\nversion.workspace = true\nedition = { workspace = true }\n'
        f'[dependencies]\nlow = {{ workspace = true, features = ["y"] }}\n{MODULE}',
    )
    crate = load_crate(tmp_path / "m")
    assert (crate.version, crate.edition) == ("4.5.6", "2024")
    assert crate.dependencies[0].crate.features == {"x", "y"}
    with pytest.raises(UserError, match="name one of its members"):
        load_crate(tmp_path)
