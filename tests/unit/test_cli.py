# SPDX-License-Identifier: GPL-2.0-only
"""What the command line makes of errors that are no defect of ours."""

from __future__ import annotations

import argparse
import errno
import os

import pytest

from pipeline import cli


def failing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command line end in an error."""

    def fail(_args: argparse.Namespace) -> int:
        raise error

    one = argparse.ArgumentParser()
    one.set_defaults(main=fail)
    monkeypatch.setattr(cli, "parser", lambda: one)


@pytest.mark.parametrize(
    ("number", "mend"), [(errno.ENOSPC, "df -h"), (errno.EACCES, "have it writable")]
)
def test_a_full_disk_is_told_and_no_traceback(
    number: int, mend: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(OSError(number, os.strerror(number), "/some/where"), monkeypatch)
    assert cli.main([]) == cli.FAILED
    said = capsys.readouterr().err
    assert f"/some/where: {os.strerror(number)}" in said
    assert mend in said


def test_another_error_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(IsADirectoryError(errno.EISDIR, "Is a directory"), monkeypatch)
    with pytest.raises(IsADirectoryError):
        cli.main([])
