# SPDX-License-Identifier: GPL-2.0-only
"""The doctor, with fake tools on PATH: what it finds, what it says, and how it ends."""

from __future__ import annotations

import argparse
import io
import json
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.check import rustc
from pipeline.doctor import ask, tools, verb
from pipeline.doctor.ask import Tool, examine
from pipeline.doctor.model import Diagnosis, Row, older
from pipeline.doctor.show import show
from pipeline.errors import UserError
from pipeline.kernel import auto
from pipeline.toolchains import find as finder
from pipeline.toolchains.load import load
from pipeline.transpile.rust_src import RustSource

TOOLCHAINS = load()
MAKE = Tool("make", "kernel", "make", least="3.82")
DEBIAN_12 = {"ID": "debian", "VERSION_ID": "12"}


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is on PATH but what a test puts there; the sources are there unless taken away."""
    folder = tmp_path / "a bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    source = RustSource(Path("/src/library"), "1.90", "found")
    monkeypatch.setattr(tools, "find_rust_source", lambda *_: source)
    monkeypatch.setattr(tools, "find_archive", lambda: Path("/usr/src/linux-source-6.1.tar.xz"))
    finder._find.cache_clear()
    return folder


def fake(folder: Path, name: str, body: str) -> Path:
    script = folder / name
    script.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def fake_mrustc(folder: Path, version: str = "0.12.0") -> None:
    fake(folder, "mrustc", f'echo "rustc 1.${{MRUSTC_TARGET_VER#1.}}.100 (mrustc v{version} m:1)"')


def row_named(diagnosis: Diagnosis, name: str) -> Row:
    (row,) = [row for row in diagnosis.rows if row.name == name]
    return row


def diagnose(*archs: str) -> Diagnosis:
    return tools.diagnose([TOOLCHAINS.get(name) for name in archs], DEBIAN_12, every=True)


@pytest.mark.parametrize(
    ("banner", "version"),
    [
        ("GNU Make 4.3\\nBuilt for x86_64", "4.3"),
        ("GNU ld (GNU Binutils; openSUSE Leap 15.5) 9.41.0", "9.41.0"),
        ("qemu-m68k version 7.2.22 (Debian 1:7.2+dfsg-7)", "7.2.22"),
        ("git version 20.39.5", "20.39.5"),
    ],
)
def test_version_is_the_programs_not_the_distributions(
    bin_folder: Path, banner: str, version: str
) -> None:
    fake(bin_folder, "make", f"printf '{banner}\\n'")
    row = examine(MAKE)
    assert (row.status, row.version, row.mend) == ("ok", version, "")
    assert row.found == str(bin_folder / "make")


def test_missing_program_names_its_package(bin_folder: Path) -> None:
    row = examine(MAKE)
    assert (row.status, row.found, row.version, row.mend) == ("missing", None, None, "Debian: make")


def test_old_program_is_too_old(bin_folder: Path) -> None:
    fake(bin_folder, "make", "echo GNU Make 3.81")
    row = examine(MAKE)
    assert (row.status, row.version, row.least) == ("too old", "3.81", "3.82")
    assert "make" in row.mend


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exit 3", "ends with 3"),
        ("kill -9 $$", "ends with -9"),
        ("head -c 9999 /dev/zero", "no version"),
        (r"printf '\377\376 9.9.9.9.9.9\n' >&2; exit 1", "ends with 1"),
        ("echo no number here", "no version"),
    ],
)
def test_odd_program_is_broken(bin_folder: Path, body: str, said: str) -> None:
    fake(bin_folder, "make", f"PATH=/usr/bin:/bin\n{body}")
    row = examine(MAKE)
    assert row.status == "broken"
    assert said in row.mend
    assert "Debian: make" in row.mend


def test_program_that_is_no_program_is_broken(bin_folder: Path) -> None:
    (bin_folder / "make").write_bytes(b"\x7fELF nonsense")
    (bin_folder / "make").chmod(0o755)
    assert examine(MAKE).status == "broken"


def test_hanging_program_is_broken_in_bounded_time(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "SECONDS", 0.3)
    fake(bin_folder, "make", "exec /bin/sleep 60")
    start = time.monotonic()
    row = examine(MAKE)
    assert time.monotonic() - start < 10
    assert row.status == "broken"
    assert "no answer" in row.mend


def test_program_without_a_least_version_passes_whatever_it_prints(bin_folder: Path) -> None:
    fake(bin_folder, "cpio", "echo hello")
    row = examine(Tool("cpio", "tests", "cpio"))
    assert (row.status, row.version) == ("ok", None)


@pytest.mark.parametrize(
    ("version", "least", "answer"),
    [
        ("4.3", "3.82", False),
        ("2.5", "2.5.35", True),
        ("9.0.0", "9", False),
        ("9", "9.0.0", False),
        ("8.99", "9", True),
        ("1.10", "1.9", False),
        ("2.41.0.20230908-150100.7.46", "2.23", False),
        ("9" * 5000, "9", False),
    ],
)
def test_older(version: str, least: str, answer: bool) -> None:
    assert older(version, least) is answer


def test_mrustc_is_asked_in_the_mode_that_ferric_uses(bin_folder: Path) -> None:
    fake_mrustc(bin_folder)
    row = tools.mrustc_row()
    assert (row.status, row.version) == ("ok", "0.12.0")


def test_old_mrustc_is_too_old_and_none_says_where_it_comes_from(bin_folder: Path) -> None:
    missing = tools.mrustc_row()
    assert missing.status == "missing"
    assert "no package" in missing.mend
    assert "thepowersgang/mrustc" in missing.mend
    fake_mrustc(bin_folder, "0.11.9")
    assert tools.mrustc_row().status == "too old"


def fake_rustc(folder: Path, version: str, source: str = "") -> None:
    """A rustc in its own sysroot, with a library source of the release ``source``."""
    root = folder.parent / "sysroot"
    body = (
        f'case "$1" in -vV) printf "rustc {version} (1 2)\\nhost: none\\nrelease: {version}\\n";; '
        f"*) echo '{root}';; esac"
    )
    fake(folder, "rustc", body)
    if source:
        library = root / "lib/rustlib/src/rust/library"
        for name in ("core", "alloc"):
            (library / name / "src").mkdir(parents=True)
            (library / name / "src/lib.rs").write_text(f'#[stable(since = "{source}.0")]\n')
    rustc._examine.cache_clear()


@pytest.fixture
def only_fake_rustc(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The rustc on PATH is the only one."""
    monkeypatch.setattr(rustc, "_candidates", lambda: [bin_folder / "rustc"])
    return bin_folder


