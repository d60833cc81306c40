# SPDX-License-Identifier: GPL-2.0-only
"""Foreign commands: whole logs, time limits that hold, errors that can be pasted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import ToolError
from pipeline.run import TAIL_LINES, check, run

if TYPE_CHECKING:
    from pathlib import Path


def test_result_has_status_and_both_streams() -> None:
    result = run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (result.exit_status, result.timed_out) == (3, False)
    assert sorted(result.output.split()) == ["err", "out"]
    assert run(["sh", "-c", "kill -SEGV $$"]).exit_status == -11


def test_environment_is_added_and_the_language_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("KEPT", "k")
    output = run(["sh", "-c", "echo $LC_ALL $KEPT $MINE"], env={"MINE": "m"}).output
    assert output == "C k m\n"


def test_input_is_given_or_empty() -> None:
    assert run(["cat"]).output == ""
    assert run(["cat"], stdin=b"text\xff").output == "text\ufffd"


def test_time_limit_kills_the_children_too(tmp_path: Path) -> None:
    mark = tmp_path / "late"
    begun = time.monotonic()
    result = run(["sh", "-c", f"(sleep 2; touch '{mark}') & echo begun; wait"], timeout=0.5)
    assert time.monotonic() - begun < 1.9
    assert result.timed_out
    assert result.output == "begun\n"
    time.sleep(2)
    assert not mark.exists()


def test_log_begins_with_a_command_that_can_be_pasted(tmp_path: Path) -> None:
    log = tmp_path / "logs/a.log"
    folder = tmp_path / "a folder"
    folder.mkdir()
    script = 'echo "$VALUE" in "$(pwd)"'
    output = check(["sh", "-c", script], "fails", log=log, cwd=folder, env={"VALUE": "it's $1"})
    command, _, logged = log.read_text().partition("\n")
    assert logged == output == f"it's $1 in {folder}\n"
    pasted = subprocess.run(
        ["sh", "-c", command.removeprefix("$ ")], capture_output=True, text=True, check=True
    )
    assert pasted.stdout == output


def test_check_tells_command_exit_end_and_log(tmp_path: Path) -> None:
    log = tmp_path / "tool.log"
    with pytest.raises(ToolError) as caught:
        check(["sh", "-c", "seq 100; exit 9"], "it fails", log=log, mend="do not")
    text = str(caught.value)
    assert text.startswith("it fails\n")
    assert [line for line in text.splitlines() if line.startswith("  | ")] == [
        f"  | {number}" for number in range(101 - TAIL_LINES, 101)
    ]
    assert "  command: sh -c 'seq 100; exit 9'" in text
    assert "  exit: 9" in text
    assert f"  log: {log}" in text
    assert text.endswith("  mend: do not")
    assert "\n1\n2\n" in log.read_text()


def test_check_tells_a_time_limit() -> None:
    with pytest.raises(ToolError, match="slow: no end after 0 s, killed"):
        check(["sleep", "5"], "slow", timeout=0.2)


def test_verbose_echoes_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FERRIC_VERBOSE", "1")
    run(["echo", "a b"])
    assert capsys.readouterr().err == "echo 'a b'\n"
    for quiet in ("", "0"):
        monkeypatch.setenv("FERRIC_VERBOSE", quiet)
        run(["echo", "a b"])
        assert capsys.readouterr().err == ""


def test_no_open_file_of_ours_reaches_a_command(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as stream:
        os.set_inheritable(stream.fileno(), True)
        assert "secret" not in run(["sh", "-c", "ls -l /proc/self/fd"]).output


def test_only_the_lines_to_be_kept_are_kept(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.write('keep 1\\nnot\\nkeep 2\\n' * 3); sys.exit(4)"
    log = tmp_path / "log"
    result = run([sys.executable, "-c", script], log=log, keep=lambda line: b"keep" in line)
    assert (result.output, result.exit_status) == ("keep 1\nkeep 2\n" * 3, 4)
    assert "not\n" not in log.read_text().partition("\n")[2]


def test_where_a_line_cannot_be_kept_the_command_ends_at_once() -> None:
    script = "while True: print('x' * 1000)"

    def keep(line: bytes) -> bool:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run([sys.executable, "-c", script], keep=keep)


def test_a_command_whose_lines_are_sieved_is_killed_at_its_time_out() -> None:
    script = "import time; print('keep', flush=True); time.sleep(60)"
    result = run([sys.executable, "-c", script], timeout=1.0, keep=lambda _line: True)
    assert (result.timed_out, result.output) == (True, "keep\n")
