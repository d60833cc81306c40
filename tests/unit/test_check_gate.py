# SPDX-License-Identifier: GPL-2.0-only
"""The gate with rustcs that are shell scripts: which one is taken, and what is said of it."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.check import rustc as rustc_module
from pipeline.check.gate import CheckFailed, GateResult, Mode, check
from pipeline.check.library import nearest, target_spec
from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import ToolError, UserError
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import Layout

if TYPE_CHECKING:
    from pathlib import Path

HOST = "x86_64-unknown-linux-gnu"
SCRIPT = """#!/bin/sh
case "$*" in
-vV) printf 'rustc {version} (fake)\\nhost: {host}\\nrelease: {version}\\n';;
"--print sysroot") echo '{sysroot}';;
"--print cfg"*) echo 'target_pointer_width="64"';;
*all-target-specs-json*) echo '{{}}';;
*) for word; do echo "$word" >> '{sysroot}/words'; done
   {body}
esac
"""


def layout(bits: int) -> Layout:
    widths = {"u16": 2, "u32": 4, "u64": 4, "f32": 4, "f64": 4, "ptr": bits // 8}
    return Layout(
        pointer_bits=bits,
        big_endian=True,
        char_signed=True,
        int128=False,
        sizes=MappingProxyType(widths),
        alignments=MappingProxyType(widths),
        atomics=(8, 16, 32, "ptr"),
        atomic_load_store=(8, 16, 32, "ptr"),
    )


def fake(
    root: Path, *, version: str = "1.90.0", body: str = "exit 0", library: bool = False
) -> Path:
    """Make a sysroot with a fake rustc; calls that compile leave their words in ``words``."""
    path = root / "bin" / "rustc"
    path.parent.mkdir(parents=True)
    path.write_text(SCRIPT.format(version=version, host=HOST, sysroot=root, body=body))
    path.chmod(0o755)
    host = root / "lib/rustlib" / HOST / "lib"
    host.mkdir(parents=True)
    (host / "libcore-0.rlib").touch()
    if library:
        for name in ("core", "alloc"):
            source = root / "lib/rustlib/src/rust/library" / name / "src/lib.rs"
            source.parent.mkdir(parents=True)
            (source.parents[1] / "Cargo.toml").write_text('[package]\nedition = "2024"\n')
            source.touch()
    return path


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No rustc of this machine is found, and its cache is not touched."""
    real = rustc_module._candidates
    monkeypatch.setattr(
        rustc_module,
        "_candidates",
        lambda: [path for path in real() if path.is_relative_to(tmp_path)],
    )
    monkeypatch.setenv("RUSTUP_HOME", str(tmp_path / "rustup"))
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "cache"))


def run_gate(
    tmp_path: Path, rustc: Path | None, mode: Mode = "auto", *, bits: int = 64
) -> GateResult:
    root = tmp_path / "m"
    (root / "src").mkdir(parents=True, exist_ok=True)
    (root / "src/lib.rs").touch()
    (root / "Cargo.toml").write_text(
        '[package]\nname = "m"\nversion = "1.2.3"\n[features]\na-b = []\ndefault = ["a-b"]\n'
        'off = []\n[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    return check(
        load_crate(root),
        layout=layout(bits),
        arch=load().get("alpha"),
        rustc=rustc,
        mode=mode,
        kernel_crate=None,
        out=tmp_path / "out",
    )


def words(rustc: Path) -> list[str]:
    return (rustc.parents[1] / "words").read_text().splitlines()


def test_off_runs_nothing(tmp_path: Path) -> None:
    result = run_gate(tmp_path, tmp_path / "no-such", "off")
    assert (result.status, result.rustc_version) == ("skipped", "")
    assert "off" in result.reason


def test_no_rustc_is_a_skip_or_an_error_with_the_package(tmp_path: Path) -> None:
    result = run_gate(tmp_path, None)
    assert (result.status, result.library) == ("skipped", "")
    assert "rustc is not on PATH" in result.reason
    with pytest.raises(UserError, match="rust-web-src"):
        run_gate(tmp_path, None, "require")


