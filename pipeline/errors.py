# SPDX-License-Identifier: GPL-2.0-only
"""The two kinds of error that a user may see.

A :class:`UserError` says what is wrong with the input and how to mend it; a :class:`ToolError` says
which foreign command failed, how to run it again and where its whole output is.  Anything else that
reaches the user is a defect of Ferric.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class FerricError(Exception):
    """An error with a text that is complete for the user: no traceback is shown."""


class UserError(FerricError):
    """What the user gave cannot be used.

    ``what`` is one sentence, ``where`` a ``file:line`` or the name of an option, ``mend`` the
    next thing to do (with the package to install where that helps).
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.mend = mend
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}\n  mend: {mend}" if mend else text)


class ToolError(FerricError):
    """A foreign tool failed, or gave something that cannot be right.

    ``argv`` is the command, ``env`` what was added to the environment, ``cwd`` where it ran,
    ``exit_status`` its status (negative: the signal; None: it ended well but its output is wrong),
    ``tail`` the last lines of its output and ``log`` the file that has them all.
    """

    def __init__(  # noqa: PLR0913 - one keyword per fact that the message has
        self,
        what: str,
        *,
        argv: Sequence[str],
        log: Path | None = None,
        exit_status: int | None = None,
        tail: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        mend: str = "",
    ) -> None:
        self.what = what
        self.argv = list(argv)
        self.log = log
        self.exit_status = exit_status
        self.tail = tail
        self.mend = mend
        lines = [what]
        lines += [f"  | {line}" for line in tail.splitlines()]
        lines.append(f"  command: {pasteable(argv, cwd=cwd, env=env)}")
        if exit_status is not None:
            lines.append(f"  exit: {exit_status}")
        if log is not None:
            lines.append(f"  log: {log}")
        if mend:
            lines.append(f"  mend: {mend}")
        super().__init__("\n".join(lines))


def pasteable(
    argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Return a command as one line that a POSIX shell takes: ``cd``, environment, words quoted."""
    words = [f"{name}={shlex.quote(value)}" for name, value in sorted((env or {}).items())]
    line = " ".join([*words, shlex.join(argv)])
    return f"cd {shlex.quote(str(cwd))} && {line}" if cwd is not None else line
