# SPDX-License-Identifier: GPL-2.0-only
"""mrustc's own list of the module files it read is the oracle for ours."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pipeline.crate.graph import load_crate
from pipeline.crate.sources import sources
from pipeline.run import run

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
    "plain.rs": "mod child; mod inline { mod under; #[path = \"p.rs\"] mod q; }",
    "plain/child.rs": "",
    "plain/inline/under.rs": "",
    "plain/inline/p.rs": "",
    "folder/mod.rs": "mod sibling;",
    "folder/sibling.rs": "mod more;",
    "folder/sibling/more.rs": "",
    "try.rs": "",
    "elsewhere/named.rs": "mod beside;",
    "elsewhere/beside.rs": "",
    "inline/inner/mod.rs": "",
    "inline/deeper/deepest.rs": "",
}  # fmt: skip


def depfile(lib: Path, name: str, edition: str, out: Path) -> set[Path]:
    """Return the files that mrustc says it parsed; it may fail later, for want of a library."""
    if shutil.which("mrustc") is None:
        pytest.skip("mrustc is not on PATH")
    file = out / "deps.d"
    run(
        ["mrustc", lib, "--crate-name", name, "--crate-type", "rlib", "--edition", edition]
        + ["-o", str(out / "out.rlib"), "-C", f"emit-depfile={file}"],
        cwd=out,
        env={"MRUSTC_TARGET_VER": "1.90"},
        timeout=120,
    )
    if not file.exists():
        pytest.fail("mrustc wrote no depfile")
    # mrustc does not escape spaces: a name ends where its suffix does.
    words = file.read_text().partition(":")[2].replace("\\\n", " ").split(".rs")
    return {Path(os.path.normpath(f"{word.strip()}.rs")) for word in words if word.strip()}


def test_many_shapes_as_mrustc_sees_them(tmp_path: Path) -> None:
    root = tmp_path / "with space"
    for name, text in FILES.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "Cargo.toml").write_text(
        '[package]\nname = "m"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    crate = load_crate(root)
    ours = set(sources(crate).files)
    assert ours == {root / "src" / name for name in FILES}
    assert depfile(crate.lib_path, "m", "2021", tmp_path) == ours


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
