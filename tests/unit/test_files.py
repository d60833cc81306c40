# SPDX-License-Identifier: GPL-2.0-only
"""Files are whole or absent, also when we are killed; the cache holds only what is complete."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.files import (
    cached,
    digest_files,
    digest_key,
    held_locks,
    locked,
    output_file,
    scratch,
    write_atomic,
    write_if_changed,
)
from pipeline.run import run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "the cache"))
    return tmp_path / "the cache"


def test_write_atomic_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a/b.txt"
    write_atomic(path, "é")
    write_atomic(path, b"\xff")
    assert path.read_bytes() == b"\xff"
    assert [one.name for one in path.parent.iterdir()] == ["b.txt"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "out.o"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), output_file(path) as temporary:
        _write_half(temporary, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _write_half(temporary: Path, path: Path) -> None:
    assert temporary.name == path.name
    assert temporary.parent.parent == path.parent
    temporary.write_text("half")
    raise FileNotFoundError


def test_write_if_changed_keeps_the_time_of_what_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_if_changed(path, "one")
    os.utime(path, (1, 1))
    write_if_changed(path, "one")
    assert path.stat().st_mtime == 1
    write_if_changed(path, "two")
    assert path.stat().st_mtime != 1
    path.write_bytes(b"\xff")
    write_if_changed(path, "three")
    assert path.read_text() == "three"


def test_digests_see_names_and_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    both = digest_files([two, one], base=tmp_path)
    assert both == digest_files([one, two], base=tmp_path)
    two.write_text("3")
    assert both != digest_files([one, two], base=tmp_path)
    two.rename(tmp_path / "three")
    one_three = digest_files([one, tmp_path / "three"], base=tmp_path)
    assert one_three not in {both, digest_files([one], base=tmp_path)}
    assert digest_key({"a": 1, "b": 2}) == digest_key({"b": 2, "a": 1})
    assert digest_key({"a": "1"}) != digest_key({"a": 1})


def test_cached_makes_once_for_a_key(cache: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "result").write_text("r")

    first = cached("thing", {"n": 1}, make)
    assert cached("thing", {"n": 1}, make) == first
    assert cached("thing", {"n": 2}, make) != first
    assert len(made) == 2
    assert first.parent == cache
    assert (first / "result").read_text() == "r"


def test_cached_throws_away_what_was_begun(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("h")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cached("thing", 1, fail)
    folder = cached("thing", 1, lambda folder: (folder / "whole").touch())
    assert (folder / "whole").exists()
    assert not (folder / "half").exists()


def test_cached_by_many_threads_is_made_once(cache: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        time.sleep(0.05)
        made.append(folder)

    threads = [threading.Thread(target=cached, args=("t", 1, make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_locks_are_held_by_this_thread_and_inside_only(tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []
    with locked(tmp_path / "a.lock"), locked(tmp_path / "b.lock"):
        thread = threading.Thread(target=lambda: seen.append(held_locks()))
        thread.start()
        thread.join()
        assert len(held_locks()) == 2
        inherited = run(["sh", "-c", "ls -l /proc/self/fd"]).output
        assert "a.lock" in inherited
        assert "b.lock" in inherited
    assert seen == [()]
    assert held_locks() == ()
    assert ".lock" not in run(["sh", "-c", "ls -l /proc/self/fd"]).output


ORPHAN = """
import sys
from pathlib import Path
from pipeline.files import cached
from pipeline.run import run
def make(folder):
    run(["sh", "-c", f"touch '{folder}/begun'; sleep 2; echo late >'{folder}/result'"])
cached("thing", 1, make)
"""


def test_what_a_killed_run_left_at_work_ends_before_the_next_begins(cache: Path) -> None:
    """SIGKILL reaches us and not the tool: it must not write into what is made anew."""
    process = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    deadline = time.monotonic() + 60
    while not list(cache.glob("thing-*/begun")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    folder = cached("thing", 1, lambda folder: write_atomic(folder / "result", "new"))
    assert not (folder / "begun").exists()
    time.sleep(2.2)
    assert (folder / "result").read_text() == "new"


def test_an_abandoned_scratch_folder_is_removed_and_one_in_use_is_not(tmp_path: Path) -> None:
    left = tmp_path / ".ferric-1-out.o"
    left.mkdir()
    (left / "half").touch()
    with scratch(tmp_path, "out.o") as first:
        assert not left.exists()
        with scratch(tmp_path, "other.o"):
            assert first.is_dir()
        used = tmp_path / ".ferric-2-out.o"
        first.rename(used)
        with scratch(tmp_path, "out.o"):
            assert used.is_dir(), "its maker still holds the lock"
        used.rename(first)
    assert list(tmp_path.iterdir()) == []
