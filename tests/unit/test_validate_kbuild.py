# SPDX-License-Identifier: GPL-2.0-only
"""Kbuild's records of how it compiled: found, followed to the compilers, and split into words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from pipeline.validate import kbuild
from pipeline.validate.kbuild import compilations

if TYPE_CHECKING:
    from pathlib import Path


def test_kbuild_commands_are_followed_through_links(tmp_path: Path) -> None:
    for name, command in {
        "m.ko": "ld -r -T scripts/module.lds -o d/m.ko d/m.o d/m.mod.o; true",
        "m.o": "ld -r -o d/m.o @d/m.mod",
        "m.mod.o": "gcc -c -o d/m.mod.o d/m.mod.c",
        "x.o": "gcc -g -frecord-gcc-switches -c -o d/x.o d/x.c",
        "s.o": "gcc -c -o d/s.o d/s.S",
    }.items():
        (tmp_path / "d").mkdir(exist_ok=True)
        (tmp_path / "d" / f".{name}.cmd").write_text(f"savedcmd_d/{name} := {command}\n")
    (tmp_path / "d" / "m.mod").write_text("d/x.o\nd/s.o\nd/m.o\n")
    found = compilations(tmp_path / "d" / "m.ko")
    assert sorted((one.cmd_file.name, one.records, one.debug) for one in found) == [
        (".m.mod.o.cmd", False, False),
        (".x.o.cmd", True, True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "gcc -c a.c",
        r"a\ b 'c d' \"e",
        '-DX=\'"some thing"\' -o "a b"',
        'x="a\\"b"y z',
        "a '' \"\"",
        "#a b#",
    ],
)
def test_a_command_is_split_as_a_shell_does(text: str) -> None:
    assert kbuild._split(text) == shlex.split(text)


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a \\"])
def test_a_quote_that_does_not_end(text: str) -> None:
    with pytest.raises(ValueError, match="quot|escape"):
        shlex.split(text)
    with pytest.raises(ValueError, match="a quote that does not end"):
        kbuild._split(text)
