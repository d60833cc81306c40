# SPDX-License-Identifier: GPL-2.0-only
"""What a person sees, with and without a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from pipeline import console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard error a terminal; called in a test, where pytest's own capture is in place."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    console.error("boom")
    console.note("by the way")
    assert stream.getvalue() == "\033[31;1merror:\033[0m boom\n\033[2mby the way\033[0m\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    console.error("boom")
    console.note("by the way")
    assert stream.getvalue() == "error: boom\nby the way\n"


def test_an_empty_no_color_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "")
    assert console.colour(stream)
    assert not console.colour(io.StringIO())


def test_a_compilers_own_error_is_not_called_one_twice(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("error[E0382]: use", "\033[0m\033[1m\033[38;5;9merror\033[0m: x", "error: y"):
        console.error(text)
        assert capsys.readouterr().err == f"{text}\n"
    console.error("errors everywhere")
    assert capsys.readouterr().err == "error: errors everywhere\n"


def test_a_step_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.step("m68k", "hello", "link")
    assert capsys.readouterr().out.split() == ["m68k", "hello", "link"]
    assert console.step_line("m68k", "hello", "link").index("hello") == console.step_line(
        "microblaze", "hello", "link"
    ).index("hello")