def test_a_rustc_below_the_least_version_is_too_old(only_fake_rustc: Path) -> None:
    fake_rustc(only_fake_rustc, "1.84.1", "1.84")
    row = tools.rustc_row()
    assert (row.status, row.least) == ("too old", "1.85.0")
    assert "1.84.1" in row.mend
    assert "rustup component add rust-src" in row.mend
    assert tools.rustc_source_row().status == "missing"


def test_a_rustc_transpiles_with_the_source_of_its_own_release(only_fake_rustc: Path) -> None:
    fake_rustc(only_fake_rustc, "1.85.0", "1.85")
    assert tools.rustc_row().status == "ok"
    row = tools.rustc_source_row()
    assert (row.status, row.version, row.mend) == ("ok", "1.85", "")


@pytest.mark.parametrize(
    ("version", "source", "said"),
    [
        ("1.95.0", "", "has no source of its library"),
        ("1.96.0", "1.95", "library source is of Rust 1.95, and rustc is 1.96"),
    ],
)
def test_a_rustc_without_its_own_source_does_not_transpile(
    only_fake_rustc: Path, version: str, source: str, said: str
) -> None:
    fake_rustc(only_fake_rustc, version, source)
    assert tools.rustc_row().status == "ok"
    row = tools.rustc_source_row()
    assert row.status == "missing"
    assert said in row.mend
    assert "rust-src" in row.mend


