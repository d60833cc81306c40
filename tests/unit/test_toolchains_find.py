# SPDX-License-Identifier: GPL-2.0-only
"""Finding compilers, with fake ones on PATH."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import ToolError, UserError
from pipeline.toolchains import find as finder
from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from pathlib import Path

TOOLCHAINS = load()
COMMENT = b"GCC: (Fake 13.1.0-2) 13.1.0"


def elf_with_comment(comment: bytes) -> bytes:
    """Return a 32-bit big-endian object that has one section besides the names: .comment."""
    names = b"\0.comment\0.shstrtab\0"
    body = comment + b"\0" + names
    header = struct.pack(
        ">4s5B7xHHIIIIIHHHHHH",
        *(b"\x7fELF", 1, 2, 1, 0, 0, 1, 4, 1, 0, 0, 52 + len(body), 0, 52, 0, 0, 40, 3, 2),
    )

    def section(name: int, kind: int, offset: int, size: int) -> bytes:
        return struct.pack(">10I", name, kind, 0, 0, offset, size, 0, 0, 1, 0)

    table = bytes(40) + section(1, 1, 52, len(comment) + 1)
    return header + body + table + section(10, 3, 52 + len(comment) + 1, len(names))


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    finder._find.cache_clear()
    return folder


def fake_gcc(folder: Path, name: str, *, version: str = "13.1.0", obj: bytes | None = None) -> None:
    template = folder / f"{name}.o"
    template.write_bytes(elf_with_comment(COMMENT) if obj is None else obj)
    script = folder / name
    script.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f"  --version) echo '{name} (Fake 13.1.0-2) {version}'; echo more;;\n"
        f"  -dumpfullversion) echo '{version}';;\n"
        f"  -c) /bin/cp '{template}' \"$4\";;\n"
        "  *) exit 1;;\n"
        "esac\n",
        encoding="utf-8",
    )
    script.chmod(0o755)


def test_found(bin_folder: Path) -> None:
    fake_gcc(bin_folder, "m68k-linux-gnu-gcc")
    arch = TOOLCHAINS.get("m68k")
    assert installed(arch)
    toolchain = find(arch)
    assert toolchain.triple == "m68k-linux-gnu"
    assert toolchain.prefix == f"{bin_folder}/m68k-linux-gnu-"
    assert toolchain.gcc == bin_folder / "m68k-linux-gnu-gcc"
    assert toolchain.version == (13, 1, 0)
    assert toolchain.banner == "m68k-linux-gnu-gcc (Fake 13.1.0-2) 13.1.0"
    assert toolchain.comment == COMMENT.decode()


def test_order_of_triples(bin_folder: Path) -> None:
    arch = TOOLCHAINS.get("openrisc")
    fake_gcc(bin_folder, "or1k-elf-gcc")
    assert find(arch).triple == "or1k-elf"
    fake_gcc(bin_folder, "or1k-linux-gnu-gcc")
    finder._find.cache_clear()
    assert find(arch).triple == "or1k-linux-gnu"


def test_another_path_is_looked_at_again(
    bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arch = TOOLCHAINS.get("sh")
    fake_gcc(bin_folder, "sh4-linux-gnu-gcc")
    assert find(arch).version == (13, 1, 0)
    other = tmp_path / "other"
    other.mkdir()
    fake_gcc(other, "sh4-linux-gnu-gcc", version="14.2.1")
    monkeypatch.setenv("PATH", str(other))
    assert find(arch).version == (14, 2, 1)


def test_missing_names_the_package(bin_folder: Path) -> None:
    arch = TOOLCHAINS.get("parisc64")
    assert not installed(arch)
    with pytest.raises(UserError, match="no GCC for parisc64 on PATH") as caught:
        find(arch)
    assert "hppa64-linux-gnu-gcc" in caught.value.what
    assert caught.value.mend == "install gcc-hppa64-linux-gnu (Debian)"


def test_missing_without_package_gives_the_advice(bin_folder: Path) -> None:
    with pytest.raises(UserError) as caught:
        find(TOOLCHAINS.get("csky"))
    assert "gcc-12-source" in caught.value.mend


def test_tool(bin_folder: Path) -> None:
    fake_gcc(bin_folder, "m68k-linux-gnu-gcc")
    toolchain = find(TOOLCHAINS.get("m68k"))
    with pytest.raises(UserError, match="m68k-linux-gnu-objcopy is not on PATH") as caught:
        toolchain.tool("objcopy")
    assert "binutils-m68k-linux-gnu" in caught.value.mend
    (bin_folder / "m68k-linux-gnu-objcopy").write_text("#!/bin/sh\n", encoding="ascii")
    (bin_folder / "m68k-linux-gnu-objcopy").chmod(0o755)
    assert toolchain.tool("objcopy") == bin_folder / "m68k-linux-gnu-objcopy"


def test_no_gcc_version(bin_folder: Path) -> None:
    fake_gcc(bin_folder, "m68k-linux-gnu-gcc", version="clang 14")
    with pytest.raises(ToolError, match="gives no version as GCC does"):
        find(TOOLCHAINS.get("m68k"))


def test_no_object(bin_folder: Path) -> None:
    fake_gcc(bin_folder, "m68k-linux-gnu-gcc", obj=b"not ELF")
    with pytest.raises(ToolError, match="wrote no ELF object") as caught:
        find(TOOLCHAINS.get("m68k"))
    assert "command: " in str(caught.value)
