# SPDX-License-Identifier: GPL-2.0-only
"""The end of a run of SCons: documents that cannot be read are errors beside those that can."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import SCons.Node

from pipeline.boot import result as boots
from pipeline.boot.result import BootResult, ModuleResult, Report, StackUse
from pipeline.errors import UserError

if TYPE_CHECKING:
    from types import ModuleType

SITE = Path(__file__).resolve().parents[2] / "site_scons"


@dataclass
class Node:
    """What the summary asks of a node of SCons."""

    path: Path
    state: int = SCons.Node.executed

    def get_abspath(self) -> str:
        return str(self.path)

    def get_state(self) -> int:
        return self.state


@pytest.fixture
def frontend(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the front end as SCons would import it, with nothing declared."""
    monkeypatch.syspath_prepend(str(SITE))
    for name in ("crates", "frontend"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import frontend as module

    return module


def document() -> dict[str, Any]:
    """Return a boot.json with something in every field."""
    use = StackUse(run="init", measured=9, own=5, computed=7, anywhere=8, open="a pointer")
    report = Report(what="Oops", lines=("line",), frames=("frame",))
    one = ModuleResult(
        module="hello", state="failed", reasons=("it fell",), stack=(use,), reports=(report,)
    )
    made = BootResult(arch="m68k", transpiler="rustc", seconds=1.5, modules=(one,))
    return dict(made.model_dump(mode="json"))


def changed(**fields: Any) -> bytes:
    return json.dumps({**document(), **fields}).encode()


def module(**fields: Any) -> bytes:
    (one,) = document()["modules"]
    return changed(modules=[{**one, **fields}])


WHOLE = json.dumps(document()).encode()
UNREADABLE = {
    "empty": (b"", "EOF"),
    "truncated": (WHOLE[: len(WHOLE) // 2], "EOF"),
    "no JSON": (b"boot: ok\n", "expected value"),
    "bytes": (b"\xff\xfe\x00" * 99, "Invalid JSON"),
    "half a surrogate": (WHOLE.replace(b"it fell", b"\\ud800"), "Invalid JSON"),
    "another document": (b'{"schema": 1, "findings": []}', "arch: Field required"),
    "a list": (b"[]", "object"),
    "null": (b"null", "object"),
    "nested": (b"[" * 100_000, "recursion"),
    "another schema": (changed(schema_=2), "schema_: Input should be 1"),
    "another state": (module(state="fine"), "modules.0.state"),
    "text for modules": (changed(modules="hello"), "modules"),
    "a number without end": (module(stack=[{"run": "init", "measured": 1e999}]), "measured"),
    "a field of its own": (changed(**{"\x1b[2J": 1}), "\\x1b[2J: Extra inputs"),
}


@pytest.mark.parametrize(("data", "said"), UNREADABLE.values(), ids=list(UNREADABLE))
def test_a_boot_that_cannot_be_read_is_an_error_with_its_reason(
    data: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "boot.json"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        boots.read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: not the result of a boot: ")
    assert said in text
    assert "mend: remove it and boot again" in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("data", [one for one, _ in UNREADABLE.values()], ids=list(UNREADABLE))
def test_the_summary_tells_it_and_shows_the_others(
    frontend: ModuleType, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_bytes(data)
    (tmp_path / "good.json").write_bytes(WHOLE)
    frontend.steps.boots += [
        ("alpha", "boot", Node(tmp_path / "bad.json")),
        ("m68k", "boot", Node(tmp_path / "good.json", SCons.Node.up_to_date)),
        ("sh", "boot", Node(tmp_path / "good.json", SCons.Node.failed)),
        ("arc", "boot", Node(tmp_path / "absent.json")),
    ]
    frontend._summary()
    shown = capsys.readouterr()
    assert shown.err.count("error: ") == 1
    assert f"{tmp_path}/bad.json: not the result of a boot" in shown.err
    assert "sh: boot: not booted" in shown.err
    assert "arc: boot: not booted" in shown.err
    assert "it fell" in shown.out


def test_verdicts_and_comparisons_that_cannot_be_read_are_told_too(
    frontend: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_bytes(WHOLE)
    node = Node(tmp_path / "bad.json")
    frontend.steps.verdicts.append(("m68k", "hello", "", node))
    frontend.steps.comparisons.append(("m68k", "hello", node))
    frontend.steps.pairs.append(("m68k", "hello", node))
    frontend._summary()
    shown = capsys.readouterr()
    assert shown.err.count("error: ") == 3
    assert "no findings can be read" in shown.err


def test_what_a_hostile_boot_says_is_made_printable(
    frontend: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]0;x\x07\u202e[red]" * 2000
    fields = dict.fromkeys(("arch", "transpiler", "release", "log", "stack_unmeasured"), evil)
    (one,) = document()["modules"]
    one |= {"module": evil, "reasons": [evil], "seconds": 1e308}
    (tmp_path / "boot.json").write_bytes(changed(**fields, modules=[one]))
    frontend.steps.boots.append(("m68k", "boot", Node(tmp_path / "boot.json")))
    frontend._summary()
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.replace("\n", "").isprintable()