def test_a_nightly_is_newer_than_its_library_says(only_fake_rustc: Path) -> None:
    fake_rustc(only_fake_rustc, "1.97.0-nightly", "1.96")
    assert tools.rustc_source_row().status == "ok"


def test_python_packages_are_those_of_pyproject(bin_folder: Path) -> None:
    rows = {row.name: row for row in tools.python_rows()}
    assert rows["python"].least == "3.11"
    assert rows["pydantic"].needed_for == "build"
    assert rows["pydantic"].least == "2.8"
    assert rows["pytest"].needed_for == "tests"
    assert rows["ruamel.yaml"].status == "ok"


def test_absent_and_old_python_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["ferric-has-no-such-package>=1", "pytest>=9999"]
    rows = list(tools._package_rows(wanted, "tests", "run ./setup.sh --tests"))
    assert [row.status for row in rows] == ["missing", "too old"]
    assert rows[0].mend == "run ./setup.sh --tests"


def test_missing_compiler_hides_what_depends_on_it(bin_folder: Path) -> None:
    (row,) = tools.arch_rows(TOOLCHAINS.get("m68k"))
    assert (row.status, row.name) == ("missing", "m68k-linux-gnu-gcc")
    assert "gcc-m68k-linux-gnu" in row.mend


def test_compiler_that_no_package_has_gives_advice(bin_folder: Path) -> None:
    (row,) = tools.arch_rows(TOOLCHAINS.get("csky"))
    assert "gcc-12-source" in row.mend


def test_second_triple_is_found_and_an_old_compiler_refused(bin_folder: Path) -> None:
    fake(bin_folder, "m68k-linux-gcc", "echo 8.5.0")
    (row,) = tools.arch_rows(TOOLCHAINS.get("m68k"))
    assert (row.name, row.status, row.version) == ("m68k-linux-gcc", "too old", "8.5.0")


def test_compiler_that_does_not_compile_is_broken(bin_folder: Path) -> None:
    fake(bin_folder, "m68k-linux-gnu-gcc", 'case "$1" in -c) exit 1;; *) echo 12.2.0;; esac')
    (row,) = tools.arch_rows(TOOLCHAINS.get("m68k"))
    assert row.status == "broken"
    assert "compile" in row.mend


def test_least_kernel_is_the_one_that_the_kernel_stage_takes() -> None:
    assert ".".join(map(str, auto._LEAST)) == tools.LEAST_KERNEL


