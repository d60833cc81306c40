# SPDX-License-Identifier: GPL-2.0-only
"""The texts of errors: what, where, the mend; and commands that a shell takes as they were."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ToolError, UserError, pasteable

WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


def test_user_error() -> None:
    assert str(UserError("wrong")) == "wrong"
    error = UserError("wrong", where="a.toml:3", mend="right it")
    assert str(error) == "a.toml:3: wrong\n  mend: right it"
    assert (error.what, error.where, error.mend) == ("wrong", "a.toml:3", "right it")


def test_tool_error_has_only_what_is_known() -> None:
    assert str(ToolError("no", argv=["gcc", "a b.c"])) == "no\n  command: gcc 'a b.c'"
    assert "  exit: -6\n" in str(ToolError("no", argv=["x"], exit_status=-6, mend="m"))
    assert "  exit: 0" in str(ToolError("no", argv=["x"], exit_status=0))


def test_pasteable_has_folder_environment_and_words() -> None:
    line = pasteable(["a", "b c"], cwd=Path("/x y"), env={"B": "$1", "A": ""})
    assert line == "cd '/x y' && A='' B='$1' a 'b c'"


@given(st.lists(WORDS, min_size=1, max_size=4), WORDS)
def test_a_shell_takes_any_words_as_they_were(words: list[str], value: str) -> None:
    show = "import os, sys; sys.stdout.buffer.write(repr((sys.argv[1:], os.environ['V'])).encode())"
    line = pasteable([sys.executable, "-S", "-X", "utf8", "-c", show, *words], env={"V": value})
    output = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout
    assert output.decode() == repr((words, value))
