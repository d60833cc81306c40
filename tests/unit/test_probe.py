# SPDX-License-Identifier: GPL-2.0-only
"""The probe with the machine's own GCC turned into something else: contradictions are seen."""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import ToolError, UserError
from pipeline.toolchains import verb
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import probe

if TYPE_CHECKING:
    from pathlib import Path

ARCH = load().get("x86_64")


def replaying(folder: Path, *, patch: str = "", wrapped: str | None = None) -> Toolchain:
    """Return a toolchain whose GCC is the machine's, with a Python ``patch`` of the object."""
    real = wrapped or shutil.which("x86_64-linux-gnu-gcc")
    if real is None:
        pytest.skip("x86_64-linux-gnu-gcc is not on PATH")
    python = shutil.which("python3")
    gcc = folder / "fake-gcc"
    gcc.write_text(
        "#!/bin/sh\n"
        f'{real} "$@" || exit\n'
        "for last; do :; done\n"
        f"{python} - \"$last\" <<'END'\n"
        "import sys\n"
        "path = sys.argv[1]\n"
        "data = bytearray(open(path, 'rb').read())\n"
        f"{patch}\n"
        "open(path, 'wb').write(data)\n"
        "END\n",
        encoding="utf-8",
    )
    gcc.chmod(0o755)
    return Toolchain(ARCH, "fake", f"{folder}/fake-", (12, 0, 0), "", "")


def test_unpatched(tmp_path: Path) -> None:
    layout = probe(replaying(tmp_path), [])
    assert layout.pointer_bits == 64
    assert not layout.big_endian
    assert layout.sizes["u128"] == 16
    assert layout.atomics == (8, 16, 32, 64, "ptr")


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ("data[:] = data[:40]", "cannot be used"),
        ("data[:] = b''", "cannot be used"),
        ("data[:] = b'BC' + data", "cannot be used"),
        ("i = data.index(bytes([4, 3, 2, 1])); data[i:i+4] = bytes([1, 2, 3, 4])", "EI_DATA"),
        ("i = data.index(bytes([4, 3, 2, 1])); data[i:i+4] = bytes(4)", "no byte order known"),
        ("data[:] = data.replace(b'ferric_order', b'ferric_0rder')", "ferric_order is not in it"),
        ("data[:] = data.replace(b'ferric_exchange_8', b'ferric_exchange_9')", "exchange_8 is not"),
        ("i = data.index(bytes([1, 1, 2, 2, 4, 4])); data[i+14] = 4", "pointers of 32 bits"),
    ],
)
def test_contradiction(tmp_path: Path, patch: str, message: str) -> None:
    with pytest.raises(ToolError, match=message) as caught:
        probe(replaying(tmp_path, patch=patch), [])
    assert "command: " in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_no_object_at_all(tmp_path: Path) -> None:
    gcc = tmp_path / "fake-gcc"
    gcc.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
    gcc.chmod(0o755)
    with pytest.raises(ToolError, match="cannot be used"):
        probe(Toolchain(ARCH, "fake", f"{tmp_path}/fake-", (12, 0, 0), "", ""), [])


def test_refused_flag(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="GCC refuses the probe") as caught:
        probe(replaying(tmp_path), ["-mno-such-thing"])
    assert "-mno-such-thing" in caught.value.tail


def test_flags_change_the_layout(tmp_path: Path) -> None:
    layout = probe(replaying(tmp_path), ["-funsigned-char", "-fpack-struct=2", "-Werror", "-flto"])
    assert not layout.char_signed
    assert layout.alignments["u64"] == 2
    assert layout.sizes["u64"] == 8


def run_verb(*words: str) -> int:
    parser = ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    args = parser.parse_args(["probe", *words])
    status: int = args.main(args)
    return status


def test_verb(capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("x86_64-linux-gnu-gcc") is None:
        pytest.skip("x86_64-linux-gnu-gcc is not on PATH")
    assert run_verb("--arch", "amd64", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["arch"] == "x86_64"
    assert document["flags"] == list(ARCH.all_flags)
    assert document["char_signed"] is True
    assert run_verb("--arch", "amd64", "--json", "--flag=-g0", "--", "-funsigned-char") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["flags"] == ["-g0", "-funsigned-char"]
    assert document["char_signed"] is False
    assert run_verb("--arch", "amd64") == 0
    text = capsys.readouterr().out
    assert "64 bits, little endian, char is signed" in text
    assert "inline compare-exchange: 8 16 32 64 ptr" in text


def test_verb_with_unknown_architecture() -> None:
    with pytest.raises(UserError, match="unknown architecture"):
        run_verb("--arch", "vax")