def test_missing_sources_say_what_to_do(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise UserError("none of it", mend="name one")

    monkeypatch.setattr(tools, "find_rust_source", nothing)
    monkeypatch.setattr(tools, "find_archive", nothing)
    diagnosis = diagnose("m68k")
    rust, kernel = (row_named(diagnosis, name) for name in ("source for mrustc", "kernel source"))
    assert (rust.status, rust.mend) == ("missing", "none of it; name one")
    assert (kernel.status, kernel.mend) == ("missing", "Debian: linux-source-6.1")


def healthy(*rows: Row, archs: tuple[str, ...] = ("m68k", "alpha"), every: bool) -> Diagnosis:
    common = (Row("mrustc", "mrustc"), Row("make", "kernel"), Row("rustc", "check"))
    return Diagnosis((*common, *rows), archs, frozenset({"m68k"}), every)


M68K = Row("m68k-linux-gnu-gcc", "build", "m68k")
ALPHA = Row("alpha-linux-gnu-gcc", "build", "alpha", status="missing")


def test_one_architecture_is_enough_unless_each_was_named() -> None:
    diagnosis = healthy(M68K, ALPHA, every=False)
    assert diagnosis.ok
    assert not replace(diagnosis, every=True).ok
    assert diagnosis.can_build == ["m68k"]
    assert diagnosis.cannot_build == {"alpha": ["alpha-linux-gnu-gcc"]}
    assert diagnosis.summary == (
        "Can build for m68k; not for alpha; .ko for m68k; transpiler=mrustc or rustc."
    )


def test_no_compiler_at_all() -> None:
    diagnosis = healthy(ALPHA, archs=("alpha",), every=False)
    assert not diagnosis.ok
    assert diagnosis.summary == "Cannot build for alpha; transpiler=mrustc or rustc."


def test_what_serves_all_architectures_stops_all() -> None:
    lost = Row("pydantic", "build", status="missing")
    diagnosis = healthy(M68K, ALPHA, lost, every=False)
    assert not diagnosis.ok
    assert diagnosis.summary == "Nothing can be built: pydantic missing."
    assert diagnosis.cannot_build["m68k"] == ["pydantic"]


def test_one_transpiler_is_enough_and_none_says_that() -> None:
    lost = Row("mrustc", "mrustc", status="missing")
    diagnosis = healthy(M68K, lost, archs=("m68k",), every=True)
    assert (diagnosis.ok, diagnosis.transpilers) == (True, ["rustc"])
    assert diagnosis.summary.endswith("transpiler=rustc.")
    no_source = Row("source for rustc", "rustc", status="missing")
    assert healthy(M68K, no_source, archs=("m68k",), every=True).transpilers == ["mrustc"]
    neither = healthy(M68K, lost, no_source, archs=("m68k",), every=True)
    assert (neither.ok, neither.transpilers) == (False, [])
    assert neither.cannot_build == {"m68k": ["mrustc", "source for rustc"]}
    assert "mrustc missing, source for rustc missing; one of" in neither.summary
    old = healthy(M68K, lost, Row("rustc", "check", status="too old"), archs=("m68k",), every=True)
    assert not old.ok


def test_kernel_check_and_tests_do_not_stop_objects() -> None:
    bad = [
        Row("flex", "kernel", status="missing"),
        Row("rustc", "check", status="too old"),
        Row("qemu-m68k", "tests", "m68k", status="missing"),
    ]
    diagnosis = healthy(M68K, *bad, archs=("m68k",), every=True)
    assert diagnosis.ok
    assert ".ko only with kernel=PATH (flex missing)" in diagnosis.summary
    assert "unchecked" in diagnosis.summary


def shown(diagnosis: Diagnosis, **options: Any) -> str:
    stream = io.StringIO()
    show(diagnosis, Console(file=stream, width=80, **options))
    return stream.getvalue()


def test_table_fits_80_columns_and_says_status_in_words(bin_folder: Path) -> None:
    text = shown(diagnose(*(arch.name for arch in TOOLCHAINS.gcc_only())))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "missing" in text
    # The longest name of all stands unbroken, and advice too long for the table stands below it.
    assert "microblazeel-linux-gnu-gcc" in text
    assert "gcc-12-source" in text
    assert "Cannot build for" in text


def test_markup_in_a_path_is_no_markup() -> None:
    row = Row("make", "kernel", found="/a/[red]/make", version="1")
    assert "[red]" in shown(healthy(row, every=False), color_system=None)


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    return parser.parse_args(["doctor", *words])


def test_json_is_the_documented_document(
    bin_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = arguments("--json", "--arch", "hppa", "m68k", "--arch", "alpha")
    assert args.main(args) == 1
    document = json.loads(capsys.readouterr().out)
    page = (tools.PROJECT / "docs" / "setup.md").read_text(encoding="utf-8")
    assert document["schema"] == 1
    assert list(document["cannot_build"]) == ["parisc", "m68k", "alpha"]
    for key in [*document, *document["tools"][0]]:
        assert f"`{key}`" in page
    assert list(document["tools"][0]) == [field.name for field in fields(Row)]


def test_unknown_architecture_is_named_with_the_nearest(bin_folder: Path) -> None:
    args = arguments("--arch", "m86k")
    with pytest.raises(UserError, match="did you mean m68k"):
        args.main(args)


def test_no_color_and_no_terminal(
    bin_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    args = arguments("--arch", "m68k")
    assert args.main(args) == 1
    assert "\x1b" not in capsys.readouterr().out