def test_named_rustc_must_do_even_in_auto(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such rustc"):
        run_gate(tmp_path, tmp_path / "no-such")
    with pytest.raises(UserError, match=r"too old, 1\.85\.0 is needed"):
        run_gate(tmp_path, fake(tmp_path / "old", version="1.84.9"))


def test_no_rustc_at_all_but_a_program_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "rustc"
    path.write_text("#!/bin/sh\necho hello\n")
    path.chmod(0o755)
    with pytest.raises(ToolError, match="is no rustc"):
        find_rustc(path)


def test_one_with_its_library_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = fake(tmp_path / "rustup/toolchains/b")
    monkeypatch.setenv("PATH", f"{plain.parent}:/usr/bin:/bin")
    assert find_rustc(None).path == plain
    full = fake(tmp_path / "rustup/toolchains/a", library=True)
    assert find_rustc(None).path == full
    assert find_rustc(plain).library is None


def test_target_library_is_built_once(tmp_path: Path) -> None:
    rustc = fake(tmp_path / "full", library=True)
    result = run_gate(tmp_path, rustc, "require", bits=32)
    assert (result.status, result.library) == ("passed", "target")
    assert result.rustc_version == "rustc 1.90.0 (fake)"
    first = words(rustc)
    assert [first[at + 1] for at, word in enumerate(first) if word == "--crate-name"] == [
        *("core", "compiler_builtins", "alloc", "m"),
    ]
    assert 'target_arch="alpha"' in first
    (rustc.parents[1] / "words").unlink()
    run_gate(tmp_path, rustc, "require", bits=32)
    again = words(rustc)
    assert again.count("--crate-name") == 1
    assert 'feature="a-b"' in again
    assert 'feature="off"' not in again
    assert 'cfg(feature, values("a-b", "default", "off"))' in again
    assert again[again.index("--cap-lints") + 1] == "warn"


def test_host_library_only_for_its_own_width_and_it_is_said(tmp_path: Path) -> None:
    rustc = fake(tmp_path / "plain")
    result = run_gate(tmp_path, rustc)
    assert (result.status, result.library) == ("passed", "host")
    assert f"checked for {HOST}, not for alpha" in result.reason
    assert f"--target={HOST}" in words(rustc)
    (rustc.parents[1] / "words").unlink()
    narrow = run_gate(tmp_path, rustc, bits=32)
    assert (narrow.status, narrow.library) == ("skipped", "")
    assert "not 32-bit" in narrow.reason
    assert not (rustc.parents[1] / "words").exists()
    with pytest.raises(UserError, match=r"gate=require: .*no source of its library"):
        run_gate(tmp_path, rustc, "require", bits=32)


def test_library_that_rustc_cannot_build(tmp_path: Path) -> None:
    body = 'case "$*" in *"--crate-name core"*) echo strange >&2; exit 1;; esac'
    rustc = fake(tmp_path / "full", library=True, body=body)
    result = run_gate(tmp_path, rustc)
    assert result.library == "host"
    assert "could not check its own core" in result.reason
    with pytest.raises(ToolError, match="strange"):
        run_gate(tmp_path, rustc, "require")


def test_refusal_is_what_rustc_printed(tmp_path: Path) -> None:
    rustc = fake(tmp_path / "plain", body="echo 'error[E0382]: moved' >&2; exit 1")
    with pytest.raises(CheckFailed) as error:
        run_gate(tmp_path, rustc)
    assert error.value.rendered == "error[E0382]: moved\n"
    assert str(error.value) == "error[E0382]: moved\nm: refused by rustc 1.90.0 (fake)"


@pytest.mark.parametrize("body", ["exit 101", "kill -SEGV $$"])
def test_a_broken_rustc_is_not_a_verdict(tmp_path: Path, body: str) -> None:
    with pytest.raises(ToolError, match="rustc broke down") as error:
        run_gate(tmp_path, fake(tmp_path / "plain", body=body))
    assert "gate=off" in error.value.mend
    assert error.value.log is not None
    assert error.value.log.exists()


def test_warnings_are_shown_without_colour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rustc = fake(tmp_path / "plain", body="echo 'warning: w' >&2")
    assert run_gate(tmp_path, rustc).status == "passed"
    assert capsys.readouterr().err == "warning: w\n"
    assert "--error-format=json" in words(rustc)
    assert not any("ansi" in word for word in words(rustc))


def test_result_is_json(tmp_path: Path) -> None:
    result = run_gate(tmp_path, fake(tmp_path / "plain"))
    assert json.loads(json.dumps(result.as_dict()))["library"] == "host"


@pytest.mark.parametrize("base", [None, {"arch": "m68k", "cpu": "M68020", "os": "linux"}])
def test_target_file_says_what_was_measured(base: dict[str, Any] | None) -> None:
    spec = target_spec(layout(32), base)
    assert spec["data-layout"] == "E-p:32:32-i16:16-i32:32-i64:32-i128:32-f32:32-f64:32"
    assert (spec["target-pointer-width"], spec["target-endian"]) == (32, "big")
    assert (spec["min-atomic-width"], spec["max-atomic-width"]) == (8, 32)
    assert (spec["arch"], spec["os"]) == ("m68k" if base else "bpf", "none")


def test_a_target_without_a_system_is_nearest_also_where_rustc_leaves_it_unsaid() -> None:
    m68k = {"arch": "m68k", "target-pointer-width": "32", "target-endian": "big"}
    darwin, plain = m68k | {"os": "macos", "linker-flavor": "darwin-cc"}, m68k | {"cpu": "M68010"}
    arch = load().get("m68k")
    assert nearest([darwin, plain], arch, layout(32)) == plain
    assert nearest([darwin, plain | {"os": "none"}], arch, layout(32)) == plain | {"os": "none"}
    assert nearest([{"arch": "alpha"} | darwin], load().get("alpha"), layout(32)) is None


def test_how_floats_are_passed_is_not_asked_for() -> None:
    base = {"arch": "x86_64", "features": "-sse,+soft-float", "rustc-abi": "softfloat"}
    assert not {"features", "rustc-abi"} & set(target_spec(layout(64), base))
    assert target_spec(layout(64), {"arch": "m68k", "features": "+x"})["features"] == "+x"
