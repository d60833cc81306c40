# SPDX-License-Identifier: GPL-2.0-only
"""The library source is found, its release is read from itself, archives are handled safely."""

from __future__ import annotations

import contextlib
import io
import tarfile
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.transpile import rust_src
from pipeline.transpile.rust_src import find_rust_source, open_source


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FERRIC_RUST_SRC", raising=False)


def library(folder: Path, minor: int) -> Path:
    for name in ("core", "alloc"):
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "src/lib.rs").write_text("#![no_core]\n")
    (folder / "core/src/num.rs").write_text(
        '#[stable(feature = "a", since = "1.0.0")]\n'
        f'#[stable(feature = "b", since = "1.{minor}.0")]\n'
        '#[deprecated(since = "1.99.0", note = "to come")]\n'
    )
    return folder


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:xz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


WHOLE = {
    "rust-1.90.0/library/core/src/lib.rs": b'#[stable(feature = "x", since = "1.90.0")]',
    "rust-1.90.0/library/alloc/src/lib.rs": b"",
    "rust-1.90.0/compiler/x.rs": b"",
}


def test_the_release_is_the_newest_since_in_core(tmp_path: Path) -> None:
    assert open_source(library(tmp_path / "rust-1.17", 90), "test").release == "1.90"


def test_a_folder_that_has_a_library_will_do(tmp_path: Path) -> None:
    library(tmp_path / "src" / "library", 90)
    assert open_source(tmp_path / "src", "test").library == (tmp_path / "src/library").resolve()


def test_another_release_is_refused_with_both_numbers(tmp_path: Path) -> None:
    path = library(tmp_path / "library", 96)
    with pytest.raises(UserError, match=r"1\.96.*takes 1\.90"):
        find_rust_source(str(path), ("1.90",))


def test_the_environment_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FERRIC_RUST_SRC", str(library(tmp_path / "library", 90)))
    assert find_rust_source(None, ("1.90",)).origin == "$FERRIC_RUST_SRC"


def test_what_was_seen_is_told_where_nothing_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = library(tmp_path / "library", 96)
    monkeypatch.setattr(rust_src, "_usual_places", lambda: iter([seen]))
    with pytest.raises(UserError, match=r"seen: .*library is 1\.96"):
        find_rust_source(None, ("1.90",))


def test_an_archive_is_unpacked_once_and_only_its_library(tmp_path: Path) -> None:
    path = archive(tmp_path / "rust.tar.xz", WHOLE)
    source = open_source(path, "test")
    assert source.release == "1.90"
    assert not list(source.library.parent.rglob("x.rs"))
    (source.library / "mark").touch()
    assert (open_source(path, "test").library / "mark").exists()


@pytest.mark.parametrize(
    "name", ["../../../escape", "/tmp/escape", "library/../../escape", "x/library/../../../escape"]
)
def test_an_archive_cannot_write_outside(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.tar.xz", {**WHOLE, name: b"x"})
    with contextlib.suppress(UserError):
        open_source(path, "test")
    assert not [found for found in tmp_path.rglob("escape") if "cache/rust-src" not in str(found)]
    assert not Path("/tmp/escape").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\xfd7zXZ\x00\x00garbage"])
def test_a_broken_archive_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rust.tar.xz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a readable archive"):
        open_source(path, "test")


def test_an_archive_without_core_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no library/core"):
        open_source(archive(tmp_path / "a.tar.xz", {"README": b""}), "test")
