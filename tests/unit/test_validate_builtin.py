# SPDX-License-Identifier: GPL-2.0-only
"""Names in sysfs that the kernel itself has, read from a small vmlinux."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from pipeline.validate.builtin import CHECKS
from pipeline.validate.finding import Severity, Skipped
from tests.unit.elf_writer import Elf, Sec
from tests.unit.module_writer import judged, module, one, reference, without_kernel

if TYPE_CHECKING:
    from pathlib import Path

CHECK = CHECKS["sections.name-taken"]
TEXTS = b"random.seed\0quiet\0hidden.one\0"
AT = 0x1000


def tree(folder: Path, bits: int = 32, order: str = "big") -> None:
    """Write what is asked of a kernel tree: parameters with and without a file, and a version."""
    word, prefix = ("Q" if bits == 64 else "I"), ("<" if order == "little" else ">")
    entries = b"".join(
        struct.pack(f"{prefix}3{word}HbB{'4x' if bits == 64 else ''}{word}", AT + at, *rest)
        for at, rest in (
            (TEXTS.index(b"random"), (0, 0, 0o644, -1, 0, 0)),
            (TEXTS.index(b"quiet"), (0, 0, 0o400, -1, 0, 0)),
            (TEXTS.index(b"hidden"), (0, 0, 0, -1, 0, 0)),
        )
    )
    elf = Elf(bits=bits, order=order, kind=2)
    elf.sections = [Sec(".rodata", TEXTS, flags=2, address=AT), Sec("__param", entries, flags=2)]
    (folder / "vmlinux").write_bytes(elf.build())
    info = b"n_null.license=GPL\0n_null.version=1\0crc32.license=GPL\0"
    (folder / "modules.builtin.modinfo").write_bytes(info)


@pytest.mark.parametrize(("bits", "order"), [(32, "big"), (64, "little")])
def test_what_the_kernel_has_itself_no_module_can_have(
    tmp_path: Path, bits: int, order: str
) -> None:
    tree(tmp_path, bits, order)
    against = reference(tmp_path, CONFIG_SYSFS="y")
    for name in ("random", "kernel", "n_null"):
        found = one(judged(tmp_path, module(name), against, CHECK))
        assert found.severity is Severity.ERROR
        assert f"/sys/module/{name}" in found.evidence
    for name in ("a", "hidden", "seed", "crc32", "quiet"):
        assert judged(tmp_path, module(name), against, CHECK) == []
    without = reference(tmp_path)
    assert judged(tmp_path, module("random"), without, CHECK) == []


@pytest.mark.parametrize("data", [None, b"", b"\x7fELF", Elf(kind=2).build()])
def test_a_tree_that_does_not_say_is_a_skip(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "vmlinux").write_bytes(data)
    (found,) = judged(tmp_path, module("random"), reference(tmp_path, CONFIG_SYSFS="y"), CHECK)
    assert isinstance(found, Skipped)


def test_no_tree_is_a_skip(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, module("random"), without_kernel(), CHECK)
    assert isinstance(found, Skipped)
