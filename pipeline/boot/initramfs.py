# SPDX-License-Identifier: GPL-2.0-only
"""The file system that a kernel boots into: an archive in memory, the same bytes every time.

The format is "newc" of Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's
source: a header of 8-digit hexadecimal fields, the name, the data, each padded to 4 bytes.
"""

from __future__ import annotations

import gzip
import stat
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAGIC = "070701"
_TRAILER = "TRAILER!!!"
_FOLDER = stat.S_IFDIR | 0o755
_FILE = stat.S_IFREG | 0o644
_PROGRAM = stat.S_IFREG | 0o755
_DEVICE = stat.S_IFCHR | 0o600
# Documentation/admin-guide/devices.txt: 5:1 the console, 1:11 the kernel's log.
_CONSOLE = (5, 1)
_KMSG = (1, 11)
MODULES = "modules"


@dataclass(frozen=True)
class _Entry:
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def initramfs(init: bytes, plan: str, modules: Mapping[str, bytes]) -> bytes:
    """Return a gzip-compressed archive with ``/init``, ``/plan`` and ``/modules/<name>``.

    The names of ``modules`` are plain file names.  Nothing of the time or the machine goes in.
    """
    entries = {
        "dev": _Entry(_FOLDER),
        "dev/console": _Entry(_DEVICE, device=_CONSOLE),
        "dev/kmsg": _Entry(_DEVICE, device=_KMSG),
        "init": _Entry(_PROGRAM, init),
        "plan": _Entry(_FILE, plan.encode()),
        "proc": _Entry(_FOLDER),
        "sys": _Entry(_FOLDER),
        MODULES: _Entry(_FOLDER),
    }
    for name, data in modules.items():
        if PurePosixPath(name).name != name:
            raise ValueError(name)
        entries[f"{MODULES}/{name}"] = _Entry(_FILE, data)
    return gzip.compress(_archive(entries), mtime=0)


def _archive(entries: Mapping[str, _Entry]) -> bytes:
    """Return the archive, sorted by name: a folder comes before what is in it."""
    out = bytearray()
    for number, name in enumerate(sorted(entries), 1):
        _append(out, number, name, entries[name])
    _append(out, 0, _TRAILER, _Entry(0))
    return bytes(out)


def _append(out: bytearray, inode: int, name: str, entry: _Entry) -> None:
    raw = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    # inode, mode, owner, group, links, time, size, device of the file system (two fields), device
    # of the entry (two fields), length of the name, and a checksum that newc leaves 0.
    fields = (inode, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(raw), 0)
    out += (_MAGIC + "".join(f"{field:08x}" for field in fields)).encode() + raw
    out += b"\0" * (-len(out) % 4)
    out += entry.data
    out += b"\0" * (-len(out) % 4)
