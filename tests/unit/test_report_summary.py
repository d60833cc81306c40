# SPDX-License-Identifier: GPL-2.0-only
"""findings.json, and the table made of several of them."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from pipeline.errors import UserError
from pipeline.report.summary import exit_status, print_summary, print_verdict, read_all
from pipeline.validate.finding import (
    Finding,
    Severity,
    Sizes,
    Skipped,
    Verdict,
    printable,
    read,
    to_json,
    write,
)
from pipeline.validate.schema import SCHEMA_PATH, schema_text

EVIL = "x\x1b[31m\u202e\n[bold]y"


def finding(severity: Severity, place: str = "there") -> Finding:
    return Finding("family.rule", severity, place, "this, not that", "boom", "do so", "a book")


def verdict(*severities: Severity, arch: str = "m68k") -> Verdict:
    return Verdict(
        path=Path("build/m68k/hello/hello.ko"),
        arch=arch,
        sha256="0" * 64,
        sizes=Sizes(1234, 56, 7),
        findings=tuple(finding(severity) for severity in severities),
        skipped=(Skipped("other.rule", "no tree"),),
        passed=("good.rule",),
    )


def shown(*verdicts: Verdict, terminal: bool = False) -> str:
    stream = io.StringIO()
    print_summary(verdicts, Console(file=stream, width=120, force_terminal=terminal))
    return stream.getvalue()


def test_json_and_back(tmp_path: Path) -> None:
    original = verdict(Severity.ERROR, Severity.NOTE)
    write(original, tmp_path / "findings.json")
    assert read(tmp_path / "findings.json") == original
    document = json.loads((tmp_path / "findings.json").read_text())
    assert (document["schema"], document["worst"]) == (1, "error")


def test_the_document_is_as_its_schema_says() -> None:
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    assert SCHEMA_PATH.read_text(encoding="utf-8") == schema_text()
    document = json.loads(to_json(verdict(Severity.WARNING, Severity.NOTE)))
    jsonschema.validate(document, schema)
    changes: tuple[dict[str, object], ...] = (
        {"worst": "fatal"},
        {"schema": 0},
        {"more": 1},
        {"findings": [{}]},
    )
    for broken in changes:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document | broken, schema)


def test_one_file_by_family() -> None:
    stream = io.StringIO()
    print_verdict(verdict(Severity.NOTE, Severity.ERROR), Console(file=stream, width=120))
    text = stream.getvalue()
    lines = [line.strip("│").split("│") for line in text.splitlines() if "│" in line]
    rows = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}
    assert rows == {
        "family": ["0", "0", "1", "0", "1"],
        "good": ["1", "0", "0", "0", "0"],
        "other": ["0", "1", "0", "0", "0"],
    }
    assert text.index("note family.rule") < text.index("error family.rule")


def test_control_characters_stay_escaped() -> None:
    evil = dataclasses.replace(verdict(), findings=(finding(Severity.ERROR, EVIL),))
    text = to_json(evil)
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["findings"][0]["place"] == EVIL
    stream = io.StringIO()
    console = Console(file=stream, width=120)
    print_verdict(evil, console)
    print_summary([evil], console)
    assert "\x1b" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()
    assert stream.getvalue().count("x\\x1b[31m\\u202e\\n[bold]y") == 2


def test_printable_cuts() -> None:
    assert printable("a" * 10, 4) == "aaaa…"
    assert printable("naïve") == "naïve"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": 2}',
        "nonsense",
        "[" * 100_000,
        to_json(verdict(Severity.NOTE)).replace('"note"', '"fatal"'),
        to_json(verdict()).replace('"m68k"', "3"),
    ],
)
def test_what_is_not_findings_is_a_user_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "findings.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"findings\.json"):
        read(path)


def test_table_and_details() -> None:
    text = shown(verdict(Severity.ERROR, Severity.WARNING, Severity.NOTE), verdict(arch="alpha"))
    lines = text.splitlines()
    row = next(line for line in lines if "m68k" in line)
    for cell in ("hello.ko", "1234", "56"):
        assert cell in row
    assert sum("family.rule" in line for line in lines) == 2
    assert text.count("mend: do so") == 2
    assert "alpha" in text


def test_each_skip_has_one_line_with_its_reason_and_its_modules() -> None:
    other = dataclasses.replace(
        verdict(arch="alpha"),
        skipped=(Skipped("other.rule", "no tree"), Skipped("other.rule", EVIL)),
    )
    lines = [line for line in shown(verdict(), other).splitlines() if "skipped " in line]
    assert lines[1:] == [
        "skipped other.rule: no tree (alpha hello.ko, m68k hello.ko)",
        "skipped other.rule: x\\x1b[31m\\u202e\\n[bold]y (alpha hello.ko)",
    ]


def test_colour_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    bad = verdict(Severity.ERROR)
    assert "\x1b[" not in shown(bad)
    assert "\x1b[1;31m" in shown(bad, terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in shown(bad, terminal=True)


def test_exit_status() -> None:
    note, warning, error = (verdict(one) for one in reversed(Severity))
    assert exit_status([]) == 0
    assert exit_status([note]) == 0
    assert exit_status([note, warning]) == 0
    assert exit_status([note, warning], strict=True) == 1
    assert exit_status([error, note], strict=True) == 2
    assert exit_status([note, error]) == 2


def test_read_all_is_sorted(tmp_path: Path) -> None:
    paths = [tmp_path / arch / "findings.json" for arch in ("m68k", "alpha")]
    for path, arch in zip(paths, ("m68k", "alpha"), strict=True):
        write(verdict(arch=arch), path)
    assert [one.arch for one in read_all(paths)] == ["alpha", "m68k"]
