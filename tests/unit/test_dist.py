# SPDX-License-Identifier: GPL-2.0-only
"""What ``dist`` packs: bytes that repeat, a layout that is asserted, the build's flags."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.compile.flags import code_flags
from pipeline.dist.archive import write_archive
from pipeline.dist.c_files import c_files
from pipeline.dist.layout import layout_source
from pipeline.dist.pack import _checked, _quoted, dropped_patterns, rendered, run_dist
from pipeline.errors import UserError
from pipeline.stages import Options, Outputs
from pipeline.toolchains.probe import Layout
from pipeline.transpile.crates import Unit, Units
from pipeline.validate.finding import Finding, Severity, Sizes, Verdict, write

LAYOUT = Layout(
    pointer_bits=32,
    big_endian=True,
    char_signed=False,
    int128=False,
    sizes={"u8": 1, "u32": 4, "ptr": 4},
    alignments={"u8": 1, "u32": 2, "ptr": 2},
    atomics=(8, 16, 32, "ptr"),
    atomic_load_store=(8, 16, 32, "ptr"),
)


def make(text: str, folder: Path, *words: str) -> str:
    """Return what a Makefile's default goal prints."""
    if shutil.which("make") is None:
        pytest.skip("no make")
    (folder / "Makefile").write_text(text)
    done = subprocess.run(
        ["make", "-s", *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_equal_files_give_equal_bytes_whatever_their_order(tmp_path: Path) -> None:
    files = {"c/b.c": b"int b;\n", "a": b"", "c/" + "x" * 150 + ".c": b"long name"}
    write_archive(tmp_path / "one.tar.xz", "thing-1", files)
    write_archive(tmp_path / "two.tar.xz", "thing-1", dict(reversed(files.items())))
    assert (tmp_path / "one.tar.xz").read_bytes() == (tmp_path / "two.tar.xz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.xz") as archive:
        entries = archive.getmembers()
        assert [one.name for one in entries] == sorted(f"thing-1/{name}" for name in files)
        assert {(one.mtime, one.uid, one.gid, one.uname, one.mode) for one in entries} == {
            (0, 0, 0, "", 0o644)
        }
        body = archive.extractfile("thing-1/c/b.c")
        assert body is not None
        assert body.read() == b"int b;\n"


def test_the_layout_is_asserted_type_by_type() -> None:
    text = layout_source(LAYOUT)
    assert "SIZE(void *, 4);\nALIGNED(void *, 2);" in text
    assert "__ORDER_BIG_ENDIAN__" in text
    assert "(char)-1 > 0" in text
    assert "#ifdef __SIZEOF_INT128__\n#error" in text
    wide = replace(
        LAYOUT,
        int128=True,
        big_endian=False,
        sizes={"u128": 16},
        alignments={"u128": 16},
    )
    text = layout_source(wide)
    assert "SIZE(unsigned __int128, 16);" in text
    assert "__ORDER_LITTLE_ENDIAN__" in text
    assert "#error" not in text


def test_kbuilds_flags_are_filtered_as_the_build_filters_them(tmp_path: Path) -> None:
    words = (
        "-Wp,-MMD,a.d -nostdinc -I./include -I include/uapi -include linux/kconfig.h "
        "-D__KERNEL__ -D FOO -UBAR -fmacro-prefix-map=./= -Wall -Werror=return-type -std=gnu11 "
        "-fshort-wchar -malign-int -Os -m68040 -pipe -isystem /usr/lib/gcc/include "
        "-mcpu=ev5 --param=allow-store-data-races=0 -ffixed-8 -pg -g -c -o a.o a.c"
    ).split()
    kept = f"$(filter-out {' '.join(dropped_patterns())},$(filter -%,{' '.join(words)}))"
    shown = make(f"all:\n\t@echo '{kept}'\n", tmp_path).split()
    assert shown == list(code_flags(["gcc", *words]))
    assert "-malign-int" in shown


@pytest.mark.parametrize(
    ("version", "applies"),
    [("9.5.0", True), ("12.2.0", True), ("15.1.0", False), ("15.2.0", False), ("16.0.1", False)],
)
def test_a_workaround_is_for_the_gccs_that_need_it(
    tmp_path: Path, version: str, applies: bool
) -> None:
    gcc = tmp_path / "gcc"
    gcc.write_text(f"#!/bin/sh\necho {version}\n")
    gcc.chmod(0o755)
    facts: dict[str, Any] = {
        "objects": ["c/a.o"],
        "with_debug": [],
        "roots": ["f"],
        "declared": [SimpleNamespace(flag="-malign-int")],
        "workarounds": [
            SimpleNamespace(flag="-fno-tree-sra", fixed_in="15.1.0", reason="It is so.")
        ],
        "neutral": ["-w"],
        "headers": [],
        "debug": [],
    }
    text = rendered("rust_part", facts).decode()
    shown = make(f"all:\n\t@echo $(rust-flags)\n{text}", tmp_path, f"CC={gcc}").split()
    assert shown == ["-malign-int", *(["-fno-tree-sra"] if applies else []), "-w"]


def test_words_and_roots_cannot_be_taken_for_make_or_shell() -> None:
    assert _quoted(["-Da=$b", "x#y", "it's"]) == ["'-Da=$$b'", "'x\\#y'", "'it'\"'\"'s'"]
    assert _checked(["init_module", "f.part"]) == ["init_module", "f.part"]
    for bad in ("a b", "a$(shell x)", "a;b", ""):
        with pytest.raises(UserError, match="a Makefile cannot"):
            _checked([bad])


def test_two_crates_of_one_name_keep_their_c(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for name in ("thing.c", "other/thing.c", "core.c"):
        (tmp_path / name).write_text(f"// {name}\n")
    units = Units(
        Unit("thing", "thing.c", "k1"),
        None,
        (Unit("thing", str(tmp_path / "other/thing.c"), "k2"),),
        (Unit("core", str(tmp_path / "core.c"), "k3"),),
    )
    units.write(tmp_path / "units.json")
    target = cast("Any", SimpleNamespace(transpiler="rustc"))
    found = c_files(target, Outputs(tmp_path, "thing"))
    shown = {one.name: (one.content, one.debug) for one in found}
    assert list(shown) == ["thing.c", "thing-k2.c", "core.c", "rt.c"]
    assert shown["thing-k2.c"] == (b"// other/thing.c\n", True)
    assert shown["core.c"] == (b"// core.c\n", False)
    (tmp_path / "core.c").unlink()
    with pytest.raises(UserError, match="no longer there"):
        c_files(target, Outputs(tmp_path, "thing"))


def test_what_has_errors_is_not_packed(tmp_path: Path) -> None:
    finding = Finding(
        check="symbols.undefined",
        severity=Severity.ERROR,
        place="f",
        evidence="nobody exports it",
        meaning="it does not load",
        mend="do without",
        source="kernel/module",
    )
    verdict = Verdict(Path("thing.ko"), "m68k", "0" * 64, Sizes(0, 0, 0), (finding,), (), ())
    outputs = Outputs(tmp_path, "thing")
    write(verdict, outputs.findings)
    with pytest.raises(UserError, match=r"thing\.ko has 1 error"):
        run_dist(Options(tmp_path, "m68k", tmp_path), cast("Any", None), cast("Any", None), outputs)
    assert [one.name for one in tmp_path.iterdir()] == ["findings.json"]
