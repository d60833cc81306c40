# SPDX-License-Identifier: GPL-2.0-only
"""The lists of files that mrustc and rustc say they read are the oracles for ours."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.crate.sources import sources
from pipeline.errors import UserError
from pipeline.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.crate.model import Crate

FILES = {
    "lib.rs": """
        #![no_core]
        #![feature(no_core)]
        pub mod plain;
        mod folder;
        mod r#try;
        #[path = "elsewhere/named.rs"] mod by_path;
        #[cfg(any())] mod never;
        /* mod commented; */
        mod inline { pub mod inner; mod deeper { mod deepest; } }
        macro_rules! unused { ($n:ident) => { mod $n; } }
    """,
    "plain.rs": "mod child;",
    "plain/child.rs": "",
    "folder/mod.rs": "mod sibling;",
    "folder/sibling.rs": "mod more;",
    "folder/sibling/more.rs": "",
    "try.rs": "",
    "elsewhere/named.rs": "mod beside;",
    "elsewhere/beside.rs": "",
    "inline/inner/mod.rs": "",
    "inline/deeper/deepest.rs": "",
}  # fmt: skip

# mrustc 0.12 does not find modules inside an inline one of a file that is no mod.rs, and lists no
# file that is only included.
FOR_RUSTC = {
    "folder/sibling/more.rs": 'mod inline { mod under; #[path = "p.rs"] mod q; }\n'
    '#[path = "away"] mod other { mod o; }',
    "folder/sibling/more/inline/under.rs": "",
    "folder/sibling/more/inline/p.rs": "",
    "folder/sibling/away/o.rs": "",
    "try.rs": """
        #[cfg_attr(all(), path = "chosen.rs")] mod chosen_by_cfg;
        const A: &str = include_str!("a text.txt");
        const B: &[u8] = include_bytes!(concat!("b", ".bin"));
        include!("included.rs");
        macro_rules! outer { ($($t:tt)*) => { $($t)* } }
        outer! { mod from_macro; }
    """,
    "try/from_macro.rs": "",
    "chosen.rs": "",
    "a text.txt": "mod no;",
    "b.bin": "",
    "included.rs": "mod beside_included;",
    "beside_included.rs": "",
}


def depfile(lib: Path, name: str, edition: str, out: Path) -> set[Path]:
    """Return the files that mrustc says it parsed; it may fail later, for want of a library."""
    if shutil.which("mrustc") is None:
        pytest.skip("mrustc is not on PATH")
    file = out / "deps.d"
    run(
        [
            *("mrustc", str(lib), "--crate-name", name, "--crate-type", "rlib"),
            *("--edition", edition, "-o", str(out / "out.rlib"), "-C", f"emit-depfile={file}"),
            *("-Z", "stop-after=resolve"),
        ],
        cwd=out,
        env={"MRUSTC_TARGET_VER": "1.90"},
        timeout=120,
    )
    if not file.exists():
        pytest.fail("mrustc wrote no depfile")
    # mrustc does not escape spaces: a name ends where its suffix does.
    words = file.read_text().splitlines()[0].partition(": ")[2].split(".rs")
    return {Path(os.path.normpath(f"{word.strip()}.rs")) for word in words if word.strip()}


def write(root: Path, files: Mapping[str, str]) -> Crate:
    for name, text in files.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")  # mrustc 0.12 aborts on an empty file
    (root / "Cargo.toml").write_text(
        '[package]\nname = "m"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    return load_crate(root)


def test_many_shapes_as_mrustc_sees_them(tmp_path: Path) -> None:
    root = tmp_path / "with space"
    crate = write(root, FILES)
    ours = set(sources(crate).files)
    assert ours == {root / "src" / name for name in FILES}
    assert depfile(crate.lib_path, "m", "2021", tmp_path) == ours


def test_more_shapes_as_rustc_sees_them(tmp_path: Path) -> None:
    try:
        rustc = find_rustc(None)
    except UserError as error:
        pytest.skip(error.what)
    root = FILES["lib.rs"].replace("#![no_core]", "#![no_std]")
    crate = write(tmp_path, {**FILES, **FOR_RUSTC, "lib.rs": root})
    ours = set(sources(crate).files)
    argv: list[str | Path] = [
        rustc.path,
        crate.lib_path,
        "--crate-name",
        "m",
        "--crate-type",
        "lib",
        "--edition",
    ]
    argv += ["2021", "--emit=dep-info", "-o", tmp_path / "deps.d"]
    run(argv, env={"RUSTC_BOOTSTRAP": "1"}, timeout=60)
    line = (tmp_path / "deps.d").read_text().splitlines()[0].partition(": ")[2]
    words = re.split(r"(?<!\\) ", line)
    theirs = {Path(os.path.normpath(word.replace("\\ ", " "))) for word in words}
    assert ours == theirs
    assert tmp_path / "src/a text.txt" in ours


def test_core_as_mrustc_sees_it(tmp_path: Path) -> None:
    named = os.environ.get("FERRIC_RUST_SRC", "")
    library = Path(named) if named else None
    if library is None or not (library / "core/src/lib.rs").is_file():
        pytest.skip("FERRIC_RUST_SRC does not name a Rust library source")
    (tmp_path / "Cargo.toml").write_text(
        '[package]\nname = "core-like"\nedition = "2024"\n'
        f'[lib]\npath = "{library.resolve()}/core/src/lib.rs"\n'
        '[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    crate = load_crate(tmp_path)
    ours = set(sources(crate).files)
    theirs = depfile(crate.lib_path, "core", "2024", tmp_path)
    assert len(theirs) > 100
    assert theirs - ours == set()
