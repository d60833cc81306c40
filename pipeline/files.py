# SPDX-License-Identifier: GPL-2.0-only
"""Files that are whole or absent: temp-then-rename, content keys, and the user's cache."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_COMPLETE = ".complete"
_SCRATCH = ".ferric-"
_thread = threading.local()


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path`` so that a reader sees the old file or the new one, whole."""
    with output_file(path) as temporary:
        if isinstance(content, str):
            temporary.write_text(content, encoding="utf-8")
        else:
            temporary.write_bytes(content)


def write_if_changed(path: Path, content: str) -> None:
    """Like :func:`write_atomic`, but leave the file and its time alone where nothing changed."""
    try:
        if path.read_text(encoding="utf-8") == content:
            return
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    write_atomic(path, content)


@contextlib.contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it when the block ends well, else remove it.

    The temporary name keeps the suffix of ``path``: tools choose by it.
    """
    with scratch(path.parent, path.name) as folder:
        temporary = folder / path.name
        yield temporary
        temporary.replace(path)


@contextlib.contextmanager
def scratch(parent: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder in ``parent`` for work on ``name``; it is gone when the block ends.

    A process that is killed leaves its folder behind; the next one to work on ``name`` removes it.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{_SCRATCH}*-{glob.escape(name)}"):
        _remove_abandoned(left)
    folder = parent / f"{_SCRATCH}{os.getpid()}-{name}"
    folder.mkdir()
    # The lock, and not the process's number, says that the folder is in use: a killed process can
    # stay as a zombie, and numbers come again.
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_abandoned(folder: Path) -> None:
    """Remove a scratch folder, unless the process that made it still holds its lock."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)


def text_start(path: Path, limit: int) -> str:
    """Return up to ``limit`` bytes of a text file; nothing where there is no file to be read."""
    with contextlib.suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as stream:
                return stream.read(limit).decode("utf-8", "replace")
    return ""


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_files(paths: Iterable[Path], *, base: Path) -> str:
    """Return one SHA-256 over the names (relative to ``base``) and the bytes of ``paths``."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(base)}\0{digest_file(path)}\n".encode())
    return total.hexdigest()


def digest_key(parts: object) -> str:
    """Return a short key (20 hexadecimal digits) for anything that JSON can write."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def cache_root() -> Path:
    """Return the user's cache directory: ``$FERRIC_CACHE``, or ``ferric`` in the platform's own."""
    named = os.environ.get("FERRIC_CACHE")
    return Path(named).absolute() if named else Path(platformdirs.user_cache_dir("ferric"))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` (made if absent); it is free again however we end.

    The commands that this thread starts meanwhile hold it, too (see :func:`held_locks`): where we
    are killed and one of them is not, nobody works in the same place until it has ended.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        before = held_locks()
        _thread.locks = (*before, stream.fileno())
        try:
            yield
        finally:
            _thread.locks = before


def held_locks() -> tuple[int, ...]:
    """Return the file descriptors of the locks that this thread holds, for commands to inherit."""
    locks: tuple[int, ...] = getattr(_thread, "locks", ())
    return locks


def in_cache(kind: str, key: object) -> bool:
    """Say whether :func:`cached` would return at once: nothing has to be made."""
    return (_cache_folder(kind, key) / _COMPLETE).exists()


def cached(kind: str, key: object, make: Callable[[Path], None]) -> Path:
    """Return the cache folder for ``key``, made by ``make(folder)`` where it is not yet there.

    ``kind`` is a readable prefix, ``key`` anything JSON can write that holds *all* that went in.
    A folder counts only once ``make`` returned: one that an interrupted run left is thrown away.
    ``make`` gets the final path, so what it builds may hold paths to itself (a kernel tree does).
    """
    folder = _cache_folder(kind, key)
    mark = folder / _COMPLETE
    if mark.exists():
        return folder
    with locked(folder.with_name(folder.name + ".lock")):
        if mark.exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_atomic(folder / "key.json", json.dumps(key, indent=1, sort_keys=True, default=str))
        make(folder)
        mark.touch()
    return folder


def _cache_folder(kind: str, key: object) -> Path:
    return cache_root() / f"{kind}-{digest_key(key)}"
