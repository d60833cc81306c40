# SPDX-License-Identifier: GPL-2.0-only
"""What the console says of the stack, and what contradicts what was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.boot import result
from pipeline.boot.plan import MOUNTS, Step
from pipeline.boot.result import BootResult, ModuleResult, StackUse
from pipeline.boot.stack import FILE, STEP, contradictions, measurements, measuring, refused
from pipeline.errors import ToolError
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

M68K = load()["m68k"]


def toolchain() -> Toolchain:
    """Return an m68k compiler that nobody runs."""
    return Toolchain(M68K, "m68k-linux-gnu", "/usr/bin/m68k-linux-gnu-", (12, 2, 0), "gcc", "GCC")


def test_of_several_runs_the_most_in_all_and_the_least_of_the_module() -> None:
    lines = [
        "ferric_stack: hello init 1500 900",
        "ferric_stack: hello init 1600 844",
        "ferric_stack: hello exit 700 0",
        "hello: ferric_stack: other init 1 1",
        "ferric_stack: hello init",
    ]
    assert measurements(lines) == {("hello", "init"): (1600, 844), ("hello", "exit"): (700, 0)}


def test_only_a_bound_that_is_one_can_be_contradicted() -> None:
    use = StackUse(run="init", measured=900, own=500, computed=480, anywhere=480)
    (said,) = contradictions([use], toolchain())
    assert said == (
        "the stack of init: 500 bytes measured of the module's own functions, and validate "
        "computed 480 at most"
    )
    for well in (
        {"computed": 492},  # two return addresses of 4 bytes are in no frame
        {"open": "3 calls through pointers"},
        {"own": None},
        {"computed": None},
    ):
        assert contradictions([use.model_copy(update=well)], toolchain()) == []


def test_the_module_that_measures_is_loaded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.boot.stack.build_probe", lambda *_: b"probe")
    contents = {"a.ko": b"a"}
    plan = (*MOUNTS, Step("load a", ("a",)))
    steps, reason = measuring(None, toolchain(), contents, plan)  # type: ignore[arg-type]
    assert [one.text for one in steps[len(MOUNTS) :]] == [STEP.text, "load a"]
    assert contents == {"a.ko": b"a", FILE: b"probe"}
    assert reason == ""


def test_a_tree_that_does_not_build_it_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise ToolError("does not compile", argv=["make"])

    monkeypatch.setattr("pipeline.boot.stack.build_probe", fail)
    contents: dict[str, bytes] = {}
    steps, reason = measuring(None, toolchain(), contents, MOUNTS)  # type: ignore[arg-type]
    assert (steps, contents) == (MOUNTS, {})
    assert "does not compile" in reason
    assert "ENOEXEC" in refused([f"# {STEP.text} refused ENOEXEC"])
    assert refused([f"# {STEP.text} loaded"]) == ""


def test_the_table_shows_the_run_that_took_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = (
        StackUse(run="init", measured=1500, own=844, computed=196, anywhere=732, open="pointers"),
        StackUse(run="exit", measured=700, own=444, computed=448, anywhere=732),
    )
    made = BootResult(
        arch="m68k",
        transpiler="rustc",
        modules=(ModuleResult(module="hello", state="ok", stack=stack),),
        stack_unmeasured="no reason",
    )
    result.write(made, tmp_path / "boot.json")
    assert result.read(tmp_path / "boot.json") == made
    result.print_boots([made])
    shown = capsys.readouterr().out
    assert "1500" in shown
    assert "844" in shown
    assert "732+" in shown
    assert "m68k (rustc): the stack was not measured: no reason" in shown
    assert "no chain" not in shown


def test_why_nothing_is_computed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    stack = (StackUse(run="init", measured=1500, open="no objdump"),)
    row = ModuleResult(module="hello", state="ok", stack=stack)
    result.print_boots([BootResult(arch="arc", transpiler="", modules=(row,))])
    shown = capsys.readouterr().out
    assert "1500" in shown
    assert "unknown" in shown
    assert "arc: hello: no chain of calls is computed: no objdump" in shown
